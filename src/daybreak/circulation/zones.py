"""Time zones and hours as readers give them, hostile until parsed."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from daybreak.common.refusal import Refused
from daybreak.common.zones import zone_names


@cache
def known_zones() -> frozenset[str]:
    """Every IANA name that a person may have meant."""
    return zone_names() - {"Factory"}


@cache
def zones_to_choose_from() -> tuple[str, ...]:
    """The names a person picks from, in order: places and UTC, without abbreviations and administrative names."""
    offered = (name for name in known_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return (*sorted(offered), "UTC")


def parse_zone(text: str) -> str:
    """The IANA name in `text`. Raises Refused when there is no such zone."""
    name = text.strip()
    if name not in known_zones():
        shown = "".join(sign for sign in name if sign.isprintable())[:40]
        raise Refused(f"“{shown}” is no time zone: choose one from the list, such as Europe/Berlin.")
    return name


def zone_or_utc(text: str) -> str:
    """The IANA name in `text`, or UTC: for what a browser guessed and no person can mend."""
    try:
        return parse_zone(text)
    except Refused:
        return "UTC"


def parse_hour(text: str) -> dt.time:
    """A wall-clock time from H:MM or HH:MM, seconds allowed and dropped. Raises Refused when it is none."""
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?", text.strip(), re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise Refused("That is no time of day: write it as 06:00.")
    return dt.time(int(match[1]), int(match[2]))
