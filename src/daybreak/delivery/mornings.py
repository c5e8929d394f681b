"""When a reader's morning is: a wall-clock time in a named zone becomes an instant, on weekdays only."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

UTC = dt.UTC
LAST_HOUR = dt.time(11)
LATE_RISER = dt.time(10)
GRACE = dt.timedelta(hours=2)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone that the installed `tzdata` package knows."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name, from the `tzdata` package; a name it does not know is taken as UTC.

    `ZoneInfo(name)` would prefer the machine's own tables, which can be a year behind the law.
    """
    known = name if name in zone_names() else "UTC"
    with resources.files("tzdata").joinpath("zoneinfo", *known.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=known)


def morning(edition_date: dt.date, zone_name: str, delivery_time: dt.time) -> dt.datetime:
    """The UTC instant at which an edition is due to a reader who asked for `delivery_time` in `zone_name`.

    The day is the edition's own, else the next one, that is a weekday and has that hour left in the zone: Samoa
    skipped Friday, 30 December 2011, so its readers wait for Monday. A wall time inside a spring gap means the
    first instant after the gap, one that comes twice in autumn its first occurrence (PEP 495, `fold=0`).
    Fractions of a second are dropped.
    """
    zone = zone_of(zone_name)
    day = edition_date
    while True:
        if day.weekday() < 5:
            instant = _first_instant(
                dt.datetime.combine(day, delivery_time.replace(microsecond=0, fold=0)), zone
            )
            if instant.astimezone(zone).date() == day:
                return instant
        day += dt.timedelta(days=1)


def deadline(edition_date: dt.date, zone_name: str) -> dt.datetime:
    """The UTC instant after which no mail of the edition leaves for that zone: 11:00 on the day of its morning."""
    return morning(edition_date, zone_name, LAST_HOUR)


def not_after(edition_date: dt.date, zone_name: str, delivery_time: dt.time) -> dt.datetime:
    """The last instant for a reader of `delivery_time`: the deadline, or two hours after a morning past 10:00."""
    if delivery_time <= LATE_RISER:
        return deadline(edition_date, zone_name)
    return max(deadline(edition_date, zone_name), morning(edition_date, zone_name, delivery_time) + GRACE)


def over_everywhere(edition_date: dt.date) -> dt.datetime:
    """The UTC instant at which the latest riser of the westernmost zone has no morning of the edition left."""
    return not_after(edition_date, "Etc/GMT+12", dt.time.max)


def _first_instant(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first UTC instant at which the clocks of `zone` show `wall` or, if they skip it, anything later."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap, fold=0 counts by the offset before it and lands past the change, fold=1 lands before it.
    before = int(wall.replace(tzinfo=zone, fold=1).timestamp())
    after = int(instant.timestamp())
    while after - before > 1:
        middle = (before + after) // 2
        shown = dt.datetime.fromtimestamp(middle, zone).replace(tzinfo=None)
        before, after = (before, middle) if shown >= wall else (middle, after)
    return dt.datetime.fromtimestamp(after, UTC)
