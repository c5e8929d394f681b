"""`daybreak deliver`: run, status, pause, resume, stop, unstop, again, settle, bounces, suppressions, lift."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click
from click.core import ParameterSource

from daybreak.common.clock import now
from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.common.refusal import Refused
from daybreak.delivery.afterrun import Waiting, held_editions, waiting_for_a_try
from daybreak.delivery.handover.crew import deliver_in_force
from daybreak.delivery.hooks import hook_address
from daybreak.delivery.mending.correcting import correction_lines
from daybreak.delivery.mending.holding import hold_of, hold_sentence, pause, resume, stop, take_back_stop
from daybreak.delivery.mending.mendingcommands import again, settle_
from daybreak.delivery.models import Suppression
from daybreak.delivery.planning import Planned, plan_all
from daybreak.delivery.progress import progress_of
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.mailfiles import mails_in
from daybreak.delivery.returns.suppressing import lift, suppressions, why
from daybreak.delivery.status import ReaderLines, status_of, summary
from daybreak.delivery.watch.rehearsalcommands import dry_run, test_mail
from daybreak.delivery.watch.watchcommands import alarm_key
from daybreak.desk.editions import edition_of


@click.group()
def deliver() -> None:
    """The mail of the morning: send what is due, and see who has it, who has not, and why."""


deliver.add_command(again)
deliver.add_command(settle_)
deliver.add_command(dry_run)
deliver.add_command(test_mail)
deliver.add_command(alarm_key)


@deliver.command()
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=0,
    help="Sending processes; 0 is by the mails that are due and the machine's cores.",
)
@click.option("--planned", is_flag=True, hidden=True, help="Plan nothing: another process has.")
@at_option
@json_option
@click.pass_context
def run(ctx: click.Context, at: dt.datetime, as_json: bool, workers: int, planned: bool) -> None:
    """Plan every printed edition and hand over what is due. Returns when nothing more is.

    Says which editions are held, and when mails that were put off are due again; neither is an error.
    """
    rehearsed = ctx.get_parameter_source("at") is not ParameterSource.DEFAULT
    plans = Planned() if planned else plan_all(at)
    master = os.getppid()
    sent = deliver_in_force(
        (lambda: at) if rehearsed else now,
        workers=workers,
        rehearsed_at=at if rehearsed else None,
        # One of a crew takes no more when the process that leads it is gone.
        may_go_on=lambda: not planned or os.getppid() == master,
    )
    waiting, held = (Waiting(), []) if planned else (waiting_for_a_try(at), held_editions(at))
    if as_json:
        further = {"waiting": waiting.mails, "next_try_at": waiting.next_at}
        print_json({**asdict(plans), **asdict(sent), **further, "held": [each.to_json() for each in held]})
    else:
        click.echo(
            f"{plans.made} planned, {plans.moved} moved to a new morning, {plans.dropped} not wanted, "
            f"{plans.corrections} for corrections."
        )
        click.echo(
            f"{sent.handed_over} handed over, {sent.put_off} put off, {sent.refused} refused, "
            f"{sent.in_doubt} in doubt, {sent.missed} missed, {sent.withdrawn} withdrawn."
        )
        for line in [waiting, *held]:
            if said := str(line):
                click.echo(said)
    if sent.trouble:
        raise Refused(f"{sent.trouble} What was not handed over stays due.")


by_option = click.option("--by", required=True, help="Who says so; the name is kept.")


@deliver.command("pause")
@click.argument("date", type=Day())
@by_option
@click.option("--reason", default="", help="Why, for the others on the desk.")
@at_option
def pause_(date: dt.date, by: str, reason: str, at: dt.datetime) -> None:
    """Hold the edition of DATE until it is resumed. No more of its mail leaves."""
    pause(edition_of(date), by=by, at=at, reason=reason)
    click.echo(f"The edition of {date} is paused: `daybreak deliver resume {date} --by NAME` lets it go on.")


@deliver.command("resume")
@click.argument("date", type=Day())
@by_option
@at_option
def resume_(date: dt.date, by: str, at: dt.datetime) -> None:
    """Let DATE's paused edition go on."""
    resume(edition_of(date), by=by, at=at)
    click.echo(f"The edition of {date} goes on.")


@deliver.command("stop")
@click.argument("date", type=Day())
@by_option
@click.option(
    "--reason", required=True, help="Why; it stands on the line of each reader who does not get it."
)
@at_option
def stop_(date: dt.date, by: str, reason: str, at: dt.datetime) -> None:
    """Withdraw the edition of DATE. Whoever has not got it gets none."""
    withdrawn = stop(edition_of(date), by=by, at=at, reason=reason)
    click.echo(f"The edition of {date} is stopped; withdrawn from {withdrawn:,} who had not got it.")


@deliver.command()
@click.argument("date", type=Day())
@by_option
@at_option
def unstop(date: dt.date, by: str, at: dt.datetime) -> None:
    """Take the stop of DATE's edition back. It is paused then, until it is resumed."""
    back = take_back_stop(edition_of(date), by=by, at=at)
    wait = "1 mail waits" if back == 1 else f"{back:,} mails wait"
    click.echo(
        f"The stop is taken back, the edition paused: {wait} for `daybreak deliver resume {date} --by NAME`."
    )


@deliver.command()
@click.argument("date", type=Day())
@click.option("--limit", type=click.IntRange(min=0), help="List at most this many readers.")
@json_option
@at_option
def status(date: dt.date, limit: int | None, as_json: bool, at: dt.datetime) -> None:
    """Who has the edition of DATE, who has not, and why."""
    edition = edition_of(date)
    lines = islice(iter(ReaderLines(edition, at)), limit)
    if as_json:
        corrections = [line.to_json() for line in correction_lines(edition)]
        progress, hold = progress_of(edition, at), hold_of(edition)
        print_json(
            {
                **status_of(edition, at, progress).to_json(),
                "waiting": progress.waiting,
                "mails_a_second": progress.rate,
                "seconds_left": progress.seconds_left,
                "hold": {"kind": hold.kind, "by": hold.by, "at": hold.at, "reason": hold.reason}
                if hold
                else None,
                "corrections": corrections,
                "readers": [line.to_json() for line in lines],
            }
        )
        return
    click.echo(summary(edition, at))
    if hold := hold_of(edition):
        click.echo(hold_sentence(hold))
    click.echo("  ".join(["state".ljust(11), "due (UTC)".ljust(17), "reader", "why"]))
    for line in lines:
        told = line.reason or line.outcome
        when = f"{line.due_at:%Y-%m-%d %H:%M}Z" if line.due_at else "-"
        click.echo("  ".join([line.state.ljust(11), when.ljust(17), line.email, told]).rstrip())


@deliver.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@at_option
@json_option
def bounces(files: tuple[Path, ...], at: dt.datetime, as_json: bool) -> None:
    """Take in mail that came back. FILES are .eml or mbox, or maildir folders; the same mail again changes nothing."""
    counted = Counter(take_in(mail, at) for file in files for mail in mails_in(file))
    if as_json:
        print_json(dict(counted))
        return
    for what, number in sorted(counted.items()):
        click.echo(f"{number} {what}")
    if not counted:
        click.echo("No mail in there.")


@deliver.command("suppressions")
@click.option("--lifted", is_flag=True, help="List those that were lifted instead.")
@json_option
def list_suppressions(lifted: bool, as_json: bool) -> None:
    """List the readers to whom no editions go. Their mail came back, or they complained."""
    rows = suppressions(lifted=lifted)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    for row in rows:
        click.echo(f"{row.address}  {why(row)}")
    if not rows:
        click.echo("Nobody is suppressed." if not lifted else "Nothing was lifted.")


@deliver.command("lift")
@click.argument("address")
@click.option("--by", required=True, help="Who answers for it.")
@at_option
def lift_suppression(address: str, by: str, at: dt.datetime) -> None:
    """Send editions to ADDRESS again."""
    row = suppressions().filter(reader__email__iexact=address).first()
    if row is None:
        raise Refused(f"Nothing holds mail to {address} back: see `daybreak deliver suppressions`.")
    lift(row, by=by, at=at)
    click.echo(f"The editions go to {row.address} again.")


@deliver.command("hook")
def show_hook() -> None:
    """The address to enter at the mail provider. There it tells what became of each mail."""
    address = hook_address()
    if address is None:
        raise Refused(
            "Mail goes through no provider: DAYBREAK_MAIL_URL names one, such as mailgun://KEY@domain."
        )
    click.echo(address)


def _as_json(row: Suppression) -> dict[str, object]:
    return {
        "address": row.address,
        "reason": row.reason,
        "sentence": row.sentence,
        "since": row.since,
        "diagnostic": row.evidence.diagnostic if row.evidence else "",
        "lifted_at": row.lifted_at,
        "lifted_by": row.lifted_by,
    }
