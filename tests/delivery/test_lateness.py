"""A late edition waits on the site, and the next one says so to exactly those who missed it."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.days import parse_days
from daybreak.circulation.models import Period, Reader
from daybreak.delivery.mending.holding import stop
from daybreak.delivery.mending.settling import doubt_after_restore
from daybreak.delivery.models import Delivery, Suppression
from daybreak.delivery.planning import plan, plan_all, planning_due
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    parsed,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
THURSDAY = FRIDAY - DAY


def texts(post: RememberingPost, kind: str = "plain") -> dict[str, str]:
    """The text of each mail by the reader's first name."""
    found = {}
    for recipient, data in post.taken:
        body = parsed(data).get_body((kind,))
        assert body is not None
        found[recipient.partition("@")[0]] = body.get_content()
    return found


def a_night(day: dt.date, *, printed_at: dt.datetime, at: list[dt.datetime]) -> RememberingPost:
    printed(day, at=printed_at)
    post = RememberingPost()
    for instant in at:
        plan_all(instant)
        deliver(post, instant)
    return post


def test_who_missed_the_edition_before_is_told_and_nobody_else(ada: Reader, ben: Reader) -> None:
    # Thursday's paper was printed after Auckland's eleven o'clock: Ada missed it, Ben had it in time.
    a_night(
        THURSDAY,
        printed_at=AUCKLAND_SIX - DAY + 6 * HOUR,
        at=[AUCKLAND_SIX - DAY + 6 * HOUR, BERLIN_SIX - DAY],
    )
    assert states() == {"handed_over": 1, "missed": 1}
    friday = a_night(FRIDAY, printed_at=NIGHT, at=[AUCKLAND_SIX, BERLIN_SIX])
    plain, page = texts(friday), texts(friday, "html")
    line = "Yesterday’s edition was late; read it here: http://127.0.0.1:8000/2022/05/05/"
    assert line in plain["ada"].replace("\r", "")
    assert '<a href="http://127.0.0.1:8000/2022/05/05/">read it here</a>' in page["ada"]
    assert "was late" not in plain["ben"] + page["ben"]
    # and they are told once: the Monday after, their last edition is one they had
    monday = a_night(FRIDAY + 3 * DAY, printed_at=NIGHT + 3 * DAY, at=[AUCKLAND_SIX + 3 * DAY])
    assert "was late" not in texts(monday)["ada"]


def test_an_edition_missed_before_the_weekend_is_named_by_its_day(ada: Reader) -> None:
    a_night(FRIDAY, printed_at=NIGHT, at=[AUCKLAND_SIX + 6 * HOUR])
    monday = a_night(FRIDAY + 3 * DAY, printed_at=NIGHT + 3 * DAY, at=[AUCKLAND_SIX + 3 * DAY])
    assert "Friday’s edition was late; read it here: " in texts(monday)["ada"]


def test_an_edition_missed_a_week_ago_is_named_by_its_date(ada: Reader) -> None:
    a_night(FRIDAY, printed_at=NIGHT, at=[AUCKLAND_SIX + 6 * HOUR])
    next_one = a_night(FRIDAY + 7 * DAY, printed_at=NIGHT + 7 * DAY, at=[AUCKLAND_SIX + 7 * DAY])
    assert "The edition of May 6 was late; read it here: " in texts(next_one)["ada"]


def test_an_edition_that_was_stopped_is_not_called_late(ada: Reader) -> None:
    plan(printed(THURSDAY, at=NIGHT - DAY), NIGHT - DAY)
    Delivery.objects.update(state="withdrawn", reason="Ines stopped this edition: a hoax.")
    friday = a_night(FRIDAY, printed_at=NIGHT, at=[AUCKLAND_SIX])
    assert "was late" not in texts(friday)["ada"]


def test_an_edition_printed_after_all_its_mornings_is_told_like_one_that_was_missed(
    ada: Reader, ben: Reader
) -> None:
    printed(FRIDAY, at=NIGHT + 2 * DAY)
    assert plan_all(NIGHT + 2 * DAY).made == 0
    make_reader("Zoe", "Europe/Berlin", "")
    Reader.objects.filter(name="Zoe").update(confirmed_at=NIGHT + 2 * DAY)
    Period.objects.create(reader=Reader.objects.get(name="Zoe"), kind="trial", starts_at=NIGHT + 2 * DAY)
    Reader.objects.filter(name="Ben").update(delivery_days=parse_days("Mon Tue"))
    monday = a_night(
        FRIDAY + 3 * DAY,
        printed_at=NIGHT + 3 * DAY,
        at=[AUCKLAND_SIX + 3 * DAY, BERLIN_SIX + 3 * DAY],
    )
    told = texts(monday)
    assert "Friday’s edition was late; read it here: " in told["ada"]
    # Zoe was no reader yet, and Friday is none of Ben's days
    assert "was late" not in told["ben"] + told["zoe"]
    tuesday = a_night(FRIDAY + 4 * DAY, printed_at=NIGHT + 4 * DAY, at=[AUCKLAND_SIX + 4 * DAY])
    assert "was late" not in texts(tuesday)["ada"]


def test_who_missed_one_edition_and_was_never_planned_the_next_is_told_of_the_later(ada: Reader) -> None:
    a_night(THURSDAY, printed_at=AUCKLAND_SIX - DAY + 6 * HOUR, at=[AUCKLAND_SIX - DAY + 6 * HOUR])
    assert states() == {"missed": 1}
    printed(FRIDAY, at=NIGHT + 2 * DAY)
    monday = a_night(FRIDAY + 3 * DAY, printed_at=NIGHT + 3 * DAY, at=[AUCKLAND_SIX + 3 * DAY])
    assert "Friday’s edition was late" in texts(monday)["ada"]


def test_of_an_unplanned_edition_nothing_is_said_once_stopped_or_after_a_restore(ada: Reader) -> None:
    edition = printed(FRIDAY, at=NIGHT + 2 * DAY)
    stop(edition, by="Ines", at=NIGHT + 2 * DAY, reason="A hoax.")
    monday = a_night(FRIDAY + 3 * DAY, printed_at=NIGHT + 3 * DAY, at=[AUCKLAND_SIX + 3 * DAY])
    assert "was late" not in texts(monday)["ada"]
    printed(FRIDAY + 4 * DAY, at=NIGHT + 4 * DAY)
    doubt_after_restore(BERLIN_SIX + 5 * DAY)
    thursday = a_night(FRIDAY + 6 * DAY, printed_at=NIGHT + 6 * DAY, at=[AUCKLAND_SIX + 6 * DAY])
    assert "was late" not in texts(thursday)["ada"]


def test_who_missed_it_for_a_wrong_zone_gets_it_on_the_morning_of_the_right_one(ada: Reader) -> None:
    missed_at = AUCKLAND_SIX + 6 * HOUR
    a_night(FRIDAY, printed_at=NIGHT, at=[missed_at])
    assert states() == {"missed": 1}
    assert not planning_due(missed_at)
    Reader.objects.update(time_zone="Europe/Berlin")
    assert planning_due(missed_at)
    assert plan_all(missed_at).moved == 1
    assert not planning_due(missed_at)
    row = Delivery.objects.get()
    assert (row.state, row.due_at, row.reason) == ("due", BERLIN_SIX, "")
    post = RememberingPost()
    deliver(post, BERLIN_SIX - HOUR)
    assert post.taken == []
    deliver(post, BERLIN_SIX)
    assert states() == {"handed_over": 1}


@pytest.mark.parametrize("change", ["morning is past", "suppressed", "stopped the mail"])
def test_a_missed_edition_stays_missed_where_no_morning_is_ahead_or_no_mail_goes(
    ada: Reader, change: str
) -> None:
    a_night(FRIDAY, printed_at=NIGHT, at=[AUCKLAND_SIX + 6 * HOUR])
    Reader.objects.update(time_zone="Europe/Berlin")
    at = AUCKLAND_SIX + 6 * HOUR
    if change == "suppressed":
        Suppression.objects.create(reader=ada, address=ada.email, reason="complaint", sentence="x", since=at)
    elif change == "stopped the mail":
        Reader.objects.update(mail_stopped_at=at)
    else:
        at = BERLIN_SIX
    assert not planning_due(at)
    assert plan_all(at).moved == 0
    assert states() == {"missed": 1}


@pytest.mark.parametrize("late", [5 * HOUR + dt.timedelta(seconds=1), 12 * HOUR, 7 * DAY, 400 * DAY])
def test_nothing_leaves_long_past_its_hour_however_long_the_sleep(late: dt.timedelta) -> None:
    """Planned in the night, then asleep (or restored from a backup) until `late` after the morning."""
    make_reader("Ben", "Europe/Berlin")
    plan(printed(), NIGHT)
    post = RememberingPost()
    plan_all(BERLIN_SIX + late)
    deliver(post, BERLIN_SIX + late)
    assert (post.taken, states()) == ([], {"missed": 1})


def test_a_clock_that_jumps_while_it_sends_sends_nothing_past_the_hour() -> None:
    for name in ("Ann", "Bea", "Cat"):
        make_reader(name, "Europe/Berlin")
    plan(printed(), NIGHT)
    post = RememberingPost()
    deliver(post, lambda: BERLIN_SIX if not post.taken else BERLIN_SIX + 8 * HOUR)
    assert len(post.taken) == 1
    assert states() == {"handed_over": 1, "missed": 2}
