"""`daybreak demo`: the night of 5 to 6 May 2022 on the sample wire, played by the clock of those days.

Each step is the real one that an editor, a command or the clock would take; what has been played already is left
as it is, so a second demo does no harm.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import click
from django.conf import settings

from daybreak.accounts.models import User
from daybreak.circulation.roll import import_readers
from daybreak.common.keys import new_token
from daybreak.delivery.planning import plan_all
from daybreak.delivery.sending import deliver_due, open_way
from daybreak.desk.editionfile import read_edition
from daybreak.desk.editions import approve, replace_with, standing_sections
from daybreak.desk.models import Edition
from daybreak.press.house import paper, voice
from daybreak.press.printing import press
from daybreak.sample import SAMPLE
from daybreak.wire.formats.wirefiles import import_file

UTC = dt.UTC
DAY = dt.date(2022, 5, 6)
EDITOR = "editor@daybreak.example"
WIRE_CLOSED = dt.datetime(2022, 5, 6, 0, 30, tzinfo=UTC)
COPY_IN = dt.datetime(2022, 5, 6, 2, 40, tzinfo=UTC)
APPROVED = dt.datetime(2022, 5, 6, 3, 5, tzinfo=UTC)
PRESSED = dt.datetime(2022, 5, 6, 3, 10, tzinfo=UTC)
SIGNED_UP = dt.datetime(2022, 5, 3, 9, 0, tzinfo=UTC)


def play_the_night() -> None:
    """Play what has not been played yet, telling each step, then print where to look."""
    if Edition.objects.filter(date=DAY, press_runs__isnull=False).exists():
        _tell("The night of May 5 to 6, 2022 has been played already")
    else:
        for words, step in STEPS:
            _timed(words, step)
    _timed("Sending each reader's morning of May 6, 2022", _play_mornings)
    _print_addresses(_ready_editor())


def _timed(words: str, step: Callable[[], str]) -> None:
    click.echo(f"  {words} …", err=True, nl=False)
    began = time.monotonic()
    outcome = step()
    click.echo(f" {outcome} ({time.monotonic() - began:.1f} s)", err=True)


def _tell(words: str) -> None:
    click.echo(f"  {words}", err=True)


def _read_wire() -> str:
    files = [SAMPLE / "wire.jsonl", *sorted((SAMPLE / "feeds").iterdir())]
    taken = sum(import_file(file, WIRE_CLOSED, _tell).filed.taken for file in files)
    return f"{taken} articles"


def _write_copy() -> str:
    copy = read_edition((SAMPLE / f"{DAY}.md").read_text(encoding="utf-8"), standing_sections())
    edition = replace_with(copy, at=COPY_IN, by="Ines Calloway")
    return f"{edition.briefs.count()} briefs"


def _approve() -> str:
    approve(Edition.objects.get(date=DAY), by="Ines Calloway", at=APPROVED)
    return "approved by Ines Calloway"


def _press() -> str:
    run = press(Edition.objects.get(date=DAY), paper=paper(), voice=voice, at=PRESSED, by="the clock")
    audio = run.renditions.get(name="edition.mp3").facts
    return f"{run.renditions.count()} renditions, {audio['duration'] / 60:.0f} minutes of audio"


def _bring_in_readers() -> str:
    report = import_readers((SAMPLE / "readers.csv").read_text(encoding="utf-8"), at=SIGNED_UP, by="the demo")
    return f"{report.taken} readers"


def _play_mornings() -> str:
    """The clock of that day, a quarter of an hour at a time, as `deliver run --at` would be called."""
    handed_over = 0
    quarters = (PRESSED.replace(minute=0) + n * dt.timedelta(minutes=15) for n in range(16 * 4))
    for at in (PRESSED, *(quarter for quarter in quarters if quarter > PRESSED)):
        plan_all(at)
        sent = deliver_due(lambda: open_way(settings.CONFIG), at)
        handed_over += sent.handed_over
    return f"{handed_over} mails"


STEPS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Reading the night's wire", _read_wire),
    ("Laying out the edition of Friday, May 6, 2022", _write_copy),
    ("Approving it", _approve),
    ("Pressing page, mail, audio and feeds", _press),
    ("Bringing in a dozen readers", _bring_in_readers),
)


def _ready_editor() -> str:
    """The demo's editor with a fresh password, which is returned: nothing readable is kept."""
    password = new_token()[:16]
    editor = User.objects.filter(email=EDITOR).first()
    if editor is None:
        User.objects.create_user(EDITOR, "Ines Calloway", password)
    else:
        editor.set_password(password)
        editor.save(update_fields=["password"])
    return password


def _print_addresses(password: str) -> None:
    site = settings.CONFIG.site_url
    click.echo(f"""
  Today's edition   {site}/
  The desk          {site}/desk/editions/{DAY}/   (sign in as {EDITOR}, password {password})
  The outbox        {site}/desk/outbox/
  Deliveries        {site}/desk/deliveries/{DAY}/
""")
