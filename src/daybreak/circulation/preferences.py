"""What a reader may change: the name, the morning, and whether editions come by mail."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from daybreak.circulation.days import parse_days
from daybreak.circulation.models import Reader
from daybreak.circulation.zones import parse_hour, parse_zone
from daybreak.common.models import note
from daybreak.common.refusal import Refused


def parse_name(text: str) -> str:
    """A name as given, white space tidied. Raises Refused when it is too long or holds control characters."""
    name = " ".join(text.split())
    if len(name) > 120 or not name.isprintable():
        raise Refused("That name cannot be used: write at most 120 letters.")
    return name


def change_mornings(reader: Reader, time_zone: str, hour: str, days: str) -> None:
    """Have the paper at `hour` (HH:MM on the wall) in `time_zone` (IANA) on `days` (named) from now on.

    Raises Refused; then nothing is changed.
    """
    zone, time, wanted = parse_zone(time_zone), parse_hour(hour), parse_days(days)
    reader.time_zone, reader.delivery_time, reader.delivery_days = zone, time, wanted
    reader.save(update_fields=["time_zone", "delivery_time", "delivery_days"])


def change_name(reader: Reader, name: str) -> None:
    """Be called `name`. Raises Refused."""
    reader.name = parse_name(name)
    reader.save(update_fields=["name"])


def stop_mail(reader: Reader, at: dt.datetime, *, by: str) -> bool:
    """No more editions by mail; whether that changed anything. Nothing else stops: plan, receipts, site."""
    return _set_mail(reader, at, "stopped the mail", by, stopped_at=at)


def resume_mail(reader: Reader, at: dt.datetime, *, by: str) -> bool:
    """Editions come by mail again; whether that changed anything."""
    return _set_mail(reader, at, "resumed the mail", by, stopped_at=None)


def _set_mail(reader: Reader, at: dt.datetime, act: str, by: str, *, stopped_at: dt.datetime | None) -> bool:
    running = stopped_at is not None
    with transaction.atomic():
        moved = Reader.objects.filter(pk=reader.pk, mail_stopped_at__isnull=running).update(
            mail_stopped_at=stopped_at
        )
        if moved:
            note(act, f"reader {reader.pk}", by=by, at=at)
    if moved:
        reader.mail_stopped_at = stopped_at
    return bool(moved)
