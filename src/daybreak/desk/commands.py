"""`daybreak edition …`: an edition by file and command line, from its start to its approval."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from daybreak.common.clock import long_date
from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.common.refusal import Misused, Refused
from daybreak.desk import briefs, editions
from daybreak.desk.calendar import moved
from daybreak.desk.checking import SentenceCheck
from daybreak.desk.correcting import Erratum
from daybreak.desk.editionfile import SIZE_LIMIT, write_edition
from daybreak.desk.models import Edition

BY_COMMAND = "the command line"
day_argument = click.argument("date", type=Day())


@click.group()
def edition() -> None:
    """Start, import, check, approve and export editions."""


@edition.command()
@day_argument
@at_option
def new(date: dt.date, at: dt.datetime) -> None:
    """Start an empty edition of DATE."""
    editions.start(date, at, BY_COMMAND)
    _note_other_day(date)
    click.echo(f"Started the edition of {long_date(date)}.")


@edition.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@at_option
def import_(file: str, at: dt.datetime) -> None:
    """Take in the edition FILE (Markdown; `-` reads standard input), creating or replacing the open edition of its date."""
    taken = editions.import_file(_read(file), at, BY_COMMAND)
    _note_other_day(taken.date)
    count = taken.briefs.count()
    click.echo(f"Imported the edition of {long_date(taken.date)}: {count} brief{'' if count == 1 else 's'}.")


@edition.command()
@day_argument
@json_option
def check(date: dt.date, as_json: bool) -> None:
    """Say what each sentence of DATE's edition rests on; exit 1 when something blocks its approval."""
    found = editions.edition_of(date)
    checks = editions.check_edition(found)
    if as_json:
        print_json([_as_json(one) for one in checks])
    else:
        _print_checks(checks)
    blocking = editions.hindrances(found, checks)
    if blocking:
        listed = " ".join(hindrance.sentence for hindrance in blocking)
        raise Refused(f"The edition of {date} cannot be approved yet. {listed}")


@edition.command()
@day_argument
@click.option("--by", required=True, help="Who approves it; the name is kept.")
@click.option("--correction", default="", help="Approved anew: what was wrong before, and what is right.")
@click.option("--brief", default="", help="The slug of the brief that had the error; else the whole edition.")
@click.option("--mail", is_flag=True, help="Mail the correction to everybody who has the error.")
@at_option
def approve(date: dt.date, by: str, correction: str, brief: str, mail: bool, at: dt.datetime) -> None:
    """Approve DATE's edition by name, so that it can be pressed; approved anew, say what was wrong."""
    erratum = Erratum(brief, correction, mail) if correction else None
    if (brief or mail) and not erratum:
        raise Misused("--brief and --mail tell of a correction: say with --correction what was wrong.")
    done = editions.approve(editions.edition_of(date), by, at, erratum)
    _note_other_day(date)
    click.echo(f"The edition of {long_date(date)} is approved by {done.approved_by}.")


@edition.command()
@day_argument
@click.option("--by", required=True, help="Who opens it again; the name is kept.")
@at_option
def reopen(date: dt.date, by: str, at: dt.datetime) -> None:
    """Open DATE's approved edition again."""
    editions.reopen(editions.edition_of(date), by, at)
    click.echo(f"The edition of {long_date(date)} is open again.")


@edition.command()
@day_argument
@click.argument("slug")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--by", required=True, help="Who answers for the sentence.")
@click.option("--because", required=True, help="Why it is true.")
@at_option
def sign(date: dt.date, slug: str, number: int, by: str, because: str, at: dt.datetime) -> None:
    """Answer for sentence NUMBER of the brief SLUG, which no source explains."""
    found = editions.edition_of(date)
    brief = found.briefs.filter(slug=slug).first()
    if brief is None:
        known = ", ".join(found.briefs.values_list("slug", flat=True)) or "none"
        raise Refused(f"The edition of {date} has no brief “{slug}”: it has {known}.")
    briefs.sign(brief, number, by=by, because=because, at=at)
    click.echo(f"{by} answers for sentence {number} of “{brief}”.")


@edition.command()
@day_argument
def export(date: dt.date) -> None:
    """Print DATE's edition as an edition file."""
    click.echo(write_edition(editions.manuscript_of(editions.edition_of(date))), nl=False)


@edition.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the editions, the newest first."""
    rows = [_row(one) for one in Edition.objects.all()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        by = f" by {row['approved_by']}" if row["approved_by"] else ""
        click.echo(f"{row['date']}  {row['state']}{by}  {row['briefs']} briefs  {row['title']}".rstrip())


def _row(one: Edition) -> dict[str, object]:
    return {
        "date": one.date,
        "title": one.title,
        "state": one.state,
        "briefs": one.briefs.count(),
        "approved_at": one.approved_at,
        "approved_by": one.approved_by,
    }


def _as_json(checked: SentenceCheck) -> dict[str, object]:
    return {
        "brief": checked.brief,
        "number": checked.number,
        "text": checked.text,
        "verdict": checked.verdict,
        "reason": checked.reason,
        "citations": list(checked.citations),
        "passage": checked.passage,
        "warnings": list(checked.warnings),
        "blocks": checked.blocks,
    }


def _print_checks(checks: list[SentenceCheck]) -> None:
    last = ""
    for checked in checks:
        if checked.brief != last:
            click.echo(f"{'' if not last else chr(10)}{checked.brief}")
            last = checked.brief
        click.echo(f"{checked.number:4} {checked.verdict:<11} {checked.text}")
        if checked.verdict != "cited":
            click.echo(f"{'':16} {checked.reason}")
        for warning in checked.warnings:
            click.echo(f"{'':16} Look: {warning}")


def _read(file: str) -> str:
    if file == "-":
        data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
    else:
        with Path(file).open("rb") as source:
            data = source.read(SIZE_LIMIT + 1)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A cut in the middle of a letter is a file that is too large, and says so below.
        if len(data) > SIZE_LIMIT:
            return data.decode("utf-8", "replace")
        line = data[: error.start].count(b"\n") + 1
        raise Refused(f"{file} is not in UTF-8 (line {line}): save it as UTF-8.") from error


def _note_other_day(date: dt.date) -> None:
    if sentence := moved(date):
        click.echo(sentence, err=True)
