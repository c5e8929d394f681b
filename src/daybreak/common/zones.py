"""Time zones by name, and when their clocks show a time: from the `tzdata` package alone.

`ZoneInfo(name)` would prefer the machine's own tables, which can be a year behind the law.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

UTC = dt.UTC


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone that the installed `tzdata` package knows."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; one that the package does not know is taken as UTC."""
    known = name if name in zone_names() else "UTC"  # looked up first, because a name is a path to it
    with resources.files("tzdata").joinpath("zoneinfo", *known.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=known)


def place_of(name: str) -> str:
    """A zone as people say it: “Sao Paulo” for America/Sao_Paulo."""
    return name.rpartition("/")[2].replace("_", " ")


def hour_in(hour: dt.time | dt.datetime, name: str) -> str:
    """What the clocks of a zone show, or an instant there, for people: “06:00 in Berlin”, “06:00 UTC”."""
    shown = hour.astimezone(zone_of(name)) if isinstance(hour, dt.datetime) else hour
    return f"{shown:%H:%M} UTC" if place_of(name) in ("UTC", "") else f"{shown:%H:%M} in {place_of(name)}"


def first_instant(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first UTC instant at which the clocks of `zone` show `wall` (naive) or, if they skip it, anything later.

    A wall time that comes twice in autumn means its first occurrence (PEP 495, `fold=0`).
    """
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
