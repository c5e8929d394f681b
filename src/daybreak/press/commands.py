"""`daybreak edition press DATE`."""

from __future__ import annotations

import datetime as dt

import click

from daybreak.common.commandline import Day, at_option
from daybreak.common.refusal import Refused
from daybreak.desk.models import Edition
from daybreak.press.house import paper, voice


@click.command("press")
@click.argument("date", type=Day())
@click.option("--by", default="the command line", help="Who presses it, for the journal.")
@at_option
def press_edition(date: dt.date, by: str, at: dt.datetime) -> None:
    """Press an approved edition: page, mail, audio and feeds in one run, or none."""
    from daybreak.press.printing import press  # with the voice and its arithmetic, which no other verb needs

    edition = Edition.objects.filter(date=date).first()
    if edition is None:
        raise Refused(f"There is no edition of {date}: make one with `daybreak edition new {date}`.")
    run = press(
        edition,
        paper=paper(),
        voice=voice,
        at=at,
        by=by,
        progress=lambda step: click.echo(f"{step} …", err=True),
    )
    audio = run.renditions.get(name="edition.mp3")
    click.echo(
        f"Press run {run.number} of {date}: {run.renditions.count()} renditions, "
        f"audio {audio.facts['duration'] / 60:.1f} minutes at {audio.facts['loudness']} LUFS."
    )
