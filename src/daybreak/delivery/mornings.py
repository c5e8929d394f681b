"""When a reader's morning is: a wall-clock time in a named zone becomes an instant, on days with a paper only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from daybreak.common.zones import first_instant, zone_of
from daybreak.desk.calendar import EVERY_WEEKDAY, Calendar, the_calendar

GRACE = dt.timedelta(hours=2)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """On which days the paper comes out, and the wall-clock hour after which none of it leaves any more."""

    calendar: Calendar = EVERY_WEEKDAY
    last_hour: dt.time = dt.time(11)


WEEKDAYS = Rules()


def the_rules() -> Rules:
    """The rules as the desk's calendar and the settings have them now."""
    return Rules(the_calendar(), settings.CONFIG.last_hour)


def morning(
    edition_date: dt.date, zone_name: str, delivery_time: dt.time, rules: Rules = WEEKDAYS
) -> dt.datetime:
    """The UTC instant at which an edition is due to a reader who asked for `delivery_time` in `zone_name`.

    The day is the edition's own, else the next one, that has a paper and has that hour left in the zone: Samoa
    skipped Friday, 30 December 2011, so its readers wait for Monday. A wall time inside a spring gap means the
    first instant after the gap, one that comes twice in autumn its first occurrence (PEP 495, `fold=0`).
    Fractions of a second are dropped.
    """
    zone = zone_of(zone_name)
    day = rules.calendar.outgoing(edition_date)
    while True:
        wall = dt.datetime.combine(day, delivery_time.replace(microsecond=0, fold=0))
        instant = first_instant(wall, zone)
        if instant.astimezone(zone).date() == day:
            return instant
        day = rules.calendar.following(day)


def deadline(edition_date: dt.date, zone_name: str, rules: Rules = WEEKDAYS) -> dt.datetime:
    """The UTC instant after which no mail of the edition leaves for that zone: the last hour of its morning."""
    return morning(edition_date, zone_name, rules.last_hour, rules)


def not_after(
    edition_date: dt.date, zone_name: str, delivery_time: dt.time, rules: Rules = WEEKDAYS
) -> dt.datetime:
    """The last instant for a reader of `delivery_time`: the deadline, or for a late riser two hours after theirs.

    Who rises later than an hour before the last one is a late riser.
    """
    last = deadline(edition_date, zone_name, rules)
    due = morning(edition_date, zone_name, delivery_time, rules)
    late_riser = _minutes(delivery_time) > _minutes(rules.last_hour) - 60
    return max(last, due + GRACE) if late_riser else last


def over_everywhere(edition_date: dt.date, rules: Rules = WEEKDAYS) -> dt.datetime:
    """The UTC instant at which the latest riser of the westernmost zone has no morning of the edition left."""
    return not_after(edition_date, "Etc/GMT+12", dt.time.max, rules)


def first_in_hand(at: dt.datetime, rules: Rules = WEEKDAYS) -> dt.date:
    """The earliest date whose edition may have mornings left at `at`.

    They end a day and a half after their day began in UTC; an edition dated on days without a paper goes out
    with the next one, so those days are in hand as long as it is.
    """
    return rules.calendar.preceding((at - 2 * DAY).date()) + DAY


def _minutes(time: dt.time) -> float:
    return time.hour * 60 + time.minute + time.second / 60
