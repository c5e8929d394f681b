"""What all verbs of the command line share: instants, days, JSON, and one line for an error."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from django.db import DatabaseError

from daybreak.common.clock import now, parse_day, parse_instant
from daybreak.common.refusal import Misused, Refused

F = TypeVar("F", bound=Callable[..., Any])


class Instant(click.ParamType[dt.datetime]):
    """An ISO 8601 instant, as an aware UTC datetime."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        try:
            instant = parse_instant(value)
        except Misused as error:
            self.fail(str(error), param, ctx)
        if (
            not 1900 <= instant.year < 2200
        ):  # as an edition's date; days before and after it still have a year
            self.fail(f"{value} is too far away for a paper: write a year from 1900 to 2199.", param, ctx)
        return instant


class Day(click.ParamType[dt.date]):
    """An edition's date, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return parse_day(value)
        except Misused as error:
            self.fail(str(error), param, ctx)


def at_option(command: F) -> F:
    """Adds `--at INSTANT`, now by default: how a day is rehearsed."""
    return click.option(
        "--at",
        type=Instant(),
        default=now,
        show_default="now",
        help="Act as if it were this instant (ISO 8601).",
    )(command)


def json_option(command: F) -> F:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def print_json(value: Any) -> None:
    """Print a value as JSON; instants and dates in ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)


def run(command: click.Command, argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status; any error is one line on stderr that says what to mend."""
    try:
        status = command.main(argv, prog_name="daybreak", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return _say("interrupted.", 130)
    except click.ClickException as error:
        return _say(_what_was_wrong(error), 2)
    except Misused as error:
        return _say(str(error), 2)
    except Refused as error:
        return _say(str(error), 1)
    except DatabaseError as error:
        return _say(_what_the_database_wants(error), 1)
    except BrokenPipeError:
        # Whoever read our output has gone (`daybreak … | head`); keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _say(
            f"{error.strerror or error}: {error.filename or 'check the path and its permissions'}.", 1
        )
    return status if isinstance(status, int) else 0


def _what_was_wrong(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return "name one of the commands above."
    if isinstance(error, click.UsageError) and error.ctx:
        return f"{error.format_message()} See `{error.ctx.command_path} --help`."
    return error.format_message()


def _what_the_database_wants(error: DatabaseError) -> str:
    told = " ".join(str(error).split())
    # SQLite's words for a disk that holds no more, and for one that will not take a write; PostgreSQL's (53100).
    if any(words in told for words in ("disk is full", "disk I/O error", "No space left")):
        return f"there is no room on the disk of the database, or it fails ({told}): make room, then run this again."
    return f"the database could not be used ({told}): check DATABASE_URL and the data folder."


def _say(sentence: str, status: int) -> int:
    click.echo("daybreak: " + " ".join(sentence.split()), err=True)
    return status
