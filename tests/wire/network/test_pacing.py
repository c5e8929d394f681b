from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.network.pacing import (
    LONGEST,
    LONGEST_BACK_OFF,
    SHORTEST,
    back_off,
    fresh_for,
    next_interval,
    wait_after,
)

QUARTER = dt.timedelta(minutes=15)
spans = st.timedeltas(min_value=SHORTEST, max_value=LONGEST)


def test_a_busy_feed_is_asked_sooner_and_a_quiet_one_later() -> None:
    assert next_interval(QUARTER, 0, 0) == next_interval(QUARTER, 0, 30) > QUARTER
    assert QUARTER > next_interval(QUARTER, 2, 30) > next_interval(QUARTER, 25, 30)


@given(spans, st.lists(st.integers(0, 30), max_size=40))
def test_an_interval_never_leaves_its_bounds(interval: dt.timedelta, answers: list[int]) -> None:
    for new in answers:
        interval = next_interval(interval, new, 30)
        assert SHORTEST <= interval <= LONGEST


@given(spans, st.integers(0, 10_000))
def test_failures_wait_longer_and_at_most_a_day(interval: dt.timedelta, failures: int) -> None:
    assert interval <= back_off(interval, failures) <= LONGEST_BACK_OFF
    assert back_off(interval, failures) <= back_off(interval, failures + 1)


def test_what_a_server_wishes_is_heeded_within_a_night() -> None:
    assert wait_after(QUARTER, None, None) == QUARTER
    assert wait_after(QUARTER, dt.timedelta(hours=1), None) == dt.timedelta(hours=1)
    assert wait_after(QUARTER, dt.timedelta(minutes=1), dt.timedelta(weeks=1)) == LONGEST


@pytest.mark.parametrize(
    ("header", "age", "seconds"),
    [("max-age=300", "", 300), ("public, max-age=600", "100", 500), ("max-age=60", "60", None), ("no-cache, max-age=60", "", None),
     ("s-maxage=60", "", None), ("MAX-AGE=99999999", "", 86_400), ("max-age=", "", None), ("", "7", None)],
)  # fmt: skip
def test_an_answers_lifetime_is_read_from_its_headers(header: str, age: str, seconds: int | None) -> None:
    assert fresh_for(header, age) == (dt.timedelta(seconds=seconds) if seconds else None)
