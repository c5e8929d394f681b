from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.circulation.days import EVERY_DAY
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import (
    MailChoice,
    change_days,
    change_mornings,
    choice_of,
    choose,
    parse_choice,
    parse_name,
    pause_mail,
    resume_mail,
    stop_mail,
)
from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Refused

AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def test_stopping_the_mail_is_noted_once_and_leaves_the_entitlement_alone(ada: Reader) -> None:
    before = entitlement_of(ada, AT)
    assert stop_mail(ada, AT, by="ada@example.org")
    assert not stop_mail(ada, AT + dt.timedelta(days=1), by="ada@example.org")
    ada.refresh_from_db()
    assert ada.mail_stopped_at == AT
    assert entitlement_of(ada, AT) == before
    assert resume_mail(ada, AT, by="ada@example.org")
    assert not resume_mail(ada, AT, by="ada@example.org")
    ada.refresh_from_db()
    assert ada.mail_stopped_at is None
    assert [entry.act for entry in JournalEntry.objects.all()] == ["stopped the mail", "resumed the mail"]


def test_the_morning_is_changed_whole_or_not_at_all(ada: Reader) -> None:
    change_mornings(ada, "Asia/Kolkata", "7:30", "Mon Wed")
    with pytest.raises(Refused):
        change_mornings(ada, "Europe/Berlin", "25:00", "Fri")
    ada.refresh_from_db()
    assert (ada.time_zone, ada.delivery_time, ada.delivery_days) == ("Asia/Kolkata", dt.time(7, 30), 0b101)


def test_a_pause_is_noted_once_can_be_moved_and_keeps_its_beginning(ben: Reader) -> None:
    assert pause_mail(ben, AT.date() + 7 * DAY, AT, by="Ben")
    assert not pause_mail(ben, AT.date() + 7 * DAY, AT + DAY, by="Ben")
    assert pause_mail(ben, AT.date() + 9 * DAY, AT + DAY, by="Ben")
    ben.refresh_from_db()
    assert (ben.vacation_from, ben.vacation_until) == (AT.date(), AT.date() + 9 * DAY)
    assert [entry.act for entry in JournalEntry.objects.all()] == [
        "paused the mail until 2022-05-13",
        "paused the mail until 2022-05-15",
    ]


def test_a_pause_takes_the_place_of_a_stop(ben: Reader) -> None:
    stop_mail(ben, AT, by="Ben")
    assert pause_mail(ben, AT.date() + 7 * DAY, AT, by="Ben")
    ben.refresh_from_db()
    assert choice_of(ben, AT) == MailChoice(EVERY_DAY, AT.date() + 7 * DAY, stopped=False)


def test_who_has_the_mail_back_early_keeps_the_days_that_were_held(ben: Reader) -> None:
    pause_mail(ben, AT.date() + 7 * DAY, AT, by="Ben")
    assert resume_mail(ben, AT + 3 * DAY, by="Ben")
    assert not resume_mail(ben, AT + 3 * DAY, by="Ben")
    ben.refresh_from_db()
    assert (ben.vacation_from, ben.vacation_until) == (AT.date(), AT.date() + 3 * DAY)
    pause_mail(ben, AT.date() + 7 * DAY, AT + 4 * DAY, by="Ben")
    resume_mail(ben, AT + 4 * DAY, by="Ben")
    ben.refresh_from_db()
    assert (ben.vacation_from, ben.vacation_until) == (None, None), "no day was held"


choices = st.builds(
    MailChoice,
    st.integers(1, EVERY_DAY),
    st.none() | st.integers(1, 400).map(lambda number: AT.date() + number * DAY),
    st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(choices, min_size=1, max_size=4))
def test_any_choice_is_had_again_as_it_was_written(ben: Reader, made: list[MailChoice]) -> None:
    for choice in made:
        choose(ben, choice, AT, by="Ben")
        ben.refresh_from_db()
        assert parse_choice(choice_of(ben, AT).written()) == choice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "32",
        "-1",
        "x",
        "31.",
        "31.2022-13-01",
        "31.2022-05-13.",
        "31..gone",
        "٣",
        "31..stopped.x",
        " 31",
    ],
)
def test_nothing_else_is_a_choice(text: str) -> None:
    assert parse_choice(text) is None


def test_a_choice_whose_pause_is_over_has_none(ben: Reader) -> None:
    assert not choose(ben, MailChoice(EVERY_DAY, AT.date(), stopped=False), AT, by="Ben")
    assert change_days(ben, 1, AT, by="Ben") and not change_days(ben, 1, AT, by="Ben")
    assert choice_of(ben, AT) == MailChoice(1, None, stopped=False)


def test_a_name_is_tidied_and_its_length_kept() -> None:
    assert parse_name("  Ada \n Lovelace ") == "Ada Lovelace"
    for bad in ("x" * 121, "Ada\x00", "Ada\u202e"):
        with pytest.raises(Refused):
            parse_name(bad)
