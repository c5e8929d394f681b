from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.clock import UTC, long_date, parse_day, parse_instant
from daybreak.common.refusal import Misused


def test_an_instant_with_an_offset_is_brought_to_utc() -> None:
    assert parse_instant("2022-05-06T06:00:00+02:00") == dt.datetime(2022, 5, 6, 4, tzinfo=UTC)
    assert parse_instant("2022-05-06T04:00Z").tzinfo is UTC


def test_an_instant_without_an_offset_is_utc() -> None:
    assert parse_instant("2022-05-06T04:00") == dt.datetime(2022, 5, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2022-13-01", "0001-01-01T00:00+14:00"])
def test_what_is_no_instant_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Misused, match="2022-05-06"):
        parse_instant(text)


@given(st.datetimes(timezones=st.timezones(), min_value=dt.datetime(1990, 1, 1)))
def test_what_is_written_is_read_back(instant: dt.datetime) -> None:
    moment = instant.astimezone(
        UTC
    )  # a wall time inside a spring gap is no instant until it is put on a clock
    assert parse_instant(moment.isoformat()) == moment


def test_days() -> None:
    assert parse_day(" 2022-05-06 ") == dt.date(2022, 5, 6)
    assert long_date(dt.date(2022, 5, 6)) == "Friday, May 6, 2022"
    with pytest.raises(Misused, match="no date"):
        parse_day("6 May")
