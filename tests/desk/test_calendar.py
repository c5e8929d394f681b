"""The publication calendar: which days have a paper, who keeps it, and what it moves."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.mornings import morning, the_rules
from daybreak.desk import editions
from daybreak.desk.calendar import Calendar, add_holiday, holidays_from, moved, remove_holiday, the_calendar
from daybreak.desk.calendarcommands import calendar
from daybreak.desk.models import Holiday
from tests.desk.world import FRIDAY, NIGHT, ines

MONDAY = FRIDAY + dt.timedelta(days=3)
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


def off(date: dt.date, name: str = "A day off") -> Holiday:
    return add_holiday(date, name, by="Ines", at=NIGHT)


def test_an_edition_goes_out_that_day_or_on_the_next_with_a_paper() -> None:
    plain, kept = Calendar(), Calendar(frozenset({MONDAY}))
    assert [plain.outgoing(FRIDAY + dt.timedelta(days=days)).day for days in range(4)] == [6, 9, 9, 9]
    assert [kept.outgoing(FRIDAY + dt.timedelta(days=days)).day for days in range(4)] == [6, 10, 10, 10]
    assert kept.following(FRIDAY).day == 10
    assert kept.preceding(dt.date(2022, 5, 10)) == FRIDAY


@given(day=DAYS, holidays=st.frozensets(DAYS, max_size=30))
def test_days_with_a_paper_follow_one_another(day: dt.date, holidays: frozenset[dt.date]) -> None:
    kept = Calendar(holidays)
    following = kept.following(day)
    assert kept.publishes(following)
    between = [day + dt.timedelta(days=days) for days in range(1, (following - day).days)]
    assert not any(kept.publishes(each) for each in between)
    if kept.publishes(day):
        assert kept.preceding(following) == day


@pytest.mark.django_db
def test_holidays_are_kept_by_name_and_noted() -> None:
    off(FRIDAY, "  May\tDay ")
    with pytest.raises(Refused, match="already"):
        off(FRIDAY)
    assert [str(each) for each in holidays_from(FRIDAY)] == ["May Day (2022-05-06)"]
    assert not the_calendar().publishes(FRIDAY)
    assert moved(FRIDAY) == "2022-05-06 is May Day: this edition goes out on Monday, May 9, 2022."
    remove_holiday(FRIDAY, by="Ines", at=NIGHT)
    with pytest.raises(Refused, match="no holiday"):
        remove_holiday(FRIDAY, by="Ines", at=NIGHT)
    assert moved(FRIDAY) == ""
    assert [(each.act, each.by) for each in JournalEntry.objects.all()] == [
        ("holiday added", "Ines"),
        ("holiday removed", "Ines"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "name", "error"),
    [
        (FRIDAY, " ", Misused),
        (FRIDAY, "x" * 81, Misused),
        (dt.date(2200, 1, 1), "Far away", Misused),
        (dt.date(2022, 5, 3), "Over", Refused),
        (dt.date(2022, 5, 7), "Saturday", Refused),
    ],
)
def test_what_is_no_holiday_is_refused(date: dt.date, name: str, error: type[Refused]) -> None:
    with pytest.raises(error):
        off(date, name)
    assert not Holiday.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("holidays", [[], [MONDAY], [MONDAY, MONDAY + dt.timedelta(days=1)]])
def test_the_desks_first_morning_is_that_of_the_delivery_room(holidays: list[dt.date]) -> None:
    for date in holidays:
        off(date)
    for days in range(8):
        date = FRIDAY + dt.timedelta(days=days)
        due = morning(date, "Pacific/Auckland", dt.time(6), the_rules())
        assert editions.first_morning(date) == due


@pytest.mark.django_db
def test_the_next_edition_is_of_a_day_with_a_paper() -> None:
    after = editions.first_morning(FRIDAY)
    assert editions.next_date(after) == MONDAY
    off(MONDAY)
    assert editions.next_date(after) == MONDAY + dt.timedelta(days=1)


@pytest.mark.django_db
def test_the_calendar_on_the_command_line() -> None:
    command = CliRunner()
    added = command.invoke(calendar, ["add", "2022-05-06", "May Day", "--at", "2022-05-01T00:00Z"])
    assert added.output == "May Day (2022-05-06): the next paper is of 2022-05-09.\n"
    listed = command.invoke(calendar, ["list", "--json", "--at", "2022-05-01T00:00Z"])
    assert json.loads(listed.output) == [{"date": "2022-05-06", "name": "May Day"}]
    assert "is over" in str(command.invoke(calendar, ["remove", "2022-05-06"]).exception)
    removed = command.invoke(calendar, ["remove", "2022-05-06", "--at", "2022-05-06T09:00Z"])
    assert removed.output == "There is a paper on 2022-05-06.\n"
    assert "No holidays to come" in command.invoke(calendar, ["list"]).output


@pytest.mark.django_db
def test_the_calendar_in_the_browser(client: Client) -> None:
    assert client.get("/desk/calendar/").status_code == 302
    client.force_login(ines())
    page = client.get("/desk/calendar/").content.decode()
    assert "No holidays yet" in page
    assert page.count('action="/desk/editions/start/"') == 10  # each next paper is begun from its line
    day = dt.date.today() + dt.timedelta(days=7)
    while day.weekday() > 4:
        day += dt.timedelta(days=1)
    wrong = client.post("/desk/calendar/", {"date": "tomorrow", "name": "A <day>"})
    assert (wrong.status_code, Holiday.objects.count()) == (422, 0)
    assert "is no date" in wrong.content.decode()
    page = client.post("/desk/calendar/", {"date": str(day), "name": "A <day>"}, follow=True).content.decode()
    assert "A &lt;day&gt;" in page
    assert client.get(f"/desk/calendar/{day}/remove/").status_code == 405
    client.post(f"/desk/calendar/{day}/remove/")
    assert not Holiday.objects.exists()


@pytest.mark.django_db
def test_who_starts_an_edition_of_a_holiday_is_told_when_it_goes_out(client: Client) -> None:
    off(FRIDAY, "May Day")
    client.force_login(ines())
    page = client.post("/desk/editions/start/", {"date": "2022-05-06"}, follow=True).content.decode()
    assert "2022-05-06 is May Day: this edition goes out on Monday, May 9, 2022." in page
