"""`daybreak calendar add DATE NAME`, `remove DATE` and `list`: the days without a paper."""

from __future__ import annotations

import datetime as dt

import click

from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.desk.calendar import add_holiday, holidays_from, remove_holiday, the_calendar

by_option = click.option("--by", default="the command line", help="Who says so, for the journal.")


@click.group()
def calendar() -> None:
    """The publication calendar: a paper on every weekday that is no holiday."""


@calendar.command()
@click.argument("date", type=Day())
@click.argument("name")
@by_option
@at_option
def add(date: dt.date, name: str, by: str, at: dt.datetime) -> None:
    """No paper on DATE because of NAME, such as “Christmas Day”."""
    holiday = add_holiday(date, name, by=by, at=at)
    click.echo(f"{holiday}: the next paper is of {the_calendar().following(date)}.")


@calendar.command()
@click.argument("date", type=Day())
@by_option
@at_option
def remove(date: dt.date, by: str, at: dt.datetime) -> None:
    """A paper on DATE after all."""
    remove_holiday(date, by=by, at=at)
    click.echo(f"There is a paper on {date}.")


@calendar.command("list")
@json_option
@at_option
def list_(as_json: bool, at: dt.datetime) -> None:
    """List the holidays to come."""
    holidays = holidays_from(at.date())
    if as_json:
        print_json([{"date": each.date, "name": each.name} for each in holidays])
        return
    for each in holidays:
        click.echo(f"{each.date}  {each.date:%a}  {each.name}")
    if not holidays:
        click.echo("No holidays to come: there is a paper on every weekday.")
