"""`daybreak deliver again` and `daybreak deliver settle`: refused mails tried again, mails in doubt settled."""

from __future__ import annotations

import datetime as dt

import click
from django.db.models import Q

from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.mending.holding import hold_of
from daybreak.delivery.mending.settling import Answer, doubts_of, settle, settle_all
from daybreak.delivery.mending.tryingagain import again_for_reader, again_for_reason, prices
from daybreak.delivery.models import Delivery, SendHold
from daybreak.desk.editions import edition_of
from daybreak.desk.models import Edition

State = Delivery.State
by_option = click.option("--by", default="", help="Who says so; the name is kept.")


@click.command()
@click.argument("date", type=Day())
@click.option("--reader", default="", metavar="EMAIL", help="Only this reader’s.")
@click.option("--reason", default="", metavar="TEXT", help="All on whose line these words stand.")
@by_option
@json_option
@at_option
def again(date: dt.date, reader: str, reason: str, by: str, as_json: bool, at: dt.datetime) -> None:
    """Have refused mails of DATE tried again, of one reader or one reason. Without either, list them by reason."""
    edition = edition_of(date)
    if reader and reason:
        raise Misused("Name a reader or a reason, not both.")
    if not reader and not reason:
        _list_refused(edition, at, as_json)
        return
    if reader:
        made = again_for_reader(edition, reader, by=_named(by), at=at)
    else:
        made = again_for_reason(edition, reason, by=_named(by), at=at)
    if as_json:
        print_json({"due": made})
    else:
        click.echo(f"{made:,} due again: `daybreak deliver run` sends what is due, and so does `serve`.")


@click.command("settle")
@click.argument("date", type=Day())
@click.option("--arrived", "answer", flag_value="arrived", help="They arrived.")
@click.option("--again", "answer", flag_value="again", help="Send them again.")
@click.option("--reader", default="", metavar="EMAIL", help="Only this reader’s; else all of them.")
@by_option
@json_option
@at_option
def settle_(
    date: dt.date, answer: Answer | None, reader: str, by: str, as_json: bool, at: dt.datetime
) -> None:
    """Settle the mails of DATE that are in doubt: they arrived, or are sent again. Without either, list them."""
    edition = edition_of(date)
    if answer is None:
        _list_doubts(edition, reader, at, as_json)
        return
    name = _named(by)
    if reader:
        row = doubts_of(edition).filter(reader__email__iexact=reader.strip()).first()
        if row is None:
            raise Refused(f"No mail to {reader} is in doubt: see `daybreak deliver settle {date}`.")
        counts = {settle(edition, row.pk, answer, by=name, at=at): 1}
    else:
        counts = settle_all(edition, answer, by=name, at=at)
    if as_json:
        print_json(counts)
    else:
        said = ", ".join(
            f"{number:,} {state.replace('_', ' ')}" for state, number in counts.items() if number
        )
        click.echo(f"Settled: now {said}.")


def _named(by: str) -> str:
    name = " ".join(by.split())[:120]
    if not name:
        raise Misused("Say who answers for it: --by NAME; it is kept.")
    return name


def _list_refused(edition: Edition, at: dt.datetime, as_json: bool) -> None:
    found = prices(edition, at)
    if as_json:
        print_json([price.to_json() for price in found])
        return
    for price in found:
        click.echo(f"{price.refused:,} refused: {price.reason}\n    {price}")
    if found:
        click.echo(
            "To have them tried again, once what was wrong is mended: "
            f'`daybreak deliver again {edition.date} --reason "…" --by NAME`, or --reader EMAIL for one.'
        )
    else:
        click.echo(f"Nobody was refused the edition of {edition.date}.")


def _list_doubts(edition: Edition, reader: str, at: dt.datetime, as_json: bool) -> None:
    wanted = Q(reader__email__iexact=reader.strip()) if reader else Q()
    rows = list(doubts_of(edition).filter(wanted).select_related("reader").order_by("due_at", "pk"))
    if as_json:
        print_json(
            [
                {
                    "email": row.reader.email,
                    "due_at": row.due_at,
                    "not_after": row.not_after,
                    "reason": row.reason,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        click.echo(f"{row.due_at:%Y-%m-%d %H:%M}Z  {row.reader.email}  {row.reason}")
    click.echo(_choices(edition, rows, at) if rows else f"No mail of {edition.date} is in doubt.")
    corrections = doubts_of(edition, of_corrections=True).count()
    if corrections:
        click.echo(f"Of corrections, {corrections:,} are in doubt: settle them on the page of deliveries.")


def _choices(edition: Edition, rows: list[Delivery], at: dt.datetime) -> str:
    """What either answer costs."""
    late = sum(row.not_after < at for row in rows)
    again = f"up to {len(rows) - late:,} may get two"
    if late:
        again += f"; for {late:,} the hour is past, so they are missed"
    hold = hold_of(edition)
    if hold is not None and hold.kind == SendHold.Kind.STOP:
        again = f"nothing, for {hold.by} stopped this edition"
    return (
        f"`daybreak deliver settle {edition.date} --arrived --by NAME`: up to {len(rows):,} may then have none.\n"
        f"`daybreak deliver settle {edition.date} --again --by NAME`: {again}. --reader EMAIL settles one."
    )
