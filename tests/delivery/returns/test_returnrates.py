"""Complaints and dead addresses beside what is usual, by a moved clock; and the alarms that come of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from daybreak.circulation.models import Reader
from daybreak.delivery.models import Alarm, Delivery
from daybreak.delivery.returns.outcomes import Told, record
from daybreak.delivery.watch.alarms import keep_in_step
from daybreak.delivery.watch.board import house_lines
from daybreak.desk.models import Edition
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, many_readers, printed

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NOON = BERLIN_SIX + 6 * HOUR
READERS = 1000


def handed_over(date: dt.date, at: dt.datetime) -> Edition:
    """An edition that all readers were handed over at `at`."""
    edition = printed(date, at - 12 * HOUR)
    run = edition.press_runs.get()
    Delivery.objects.bulk_create(
        Delivery(
            edition=edition, reader=reader, run=run, state="handed_over", due_at=at, not_after=at + HOUR,
            handed_over_at=at,
        )
        for reader in Reader.objects.all()
    )  # fmt: skip
    return edition


def told(edition: Edition, kind: str, number: int, at: dt.datetime, skip: int = 0) -> None:
    """The first `number` readers' mails of an edition met with `kind`; each is told twice."""
    rows = edition.deliveries.order_by("reader__email")[skip : skip + number]
    for row in rows:
        for source in ("one", "another"):
            record(Told(kind, f"{source} {row.pk}", at, "postmark", delivery_id=row.pk), at)


def line(kind: str, at: dt.datetime) -> tuple[str, str] | None:
    """State and sentence of one line of the house."""
    return next(((each.state, each.sentence) for each in house_lines(at) if each.kind == kind), None)


@pytest.fixture
def friday(db: None) -> Edition:
    many_readers(READERS)
    return handed_over(FRIDAY, BERLIN_SIX)


@pytest.mark.parametrize(("kind", "few"), [("complaint", 2), ("hard_bounce", 4)])
def test_a_few_say_nothing(friday: Edition, kind: str, few: int) -> None:
    told(friday, kind, few, NOON)
    assert len(house_lines(NOON)) == 1


def test_complaints_above_a_thousandth_are_late_and_counted_once_a_mail(friday: Edition) -> None:
    told(friday, "complaint", 3, NOON)
    state, sentence = line("complaints", NOON) or ("", "")
    assert state == "late"
    assert sentence.startswith(
        "3 of 1,000 mails were reported as unwanted within a day (0.30%; usually 0.00%)"
    )


def test_complaints_are_measured_by_the_usual_up_to_what_gmail_bears(friday: Edition) -> None:
    yesterday = handed_over(FRIDAY - DAY, BERLIN_SIX - DAY - HOUR)
    told(yesterday, "complaint", 2, NOON - DAY)
    newcomers = Reader.objects.bulk_create(
        Reader(email=f"more{each}@example.org", name="M", feed_token=f"m{each}", unsubscribe_token=f"m{each}",
               session_stamp="s", created_at=BERLIN_SIX, time_zone="UTC")
        for each in range(READERS)
    )  # fmt: skip
    run = friday.press_runs.get()
    Delivery.objects.bulk_create(
        Delivery(edition=friday, reader=reader, run=run, state="handed_over", due_at=BERLIN_SIX,
                 not_after=NOON, handed_over_at=BERLIN_SIX)
        for reader in newcomers
    )  # fmt: skip
    told(friday, "complaint", 5, NOON)
    assert (line("complaints", NOON) or ("",))[0] == "well", "0.25 % where 0.2 % is usual"
    told(friday, "complaint", 1, NOON, skip=5)
    assert (line("complaints", NOON) or ("",))[0] == "late", "0.3 % is never to be reached"


@pytest.mark.parametrize(("number", "state"), [(20, "well"), (21, "late")])
def test_dead_addresses_are_late_above_a_fiftieth(friday: Edition, number: int, state: str) -> None:
    told(friday, "hard_bounce", number, NOON)
    assert (line("bounces", NOON) or ("",))[0] == state


def test_complaints_raise_an_alarm_that_ends_with_their_day(friday: Edition) -> None:
    config = replace(django_settings.CONFIG, alarm_mail="night@paper.example", alarm_webhook="")
    keep_in_step(NOON, config)
    told(friday, "complaint", 4, NOON)
    keep_in_step(NOON, config)
    alarm = Alarm.objects.get(kind="complaints")
    assert alarm.cleared_at is None
    keep_in_step(NOON + 12 * HOUR, config)
    alarm.refresh_from_db()
    assert alarm.cleared_at is None
    keep_in_step(BERLIN_SIX + DAY + HOUR, config)
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None
