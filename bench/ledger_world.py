"""A newsroom with many readers and one printed edition, for the benches of delivery: made quickly, thrown away."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from pathlib import Path

NIGHT = dt.datetime(2022, 5, 5, 9, tzinfo=dt.UTC)
LAST_SIX = dt.datetime(2022, 5, 6, 9, tzinfo=dt.UTC)  # 06:00 or later, and before 11:00, in all of ZONES
ZONES = ("Europe/Berlin", "Europe/London", "America/Sao_Paulo", "Africa/Lagos", "Europe/Lisbon", "UTC")
FAR_ZONES = ("Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Los_Angeles")
TOKENS = ("READ_URL", "LISTEN_URL", "ACCOUNT_URL", "UNSUBSCRIBE_URL")


def open_newsroom(data: Path, **settings: str) -> None:
    """Settings, an empty database up to date in `data` (or the one that DATABASE_URL names), no traces before."""
    os.environ.update({"DAYBREAK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "daybreak.settings", **settings})
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, skip_checks=True)


def make_readers(number: int, zones: tuple[str, ...] = ZONES) -> None:
    """`number` confirmed subscribers, spread over `zones` and a few hours."""
    from django.db import connection

    from daybreak.circulation.models import Period, Reader

    began = dt.datetime(2022, 4, 1, tzinfo=dt.UTC)
    first = Reader.objects.count()
    for start in range(first, first + number, 10_000):
        readers = Reader.objects.bulk_create(
            Reader(
                email=f"reader{index:07}@example.org",
                name=f"Reader {index}",
                time_zone=zones[index % len(zones)],
                feed_token=f"f{index}",
                unsubscribe_token=f"{index:032}",
                session_stamp="s",
                created_at=began,
                confirmed_at=began,
            )
            for index in range(start, min(start + 10_000, first + number))
        )
        Period.objects.bulk_create(
            Period(reader=reader, kind="subscription", starts_at=began) for reader in readers
        )
    if connection.vendor == "postgresql":  # which it does by itself, but only within a minute
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def print_edition(size: int = 60_000, day: dt.date = dt.date(2022, 5, 6)) -> int:
    """An approved and pressed edition whose mail is about `size` bytes; its id."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import storages

    from daybreak.desk.models import Edition
    from daybreak.press.models import PressRun, Rendition

    edition = Edition.objects.create(
        date=day, state="approved", approved_at=NIGHT, approved_by="Ines", created_at=NIGHT
    )
    run = PressRun.objects.create(
        edition=edition, number=1, manuscript={}, approved_at=NIGHT, pressed_at=NIGHT, pressed_by="Ines"
    )
    links = " ".join(f'<a href="%%{name}%%">{name.title()}</a>' for name in TOKENS)
    words = "Officials, however, countered that the terms of the departure had been agreed in March. "
    paragraph = f"<p>{words * 4}</p>\n"
    page = f"<!doctype html><html><body>{links}<p>%%NOTE%%</p>\n{paragraph * (size // 6 * 5 // len(paragraph))}</body></html>"
    text = (words + "\n") * (
        size // 7 // len(words)
    ) + "%%READ_URL%% %%ACCOUNT_URL%% %%UNSUBSCRIBE_URL%% %%NOTE%%"
    for name, body in (("mail.html", page), ("mail.txt", text)):
        data = body.encode()
        Rendition.objects.create(
            run=run,
            name=name,
            media_type="text/plain",
            path=storages["press"].save(f"{day}/1/{name}", ContentFile(data)),
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            facts={"subject": "Terms of Departure"} if name == "mail.html" else {},
        )
    return edition.pk


def timed(act: object) -> float:
    """Seconds that calling `act` takes."""
    started = time.perf_counter()
    act()  # type: ignore[operator]
    return time.perf_counter() - started
