"""When a reader's mail comes, or why it does not, in sentences for the account and for the page behind a mail's link."""

from __future__ import annotations

import datetime as dt
from typing import Any

from daybreak.circulation.days import NAMES, bit_of, names_of, said
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import LENGTHS, LONGEST, today_of
from daybreak.common.clock import long_date, short_date
from daybreak.common.zones import hour_in
from daybreak.delivery.returns.suppressing import UNEXPLAINED, suppression_of
from daybreak.desk.calendar import the_calendar

YEAR = 366
DAY = dt.timedelta(days=1)


def morning(reader: Reader, *, comes: bool) -> str:
    """When the edition is in the inbox; `comes` says whether it does at present."""
    begin = "The edition is" if comes else "When it comes by mail, the edition is"
    return f"{begin} in your inbox at {_hour(reader)}, {said(reader.delivery_days)}."


def paused(reader: Reader, until: dt.date, *, allowed: bool) -> str:
    """That a vacation hold lasts until `until`, and what comes then."""
    if not allowed:
        return f"paused until {short_date(until)}, and comes again once you have access"
    first = _first_paper(reader, until)
    if first == until:
        return f"paused until {long_date(until)}: it comes again by itself on that day, at {_hour(reader)}"
    day = f", first on {long_date(first)}, at {_hour(reader)}" if first else ""
    return f"paused until {short_date(until)}: it comes again by itself{day}"


def held_back(reader: Reader) -> str:
    """Why no edition comes by mail though it was not stopped, as one sentence; "" when it comes."""
    suppression = suppression_of(reader)
    if suppression is None:
        return ""
    told = "your mailbox provider told us that you reported it as unwanted"
    if suppression.reason != suppression.Reason.COMPLAINT:
        why = "" if suppression.sentence == UNEXPLAINED else f": {suppression.sentence}"
        told = f"our mail came back from {suppression.address}{why}"
    return f"No edition has come by mail since {short_date(suppression.since.date())}, because {told}."


def pause_choices(reader: Reader, at: dt.datetime) -> dict[str, Any]:
    """What `site/parts/pause.html` needs: the lengths of a pause with their ends, and the bounds of another day."""
    today = today_of(reader.time_zone, at)
    lengths = [
        {"value": value, "label": label, "until": short_date(end(today))}
        for value, (label, end) in LENGTHS.items()
    ]
    return {"lengths": lengths, "first_day": today + DAY, "last_day": today + LONGEST}


def day_boxes(days: int) -> list[tuple[str, bool]]:
    """Each day with a paper and whether it is one of `days`."""
    return [(name, name in names_of(days)) for name in NAMES]


def _first_paper(reader: Reader, since: dt.date) -> dt.date | None:
    """The first day from `since` on with a paper that the reader wants."""
    calendar = the_calendar()
    days = (since + number * DAY for number in range(YEAR))
    wanted = (day for day in days if reader.delivery_days & bit_of(day) and calendar.publishes(day))
    return next(wanted, None)


def _hour(reader: Reader) -> str:
    return hour_in(reader.delivery_time, reader.time_zone)
