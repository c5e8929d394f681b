from __future__ import annotations

import datetime as dt

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common import clock
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


def test_each_date_and_instant_has_one_form_for_its_use() -> None:
    day, at = dt.date(2022, 12, 2), dt.datetime(2022, 12, 2, 6, 0, 5, tzinfo=UTC)
    forms = {
        clock.long_date(day): "Friday, December 2, 2022",
        clock.weekday_date(day): "Friday, December 2",
        clock.short_date(day): "December 2, 2022",
        clock.month_day(day): "December 2",
        clock.month_of(day): "December 2022",
        clock.list_date(day): "Fri, Dec 2, 2022",
        clock.list_day(day): "Dec 2",
        clock.moment(at): "Dec 2, 06:00",
        clock.moment_and_seconds(at): "Dec 2, 06:00:05",
        clock.moment_and_year(at): "Dec 2, 2022, 06:00",
    }
    assert list(forms) == list(forms.values())


def test_the_filters_of_templates_are_the_same_forms_and_take_nothing() -> None:
    page = Template("{{ day|long_date }}; {{ at|moment }}; {{ none|moment }}")
    at = dt.datetime(2022, 12, 2, 7, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    said = page.render(Context({"day": dt.date(2022, 12, 2), "at": at, "none": None}))
    assert said == "Friday, December 2, 2022; Dec 2, 06:00; "
