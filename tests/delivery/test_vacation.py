"""A reader's vacation hold in the ledger: its mornings are not planned, not sent, and come back when it ends."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import pause_mail, resume_mail
from daybreak.common.zones import zone_of
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import Planned, plan, plan_all, planning_due, wanted_waves
from daybreak.delivery.status import ReaderLines
from daybreak.delivery.watch.board import board_of
from daybreak.desk.calendar import add_holiday
from daybreak.desk.models import Correction, Edition, Holiday
from daybreak.press.models import PressRun
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    printed,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
ZONES = [
    "Pacific/Kiritimati",
    "Pacific/Auckland",
    "Europe/Berlin",
    "UTC",
    "America/Los_Angeles",
    "Pacific/Pago_Pago",
]


def mornings(reader: Reader) -> set[dt.date]:
    """The days, on the reader's calendar, of the mornings that are planned."""
    zone = zone_of(reader.time_zone)
    return {due.astimezone(zone).date() for due in Delivery.objects.values_list("due_at", flat=True)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    days=st.integers(1, 31),
    since=st.integers(-3, 12),
    length=st.integers(1, 12),
    holiday=st.none() | st.integers(0, 11),
)
def test_the_mornings_planned_are_those_without_a_hold_but_for_the_held_ones(
    db: None, zone: str, days: int, since: int, length: int, holiday: int | None
) -> None:
    for table in (Delivery, PressRun, Edition, Holiday, Reader):
        table.objects.all().delete()
    reader = make_reader("Ben", zone, delivery_days=days)
    if holiday is not None and (day := FRIDAY + holiday * DAY).weekday() < 5:
        add_holiday(day, "A day off", by="Ines", at=NIGHT)
    editions = [printed(FRIDAY + number * DAY) for number in range(12)]
    for edition in editions:
        plan(edition, NIGHT)
    without = mornings(reader)
    begin = FRIDAY + since * DAY
    Reader.objects.update(vacation_from=begin, vacation_until=begin + length * DAY)
    for edition in editions:
        plan(edition, NIGHT)
    assert mornings(reader) == {day for day in without if not begin <= day < begin + length * DAY}
    Reader.objects.update(vacation_from=None, vacation_until=None)
    for edition in editions:
        plan(edition, NIGHT)
    assert mornings(reader) == without


def test_a_pause_drops_what_is_planned_and_its_end_brings_it_back(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    pause_mail(ben, FRIDAY + DAY, NIGHT, by="the reader")
    assert planning_due(NIGHT)
    assert plan(edition, NIGHT) == Planned(dropped=1)
    assert not planning_due(NIGHT)
    assert wanted_waves(edition, NIGHT) == {}
    (line,) = ReaderLines(edition, NIGHT)
    assert (line.state, line.reason) == ("unplanned", "The reader paused the mail until May 7, 2022.")
    resume_mail(ben, NIGHT, by="the reader")
    assert plan(edition, NIGHT) == Planned(made=1)


def test_it_ends_with_each_readers_own_morning(ada: Reader, ben: Reader) -> None:
    for reader in (ada, ben):
        pause_mail(reader, FRIDAY, NIGHT - 2 * DAY, by="the reader")
    assert [plan(printed(FRIDAY + days * DAY), NIGHT).made for days in (-1, 0)] == [0, 2]
    post = RememberingPost()
    deliver(post, AUCKLAND_SIX)
    assert post.recipients == ["ada@example.org"], "Friday is there when Berlin still has Thursday"
    deliver(post, BERLIN_SIX)
    assert post.recipients == ["ada@example.org", "ben@example.org"]


def test_who_paused_after_the_planning_is_asked_again_at_the_claim(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    pause_mail(ben, FRIDAY + DAY, NIGHT, by="the reader")
    pause_mail(ada, FRIDAY, NIGHT - 3 * DAY, by="the reader")
    post = RememberingPost()
    for at in (AUCKLAND_SIX, BERLIN_SIX):
        deliver(post, at)
    assert post.recipients == ["ada@example.org"]
    row = Delivery.objects.get(reader=ben)
    assert (row.state, row.reason) == ("withdrawn", "The reader paused the mail until May 7, 2022.")


def test_a_correction_waits_on_the_page_for_who_paused_meanwhile(ada: Reader, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    for morning in (AUCKLAND_SIX, BERLIN_SIX):
        deliver(RememberingPost(), morning)
    at = BERLIN_SIX + 23 * HOUR  # Saturday in Berlin, where the pause begins
    pause_mail(ben, FRIDAY + 7 * DAY, at, by="the reader")
    Correction.objects.create(edition=edition, note="It was gas.", by="Ines", at=at, by_mail=True)
    printed(at=at)
    plan_all(at)
    post = RememberingPost()
    deliver(post, at)
    assert post.recipients == ["ada@example.org"]


def test_an_edition_of_a_pause_that_is_over_says_so_still(ben: Reader) -> None:
    pause_mail(ben, FRIDAY + 3 * DAY, NIGHT, by="the reader")
    edition = printed()
    plan(edition, NIGHT)
    (line,) = ReaderLines(edition, NIGHT + 30 * DAY)
    assert line.reason == "The reader paused the mail until May 9, 2022."


def test_the_board_counts_to_the_first_reader_who_is_there(ada: Reader, ben: Reader) -> None:
    pause_mail(ada, FRIDAY + DAY, NIGHT, by="the reader")
    first = board_of(FRIDAY, NIGHT).first
    assert first is not None and first.time_zone == "Europe/Berlin"
    pause_mail(ben, FRIDAY + DAY, NIGHT, by="the reader")
    assert board_of(FRIDAY, NIGHT).first is None
