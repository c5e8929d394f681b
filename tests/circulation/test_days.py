from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.circulation.days import EVERY_DAY, bit_of, parse_days, said, written
from daybreak.circulation.models import Reader
from daybreak.circulation.roll import export_readers, import_readers
from daybreak.common.refusal import Refused

AT = dt.datetime(2022, 5, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "days"),
    [("Mon", 1), ("monday,WED; Fri", 0b10101), (" Tue/Tuesday ", 0b10), ("Mon Tue Wed Thu Fri", EVERY_DAY)],
)
def test_days_are_read_however_they_are_written(text: str, days: int) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", " , ", "Sun", "M", "Mo", "Someday", "Mon Mondays", "١"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="Choose at least one|no day with a paper"):
        parse_days(text)


@given(st.integers(1, EVERY_DAY))
def test_days_written_are_read_back(days: int) -> None:
    assert parse_days(written(days)) == days


def test_days_are_said_in_words() -> None:
    assert [said(days) for days in (EVERY_DAY, 1, 0b10001, 0b10101)] == [
        "on weekdays",
        "on Mondays",
        "on Mondays and Fridays",
        "on Mondays, Wednesdays and Fridays",
    ]


def test_a_weekend_has_no_bit() -> None:
    week = [bit_of(dt.date(2022, 5, day)) for day in range(2, 9)]
    assert week == [1, 2, 4, 8, 16, 0, 0]


@pytest.mark.django_db
def test_days_travel_with_the_roll(ada: Reader) -> None:
    report = import_readers("email,delivery_days\nada@example.org,Mon Wed Fri\n", at=AT, by="Ines")
    assert report.updated == 1
    (row,) = export_readers(AT)
    assert row.delivery_days == 0b10101
    assert import_readers("email,delivery_days\nada@example.org,\n", at=AT, by="Ines").unchanged == 1
