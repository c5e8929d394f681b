"""A reader's vacation hold: no edition by mail on the days [since, until), counted on the reader's own calendar.

It ends by itself: the edition that goes out on `until`, or the first one after it, comes on that reader's morning.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable

from django.db.models import Q

from daybreak.circulation.models import Reader
from daybreak.common.clock import short_date
from daybreak.common.refusal import Refused
from daybreak.common.zones import zone_of

LONGEST = dt.timedelta(days=366)
Day = dt.date | None


def _a_month_on(day: dt.date) -> dt.date:
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


LENGTHS: dict[str, tuple[str, Callable[[dt.date], dt.date]]] = {
    "week": ("A week", lambda today: today + dt.timedelta(days=7)),
    "fortnight": ("Two weeks", lambda today: today + dt.timedelta(days=14)),
    "month": ("A month", _a_month_on),
}


def holds(day: dt.date, since: Day, until: Day) -> bool:
    """Whether the mail of `day` waits. Without a hold both ends are None."""
    return since is not None and until is not None and since <= day < until


def not_held(day: dt.date, of: str = "") -> Q:
    """`not holds(day, …)` in SQL; `of` leads to the reader, such as “reader__”."""
    return (
        Q(**{f"{of}vacation_until__isnull": True})
        | Q(**{f"{of}vacation_until__lte": day})
        | Q(**{f"{of}vacation_from__gt": day})
    )


def why_held(until: dt.date) -> str:
    """Why a reader whose mail waits until `until` does not get an edition."""
    return f"The reader paused the mail until {short_date(until)}."


def today_of(zone: str, at: dt.datetime) -> dt.date:
    """The day on the calendars of `zone` (an IANA name) at `at`."""
    return at.astimezone(zone_of(zone)).date()


def held_until(reader: Reader, at: dt.datetime) -> Day:
    """The day on which the mail comes again, while the reader's hold lasts; None without one that does."""
    held = holds(today_of(reader.time_zone, at), reader.vacation_from, reader.vacation_until)
    return reader.vacation_until if held else None


def parse_end(length: str, text: str, today: dt.date) -> dt.date:
    """The end of a hold that begins `today`: a name of LENGTHS, or else the date (YYYY-MM-DD) in `text`.

    Raises Refused for what is no date, not after today, or more than a year away.
    """
    if length in LENGTHS:
        return LENGTHS[length][1](today)
    try:
        until = dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused("Choose the day on which the mail is to come again.") from error
    if until <= today:
        raise Refused(f"Choose a day after today, {short_date(today)}.")
    if until > today + LONGEST:
        raise Refused(f"Choose a day until {short_date(today + LONGEST)}, or stop the mail.")
    return until
