"""`daybreak deliver run` and `daybreak deliver status DATE`."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from itertools import islice

import click
from click.core import ParameterSource
from django.conf import settings

from daybreak.common.clock import now
from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.common.post import open_post
from daybreak.common.refusal import Refused
from daybreak.delivery.planning import plan_all
from daybreak.delivery.rehearsalcommands import dry_run, test_mail
from daybreak.delivery.sending import deliver_due
from daybreak.delivery.status import ReaderLines, status_of, summary
from daybreak.desk.models import Edition


@click.group()
def deliver() -> None:
    """The mail of the morning: send what is due, and see who has it, who has not, and why."""


deliver.add_command(dry_run)
deliver.add_command(test_mail)


@deliver.command()
@at_option
@json_option
@click.pass_context
def run(ctx: click.Context, at: dt.datetime, as_json: bool) -> None:
    """Plan every printed edition, hand over what is due, and return when nothing more is."""
    rehearsed = ctx.get_parameter_source("at") is not ParameterSource.DEFAULT
    planned = plan_all(at)
    sent = deliver_due(
        lambda: open_post(settings.CONFIG), (lambda: at) if rehearsed else now, settings.CONFIG
    )
    if as_json:
        print_json({**asdict(planned), **asdict(sent)})
    else:
        click.echo(
            f"{planned.made} planned, {planned.moved} moved to a new morning, {planned.dropped} not wanted."
        )
        click.echo(
            f"{sent.handed_over} handed over, {sent.put_off} put off, {sent.refused} refused, "
            f"{sent.in_doubt} in doubt, {sent.missed} missed, {sent.withdrawn} withdrawn."
        )
    if sent.trouble:
        raise Refused(f"{sent.trouble} What was not handed over stays due.")


@deliver.command()
@click.argument("date", type=Day())
@click.option("--limit", type=click.IntRange(min=0), help="List at most this many readers.")
@json_option
@at_option
def status(date: dt.date, limit: int | None, as_json: bool, at: dt.datetime) -> None:
    """Who has the edition of DATE, who has not, and why."""
    edition = Edition.objects.filter(date=date).first()
    if edition is None:
        raise Refused(f"There is no edition of {date}: make one with `daybreak edition new {date}`.")
    lines = islice(iter(ReaderLines(edition, at)), limit)
    if as_json:
        print_json({**status_of(edition, at).to_json(), "readers": [line.to_json() for line in lines]})
        return
    click.echo(summary(edition, at))
    for line in lines:
        when = f"{line.due_at:%Y-%m-%d %H:%M}Z" if line.due_at else "-"
        click.echo("  ".join([line.state.ljust(11), when.ljust(17), line.email, line.reason]).rstrip())
