"""The clock is an argument: `now()` is read at the doors (views, commands, webhooks) and passed inwards as `at`."""

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


def long_date(day: dt.date) -> str:
    """A dateline without locale tables: “Friday, May 6, 2022”."""
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def short_date(day: dt.date) -> str:
    """A date in a sentence: “May 6, 2022”."""
    return f"{day:%B} {day.day}, {day.year}"


def hours_and_minutes(span: dt.timedelta) -> str:
    """A span in words, whole minutes: “2 d 3 h”, “3 h 10 min”, “4 min”; “0 min” below one."""
    minutes = int(abs(span).total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
