"""When a reader's morning is: a table of known days, and the C library's clock as an independent witness."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.common.zones import zone_names, zone_of
from daybreak.delivery.mornings import Rules, deadline, first_in_hand, morning, not_after, over_everywhere
from daybreak.desk.calendar import Calendar

UTC = dt.UTC
SIX = dt.time(6)
HALF_PAST_MIDNIGHT = dt.time(0, 30)


@pytest.mark.parametrize(
    ("day", "zone", "hour", "expected"),
    [
        ("2022-05-06", "Europe/Berlin", SIX, "2022-05-06T04:00"),
        ("2022-05-06", "Pacific/Auckland", SIX, "2022-05-05T18:00"),
        ("2022-05-06", "Pacific/Honolulu", SIX, "2022-05-06T16:00"),
        # zones off by a half or three quarters of an hour
        ("2022-05-06", "Asia/Kathmandu", SIX, "2022-05-06T00:15"),
        ("2022-05-06", "Asia/Kolkata", SIX, "2022-05-06T00:30"),
        ("2022-05-06", "Pacific/Chatham", SIX, "2022-05-05T17:15"),
        ("2022-05-06", "America/St_Johns", SIX, "2022-05-06T08:30"),
        # Saturday's and Sunday's paper comes on Monday
        ("2022-05-07", "Europe/Berlin", SIX, "2022-05-09T04:00"),
        ("2022-05-08", "Europe/Berlin", SIX, "2022-05-09T04:00"),
        # Samoa had no Friday, 30 December 2011; its Monday is on the other side of the date line
        ("2011-12-29", "Pacific/Apia", SIX, "2011-12-29T16:00"),
        ("2011-12-30", "Pacific/Apia", SIX, "2012-01-01T16:00"),
        # spring gaps on weekdays, 00:00 to 01:00: the first instant after
        ("2022-03-22", "Asia/Tehran", HALF_PAST_MIDNIGHT, "2022-03-21T20:30"),
        ("2022-02-25", "Asia/Amman", HALF_PAST_MIDNIGHT, "2022-02-24T22:00"),
        ("2023-04-28", "Africa/Cairo", HALF_PAST_MIDNIGHT, "2023-04-27T22:00"),
        # an autumn repeat on a Friday, 01:00 back to 00:00: the first of the two
        ("2021-10-29", "Asia/Amman", HALF_PAST_MIDNIGHT, "2021-10-28T21:30"),
        # North Korea lost the last half hour of Friday, 4 May 2018: nobody is mailed on a Saturday
        ("2018-05-04", "Asia/Pyongyang", dt.time(23, 45), "2018-05-07T14:45"),
        # law that the tables of an older machine do not know: Morocco keeps UTC from autumn 2026
        ("2026-11-23", "Africa/Casablanca", SIX, "2026-11-23T06:00"),
        # no such zone: UTC
        ("2022-05-06", "Mars/Olympus_Mons", SIX, "2022-05-06T06:00"),
        ("2022-05-06", "../../../etc/passwd", SIX, "2022-05-06T06:00"),
        ("2022-05-06", "", SIX, "2022-05-06T06:00"),
    ],
)
def test_a_morning(day: str, zone: str, hour: dt.time, expected: str) -> None:
    assert morning(dt.date.fromisoformat(day), zone, hour) == dt.datetime.fromisoformat(f"{expected}+00:00")


def test_the_deadline_is_eleven_on_the_day_of_the_morning() -> None:
    assert deadline(dt.date(2022, 5, 6), "Europe/Berlin") == dt.datetime(2022, 5, 6, 9, tzinfo=UTC)
    assert deadline(dt.date(2022, 5, 7), "Europe/Berlin") == dt.datetime(2022, 5, 9, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (dt.time(6), dt.time(9)),
        (dt.time(10), dt.time(9)),
        (dt.time(10, 1), dt.time(10, 1)),
        (dt.time(15), dt.time(15)),
    ],
)
def test_who_rises_after_ten_has_two_hours(hour: dt.time, expected: dt.time) -> None:
    last = not_after(dt.date(2022, 5, 6), "Europe/Berlin", hour)
    assert last == dt.datetime.combine(dt.date(2022, 5, 6), expected, UTC)


CHRISTMAS = Rules(Calendar(frozenset({dt.date(2025, 12, 25), dt.date(2025, 12, 26), dt.date(2026, 1, 1)})))


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2025-12-24", "Europe/Berlin", "2025-12-24T05:00"),
        # two holidays and a weekend: Thursday's paper comes on Monday
        ("2025-12-25", "Europe/Berlin", "2025-12-29T05:00"),
        ("2025-12-27", "Pacific/Auckland", "2025-12-28T17:00"),
        ("2026-01-01", "Pacific/Kiritimati", "2026-01-01T16:00"),
        ("2026-01-01", "Pacific/Pago_Pago", "2026-01-02T17:00"),
    ],
)
def test_a_morning_is_never_on_a_holiday(day: str, zone: str, expected: str) -> None:
    due = morning(dt.date.fromisoformat(day), zone, SIX, CHRISTMAS)
    assert due == dt.datetime.fromisoformat(f"{expected}+00:00")


def test_the_last_hour_is_a_rule_of_the_house() -> None:
    rules = Rules(last_hour=dt.time(9))
    friday = dt.date(2022, 5, 6)
    assert deadline(friday, "Europe/Berlin", rules) == dt.datetime(2022, 5, 6, 7, tzinfo=UTC)
    # who rises at half past eight has two hours all the same
    last = not_after(friday, "Europe/Berlin", dt.time(8, 30), rules)
    assert last == dt.datetime(2022, 5, 6, 8, 30, tzinfo=UTC)


def test_zones_come_from_the_package_and_not_from_the_machine() -> None:
    table = resources.files("tzdata").joinpath("zoneinfo", "Europe", "Berlin")
    assert table.is_file()
    assert zone_of("Europe/Berlin") is zone_of("Europe/Berlin")
    assert {"Europe/Berlin", "Pacific/Apia", "UTC"} <= zone_names()
    assert len(zone_names()) > 400


# -- an independent witness ------------------------------------------------------------------------------
@contextmanager
def clocks_of(zone: str) -> Iterator[None]:
    """The C library's local time, reading the package's table by its own code."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = f":{resources.files('tzdata').joinpath('zoneinfo', *zone.split('/'))}"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def by_walking(
    day: dt.date, zone: str, hour: dt.time, holidays: frozenset[dt.date] = frozenset()
) -> dt.datetime:
    """Minute by minute: the first at which the clock on some wall of a weekday, not before `day`, shows `hour`."""
    without_paper = {(each.year, each.month, each.day) for each in holidays}
    start = int(dt.datetime.combine(day, dt.time(), UTC).timestamp()) - 26 * 3600
    with clocks_of(zone):
        for instant in range(start, start + (6 + 2 * len(holidays)) * 86400, 60):
            shown = time.localtime(instant)
            date = (shown.tm_year, shown.tm_mon, shown.tm_mday)
            has_paper = shown.tm_wday < 5 and date not in without_paper
            if (
                date >= (day.year, day.month, day.day)
                and has_paper
                and ((shown.tm_hour, shown.tm_min) >= (hour.hour, hour.minute))
            ):
                return dt.datetime.fromtimestamp(instant, UTC)
    raise AssertionError("no weekday in six days")


DAYS = st.dates(dt.date(2010, 1, 1), dt.date(2037, 12, 20))
HOURS = st.times().map(lambda time: time.replace(second=0, microsecond=0))
ZONES = st.sampled_from(sorted(zone_names()))


@settings(max_examples=150, deadline=None)
@given(day=DAYS, zone=ZONES, hour=HOURS)
def test_a_morning_agrees_with_a_walk_through_the_minutes(day: dt.date, zone: str, hour: dt.time) -> None:
    assert morning(day, zone, hour) == by_walking(day, zone, hour)


@settings(max_examples=80, deadline=None)
@given(day=DAYS, zone=ZONES, hour=HOURS, off=st.frozensets(st.integers(0, 6), max_size=4))
def test_with_holidays_it_agrees_too(day: dt.date, zone: str, hour: dt.time, off: frozenset[int]) -> None:
    holidays = frozenset(day + dt.timedelta(days=days) for days in off)
    rules = Rules(Calendar(holidays))
    assert morning(day, zone, hour, rules) == by_walking(day, zone, hour, holidays)


@given(at=st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2026, 12, 31), timezones=st.just(UTC)))
def test_every_edition_with_mornings_left_is_in_hand(at: dt.datetime) -> None:
    first = first_in_hand(at, CHRISTMAS)
    before = [first - dt.timedelta(days=days) for days in range(1, 15)]
    assert all(over_everywhere(each, CHRISTMAS) < at for each in before)


CHANGES = [
    (dt.date(2011, 12, 30), "Pacific/Apia"),
    (dt.date(2018, 5, 4), "Asia/Pyongyang"),
    (dt.date(2016, 3, 25), "Asia/Amman"),
    (dt.date(2016, 7, 7), "Africa/Cairo"),
    (dt.date(2022, 3, 22), "Asia/Tehran"),
    (dt.date(2014, 3, 28), "Asia/Gaza"),
    (dt.date(2021, 10, 29), "Asia/Amman"),
    (dt.date(2016, 4, 29), "Asia/Yerevan"),
]


@settings(max_examples=60, deadline=None)
@given(change=st.sampled_from(CHANGES), hour=HOURS)
def test_on_days_when_the_clocks_change_too(change: tuple[dt.date, str], hour: dt.time) -> None:
    day, zone = change
    assert morning(day, zone, hour) == by_walking(day, zone, hour)


@settings(max_examples=400, deadline=None)
@given(day=DAYS, zone=ZONES, hour=st.times())
def test_every_morning_is_on_a_weekday_within_its_window(day: dt.date, zone: str, hour: dt.time) -> None:
    due, last = morning(day, zone, hour), not_after(day, zone, hour)
    there = due.astimezone(zone_of(zone))
    assert due.tzinfo is UTC
    assert there.weekday() < 5
    assert day <= there.date() <= day + dt.timedelta(days=4)
    assert due <= last <= over_everywhere(day)
