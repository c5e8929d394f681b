"""`daybreak readers import`, `export` and `list`."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from daybreak.circulation.days import written
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.roll import A_BATCH, Report, export_readers, import_readers
from daybreak.circulation.rollfile import write_roll
from daybreak.circulation.vacation import held_until
from daybreak.common.commandline import at_option, json_option, print_json
from daybreak.common.refusal import Refused


@click.group()
def readers() -> None:
    """Import, export and list readers."""


@readers.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", default="the command line", help="Who imports it, for the journal.")
@at_option
@json_option
def import_file(file: Path, by: str, at: dt.datetime, as_json: bool) -> None:
    """Take in the readers of FILE (CSV, UTF-8).

    Columns: email, then any of name, time_zone, delivery_time (06:00), kind (trial, subscriber, comp or lapsed),
    ends_at (ISO 8601; a bare date is its first instant in UTC), delivery_days (Mon Wed Fri) and paused_until (the date
    on which the mail comes again). You vouch for the addresses: they count as confirmed.
    Who is known already is updated; an empty cell changes nothing. A new reader without a kind starts a trial.
    Rows that cannot be used are named on stderr and the others are taken.
    """
    report = import_readers(_text_of(file), at=at, by=by)
    if report.unused_columns:
        click.echo(f"{file.name}: not used: {', '.join(report.unused_columns)}.", err=True)
    for problem in report.problems:
        click.echo(f"{file.name}, {problem}", err=True)
    if report.problems and not report.taken:
        raise Refused(f"No row of {file.name} could be taken: mend the lines named above.")
    _print_report(report, as_json)


@readers.command("export")
@at_option
def export_file(at: dt.datetime) -> None:
    """Print all confirmed readers as CSV, in the columns that import takes.

    Values are exact. A spreadsheet may take a name that begins with = for a formula: open it as text.
    """
    out = io.StringIO(newline="")
    write_roll(export_readers(at), out)
    click.echo(out.getvalue().encode(), nl=False)  # as bytes: UTF-8 whatever the terminal's own encoding


@readers.command("list")
@at_option
@json_option
def list_readers(at: dt.datetime, as_json: bool) -> None:
    """List all readers with what entitles them."""
    everybody = Reader.objects.prefetch_related("periods")
    listed = [_entry(reader, at) for reader in everybody.iterator(chunk_size=A_BATCH)]
    if as_json:
        print_json(listed)
        return
    for entry in listed:
        entitlement = entry["entitlement"]
        word = "until" if entitlement["allowed"] else "since"
        until = f" {word} {entitlement['until']:%Y-%m-%d %H:%M} UTC" if entitlement["until"] else ""
        click.echo(f"{entry['email']}  {entitlement['reason']}{until}")


def _entry(reader: Reader, at: dt.datetime) -> dict[str, Any]:
    return {
        "email": reader.email,
        "name": reader.name,
        "time_zone": reader.time_zone,
        "delivery_time": f"{reader.delivery_time:%H:%M}",
        "delivery_days": written(reader.delivery_days),
        "confirmed_at": reader.confirmed_at,
        "mail_stopped_at": reader.mail_stopped_at,
        "paused_until": held_until(reader, at),
        "entitlement": asdict(entitlement_of(reader, at)),
    }


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{file.name} is not UTF-8: save it as “CSV UTF-8”.") from error


def _print_report(report: Report, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "taken": report.taken})
        return
    click.echo(
        f"{report.new} new, {report.updated} updated, {report.unchanged} unchanged, "
        f"{len(report.problems)} left out."
    )
