"""A row for each reader who is owed the edition, once, in their own morning."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.days import parse_days
from daybreak.circulation.models import Period, Reader
from daybreak.circulation.preferences import change_mornings
from daybreak.delivery.inserting import Wave, insert_rows
from daybreak.delivery.mending.settling import doubt_after_restore, settle_all
from daybreak.delivery.models import Delivery
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.planning import Planned, editions_to_plan, plan, plan_all, planning_due
from daybreak.delivery.status import ReaderLines
from daybreak.desk.calendar import add_holiday, remove_holiday
from daybreak.desk.models import Correction
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    many_readers,
    printed,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_each_reader_gets_a_row_due_in_their_morning(ada: Reader, ben: Reader) -> None:
    assert plan(printed(), NIGHT) == Planned(made=2, moved=0)
    rows = Delivery.objects.values_list("reader__name", "state", "due_at", "not_after")
    assert list(rows) == [
        ("Ada", "due", AUCKLAND_SIX, AUCKLAND_SIX + 5 * HOUR),
        ("Ben", "due", BERLIN_SIX, BERLIN_SIX + 5 * HOUR),
    ]


def test_planning_again_changes_nothing(ada: Reader, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    before = list(Delivery.objects.values())
    assert plan(edition, NIGHT + HOUR) == Planned()
    assert list(Delivery.objects.values()) == before


def test_a_new_reader_is_picked_up_by_the_next_planning(ada: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    make_reader("Ben", "Europe/Berlin")
    assert plan(edition, NIGHT + HOUR).made == 1


@pytest.mark.parametrize(
    ("began", "owed"), [(BERLIN_SIX - HOUR, 1), (BERLIN_SIX, 1), (BERLIN_SIX + dt.timedelta(seconds=1), 0)]
)
def test_who_joins_after_their_morning_is_owed_the_next_edition(began: dt.datetime, owed: int) -> None:
    reader = make_reader("Ben", "Europe/Berlin", kind="")
    Reader.objects.update(confirmed_at=began)
    Period.objects.create(reader=reader, kind="trial", starts_at=began, ends_at=began + dt.timedelta(days=14))
    printed()
    assert plan_all(BERLIN_SIX + 2 * HOUR).made == owed


def test_an_edition_printed_late_is_owed_to_those_whose_morning_it_missed(ada: Reader) -> None:
    printed(at=AUCKLAND_SIX + HOUR)
    assert plan_all(AUCKLAND_SIX + HOUR).made == 1


def test_who_stopped_the_mail_or_may_not_read_is_owed_nothing(db: None) -> None:
    make_reader("Stopped", "UTC", mail_stopped_at=NIGHT)
    make_reader("Lapsed", "UTC", kind="")
    Reader.objects.filter(pk=make_reader("Unconfirmed", "UTC").pk).update(confirmed_at=None)
    assert plan(printed(), NIGHT).made == 0


def test_a_reader_who_moves_is_owed_the_edition_in_the_new_place(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    Reader.objects.update(time_zone="Pacific/Auckland", delivery_time=dt.time(7))
    assert plan(edition, NIGHT) == Planned(moved=1)
    row = Delivery.objects.get()
    assert (row.due_at, row.not_after) == (AUCKLAND_SIX + HOUR, AUCKLAND_SIX + 5 * HOUR)


@pytest.mark.parametrize("change", [{"attempts": 1}, {"state": "refused"}, {"state": "withdrawn"}])
def test_a_row_that_was_tried_or_is_settled_does_not_move(ben: Reader, change: dict[str, object]) -> None:
    edition = printed()
    plan(edition, NIGHT)
    Delivery.objects.update(**change)
    Reader.objects.update(time_zone="Pacific/Auckland")
    assert plan(edition, NIGHT) == Planned()
    assert Delivery.objects.get().due_at == BERLIN_SIX


def test_only_printed_editions_whose_mornings_are_not_over_are_planned(ben: Reader) -> None:
    edition = printed()
    unprinted = printed(FRIDAY - dt.timedelta(days=1))
    unprinted.press_runs.all().delete()
    assert list(editions_to_plan(NIGHT)) == [edition]
    assert list(editions_to_plan(dt.datetime(2022, 5, 7, 13, 59, tzinfo=dt.UTC))) == [edition]
    assert list(editions_to_plan(dt.datetime(2022, 5, 7, 14, 1, tzinfo=dt.UTC))) == []


def test_a_saturday_edition_is_planned_until_monday_is_over(ben: Reader) -> None:
    saturday = printed(FRIDAY + dt.timedelta(days=1))
    assert list(editions_to_plan(dt.datetime(2022, 5, 10, 13, 59, tzinfo=dt.UTC))) == [saturday]


def test_planning_asks_the_database_a_few_times_only(django_assert_max_num_queries: object) -> None:
    many_readers(1200)
    edition = printed()
    assert plan(edition, NIGHT).made == 1200
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        plan(edition, NIGHT)


def test_ids_rise_with_the_readers_and_are_uuids_of_version_7() -> None:
    many_readers(300)
    for key in ((1 << 14) - 1, 1 << 14, (1 << 26) - 1):  # where the counter's parts end
        make_reader(f"Reader {key}", "UTC", pk=key)
    plan(printed(), NIGHT)
    ids = list(Delivery.objects.order_by("reader_id").values_list("pk", flat=True))
    assert ids == sorted(ids)
    assert {(key.version, key.variant) for key in ids} == {(7, "specified in RFC 4122")}


def test_who_got_a_row_from_another_worker_meanwhile_gets_no_second(ada: Reader, ben: Reader) -> None:
    edition = printed()
    waves = {
        ("Pacific/Auckland", dt.time(6)): Wave(AUCKLAND_SIX, AUCKLAND_SIX + 5 * HOUR),
        ("Europe/Berlin", dt.time(6)): Wave(BERLIN_SIX, BERLIN_SIX + 5 * HOUR),
    }
    assert insert_rows(edition, Reader.objects.filter(pk=ben.pk), waves) == 1
    # chosen before that row was there, as a worker that plans at the same moment does
    assert insert_rows(edition, Reader.objects.all(), waves) == 1
    assert Delivery.objects.values("reader").distinct().count() == Delivery.objects.count() == 2


def test_readers_whose_ids_lie_far_apart_are_all_planned(
    ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daybreak.delivery.inserting.STRIDE", {"sqlite": 3, "postgresql": 3})
    many_readers(20)
    Reader.objects.filter(email__in=["reader003@example.org", "reader004@example.org"]).delete()
    edition = printed()
    assert plan(edition, NIGHT).made == 19
    assert plan(edition, NIGHT) == Planned()


def test_one_morning_past_and_one_to_come_are_planned_together(ada: Reader, ben: Reader) -> None:
    late = make_reader("Lee", "Pacific/Auckland", kind="")
    Period.objects.create(reader=late, kind="comp", starts_at=AUCKLAND_SIX + dt.timedelta(seconds=1))
    assert plan(printed(), AUCKLAND_SIX + HOUR).made == 2
    assert set(Delivery.objects.values_list("reader__name", flat=True)) == {"Ada", "Ben"}


# -- the reader's days and the paper's --------------------------------------------------------------------
def test_a_reader_gets_the_editions_of_their_days_only(db: None) -> None:
    make_reader("Midweek", "Europe/Berlin", delivery_days=parse_days("Mon Wed Fri"))
    make_reader("Always", "Europe/Berlin")
    week = [printed(FRIDAY + dt.timedelta(days=days)) for days in (3, 4, 5, 6, 7)]
    assert [plan(edition, NIGHT).made for edition in week] == [2, 1, 2, 1, 2]


def test_the_day_that_counts_is_the_one_on_which_the_edition_goes_out(db: None) -> None:
    make_reader("Mondays", "Europe/Berlin", delivery_days=parse_days("Mon"))
    make_reader("Tuesdays", "Europe/Berlin", delivery_days=parse_days("Tue"))
    saturday = printed(FRIDAY + dt.timedelta(days=1))
    plan(saturday, NIGHT)
    assert Delivery.objects.get().reader.name == "Mondays"
    add_holiday(FRIDAY + dt.timedelta(days=3), "A day off", by="Ines", at=NIGHT)
    assert plan(saturday, NIGHT) == Planned(made=1, dropped=1)
    assert Delivery.objects.get().reader.name == "Tuesdays"


def test_who_gives_a_day_up_is_not_owed_it_and_who_takes_it_back_is(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    change_mornings(ben, "Europe/Berlin", "06:00", "Mon")
    assert planning_due(NIGHT)
    assert plan(edition, NIGHT) == Planned(dropped=1)
    assert not planning_due(NIGHT)
    (line,) = ReaderLines(edition, NIGHT)
    assert (line.state, line.reason) == ("unplanned", "Friday is not one of the reader’s days.")
    change_mornings(ben, "Europe/Berlin", "06:00", "Fri")
    assert plan(edition, NIGHT) == Planned(made=1)


def test_a_row_that_was_tried_stays_whatever_the_days(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    Delivery.objects.update(attempts=1)
    Reader.objects.update(delivery_days=parse_days("Mon"))
    assert plan(edition, NIGHT) == Planned()


def test_a_holiday_moves_the_mornings_and_its_end_moves_them_back(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    add_holiday(FRIDAY, "May Day", by="Ines", at=NIGHT)
    assert plan(edition, NIGHT) == Planned(moved=1)
    row = Delivery.objects.get()
    assert (row.due_at, row.not_after) == (BERLIN_SIX + 72 * HOUR, BERLIN_SIX + 77 * HOUR)
    # it is still in hand on Monday, though it is dated Friday
    assert list(editions_to_plan(BERLIN_SIX + 72 * HOUR, the_rules())) == [edition]
    remove_holiday(FRIDAY, by="Ines", at=NIGHT)
    assert plan(edition, NIGHT) == Planned(moved=1)
    assert Delivery.objects.get().due_at == BERLIN_SIX


def test_a_day_given_up_after_the_first_try_is_withdrawn_at_the_next(ben: Reader) -> None:
    plan(printed(), NIGHT)
    Delivery.objects.update(attempts=1)
    Reader.objects.update(delivery_days=parse_days("Mon"))
    post = RememberingPost()
    deliver(post, BERLIN_SIX)
    row = Delivery.objects.get()
    assert (post.taken, row.state) == ([], "withdrawn")
    assert row.reason == "Friday is not one of the reader’s days."


def test_what_may_have_left_before_a_restoring_is_planned_as_doubt(ada: Reader, ben: Reader) -> None:
    assert doubt_after_restore(AUCKLAND_SIX + HOUR) == 0, "the backup is older than the planning"
    edition = printed()
    assert plan(edition, AUCKLAND_SIX + 2 * HOUR).made == 2
    rows = Delivery.objects.values_list("reader__name", "state", "run")
    assert set(rows) == {("Ada", "in_doubt", edition.press_runs.get().pk), ("Ben", "due", None)}
    assert plan(edition, AUCKLAND_SIX + 2 * HOUR) == Planned()
    post = RememberingPost()
    deliver(post, BERLIN_SIX)
    assert post.recipients == ["ben@example.org"]
    assert settle_all(edition, "arrived", by="Ines", at=BERLIN_SIX) == {"handed_over": 1}


def test_so_is_a_correction_that_was_older(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    deliver(RememberingPost(), BERLIN_SIX)
    at = BERLIN_SIX + HOUR
    Correction.objects.create(edition=edition, note="It was gas.", by="Ines", at=at, by_mail=True)
    printed(at=at)
    doubt_after_restore(at + HOUR)
    assert plan_all(at + HOUR).corrections == 1
    assert Delivery.objects.get(correction__isnull=False).state == "in_doubt"
