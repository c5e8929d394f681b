"""A late edition waits on the site, and the next one says so to exactly those who missed it."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.models import Reader
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan, plan_all
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
