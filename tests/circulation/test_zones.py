from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.zones import parse_hour, parse_zone, zone_or_utc, zones_to_choose_from
from daybreak.common.refusal import Refused


def test_every_zone_offered_is_one_that_is_taken() -> None:
    offered = zones_to_choose_from()
    assert {"Pacific/Auckland", "Europe/Berlin", "Asia/Kolkata", "UTC"} <= set(offered)
    assert [parse_zone(zone) for zone in offered] == list(offered)
    assert not [zone for zone in offered if zone.startswith(("Etc/", "posix"))]


@pytest.mark.parametrize(
    "text", ["", "Nowhere/Land", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\x00"]
)
def test_a_zone_that_is_none_is_refused_by_people_and_guessed_as_utc(text: str) -> None:
    with pytest.raises(Refused, match="is no time zone"):
        parse_zone(text)
    assert zone_or_utc(text) == "UTC"


@pytest.mark.parametrize(
    ("text", "hour"), [("06:00", dt.time(6)), ("6:05", dt.time(6, 5)), ("23:59:59", dt.time(23, 59))]
)
def test_an_hour_is_read_to_the_minute(text: str, hour: dt.time) -> None:
    assert parse_hour(text) == hour


@pytest.mark.parametrize("text", ["", "6", "24:00", "06:60", "-1:00", "noon", "٠٦:٠٠", "06:00pm"])
def test_an_hour_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no time of day"):
        parse_hour(text)
