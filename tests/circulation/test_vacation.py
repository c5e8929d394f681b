"""A vacation hold: from when to when, on whose calendar, and that it ends by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.circulation.models import Reader
from daybreak.circulation.roll import export_readers, import_readers
from daybreak.circulation.vacation import held_until, holds, not_held, parse_end, today_of
from daybreak.common.refusal import Refused
from tests.conftest import make_reader

FRIDAY = dt.date(2022, 5, 6)
DAY = dt.timedelta(days=1)
AT = dt.datetime(2022, 5, 6, 12, 30, tzinfo=dt.UTC)


def test_a_hold_has_its_first_day_and_not_its_end() -> None:
    until = FRIDAY + 3 * DAY
    held = [holds(FRIDAY + number * DAY, FRIDAY, until) for number in range(-1, 5)]
    assert held == [False, True, True, True, False, False]
    assert not holds(FRIDAY, None, None)


days = st.integers(-5, 5).map(lambda number: FRIDAY + number * DAY)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.none() | st.tuples(days, st.integers(1, 5)), days)
def test_the_database_says_the_same(ada: Reader, hold: tuple[dt.date, int] | None, day: dt.date) -> None:
    since, until = (hold[0], hold[0] + hold[1] * DAY) if hold else (None, None)
    Reader.objects.update(vacation_from=since, vacation_until=until)
    assert Reader.objects.filter(not_held(day)).exists() == (not holds(day, since, until))
    assert Reader.objects.exclude(not_held(day)).exists() == holds(day, since, until)


@pytest.mark.parametrize(
    ("length", "end"), [("week", "2022-05-13"), ("fortnight", "2022-05-20"), ("month", "2022-06-06")]
)
def test_a_length_is_counted_from_today(length: str, end: str) -> None:
    assert parse_end(length, "2022-05-09", FRIDAY) == dt.date.fromisoformat(end)


@pytest.mark.parametrize(
    ("today", "end"),
    [("2022-01-31", "2022-02-28"), ("2024-01-30", "2024-02-29"), ("2022-12-31", "2023-01-31")],
)
def test_a_month_ends_in_the_next_month_however_short(today: str, end: str) -> None:
    assert parse_end("month", "", dt.date.fromisoformat(today)) == dt.date.fromisoformat(end)


def test_a_day_is_taken_from_tomorrow_to_a_year_away() -> None:
    for number in (1, 366):
        day = FRIDAY + number * DAY
        assert parse_end("", day.isoformat(), FRIDAY) == day


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose the day"),
        ("soon", "Choose the day"),
        ("2022-02-30", "Choose the day"),
        ("2022-05-06", "after today, May 6, 2022"),
        ("2021-05-06", "after today"),
        ("2023-05-08", "until May 7, 2023, or stop"),
        ("9999-12-31", "or stop"),
    ],
)
def test_any_other_day_is_refused_with_what_to_choose(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        parse_end("", text, FRIDAY)


def test_today_is_the_readers_own() -> None:
    assert today_of("Pacific/Auckland", AT) == FRIDAY + DAY
    assert today_of("America/Los_Angeles", AT) == FRIDAY


@pytest.mark.django_db
@pytest.mark.parametrize("until", [FRIDAY, FRIDAY - DAY, None])
def test_a_hold_without_a_day_or_with_one_end_cannot_be_stored(ada: Reader, until: dt.date | None) -> None:
    for facts in ({"vacation_from": FRIDAY, "vacation_until": until}, {"vacation_until": FRIDAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reader.objects.update(**facts)


@pytest.mark.django_db
def test_it_is_over_in_each_zone_with_the_day_there(db: None) -> None:
    for name, zone in (("Ada", "Pacific/Auckland"), ("Lou", "America/Los_Angeles")):
        make_reader(name, zone, vacation_from=FRIDAY - DAY, vacation_until=FRIDAY + DAY)
    ada, lou = Reader.objects.order_by("pk")
    assert (held_until(ada, AT), held_until(lou, AT)) == (None, FRIDAY + DAY)


@pytest.mark.django_db
def test_it_travels_with_the_roll(ada: Reader) -> None:
    there = "email,paused_until\nada@example.org,2022-05-13\n"
    assert import_readers(there, at=AT, by="Ines").updated == 1
    assert import_readers(there, at=AT + DAY, by="Ines").unchanged == 1
    ada.refresh_from_db()
    assert (ada.vacation_from, ada.vacation_until) == (FRIDAY + DAY, dt.date(2022, 5, 13)), "Saturday there"
    assert [row.paused_until for row in export_readers(AT)] == [dt.date(2022, 5, 13)]
    assert [row.paused_until for row in export_readers(AT + 7 * DAY)] == [None]
    assert import_readers("email,paused_until\nada@example.org,\n", at=AT, by="Ines").unchanged == 1
    assert import_readers("email,paused_until\nada@example.org,2022-05-01\n", at=AT, by="Ines").updated == 1
    ada.refresh_from_db()
    assert held_until(ada, AT) is None


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["soon", "13.5.2022", "2922-05-13"])
def test_a_row_with_no_such_day_names_it(ada: Reader, text: str) -> None:
    report = import_readers(f"email,paused_until\nada@example.org,{text}\n", at=AT, by="Ines")
    (problem,) = report.problems
    assert "paused_until" in problem and text[:4] in problem
