"""The clock is an argument: `now()` is read at the doors (views, commands, webhooks) and passed inwards as `at`.

What people read of dates and instants is written here too, and in templates by the filters of the same names.
"""

from __future__ import annotations

import datetime as dt

from daybreak.common.refusal import Misused

UTC = dt.UTC


def now() -> dt.datetime:
    """This instant, aware, in UTC."""
    return dt.datetime.now(UTC)


def parse_instant(text: str) -> dt.datetime:
    """An ISO 8601 instant as an aware UTC datetime; one without an offset is taken as UTC.

    Raises Misused when the text is no instant.
    """
    try:
        instant = dt.datetime.fromisoformat(text.strip())
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misused(f"“{text}” is no instant: write it as 2022-05-06T04:30:00Z.") from error
    return instant


def parse_day(text: str) -> dt.date:
    """An edition's date from YYYY-MM-DD. Raises Misused when the text is no date."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise Misused(f"“{text}” is no date: write it as 2022-05-06.") from error


# -- dates and instants as people read them, everywhere the same, without locale tables --------------------
def long_date(day: dt.date) -> str:
    """A dateline or heading: “Friday, May 6, 2022”."""
    return f"{weekday_date(day)}, {day.year}"


def weekday_date(day: dt.date) -> str:
    """A day that is near: “Friday, May 6”."""
    return f"{day:%A}, {month_day(day)}"


def short_date(day: dt.date) -> str:
    """A date in a sentence: “May 6, 2022”."""
    return f"{month_day(day)}, {day.year}"


def month_day(day: dt.date) -> str:
    """A date in a sentence that leaves no doubt of the year: “May 6”."""
    return f"{day:%B} {day.day}"


def month_of(day: dt.date) -> str:
    """A heading over days: “May 2022”."""
    return f"{day:%B} {day.year}"


def list_date(day: dt.date) -> str:
    """A date in a list: “Fri, Dec 2, 2022”."""
    return f"{day:%a}, {list_day(day)}, {day.year}"


def list_day(day: dt.date) -> str:
    """A recent date where room is short: “Dec 2”."""
    return f"{day:%b} {day.day}"


def moment(at: dt.datetime) -> str:
    """A recent instant: “Dec 2, 06:00”; what follows says where: “UTC”."""
    return f"{list_day(at)}, {at:%H:%M}"


def moment_and_seconds(at: dt.datetime) -> str:
    """A recent instant among others of its minute: “Dec 2, 06:00:05”."""
    return f"{list_day(at)}, {at:%H:%M:%S}"


def moment_and_year(at: dt.datetime) -> str:
    """An instant that may be long past: “Dec 2, 2022, 06:00”."""
    return f"{list_day(at)}, {at.year}, {at:%H:%M}"


def hours_and_minutes(span: dt.timedelta) -> str:
    """A span in words, whole minutes: “2 d 3 h”, “3 h 10 min”, “4 min”; “0 min” below one."""
    minutes = int(abs(span).total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
