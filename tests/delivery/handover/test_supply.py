"""What a worker takes next: who is owed a mail still, and what the taking costs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from daybreak.circulation.models import Period, Reader
from daybreak.delivery.handover import claims
from daybreak.delivery.handover.claims import new_claim
from daybreak.delivery.handover.ledger import Ledger, Sent
from daybreak.delivery.handover.pen import Pen
from daybreak.delivery.handover.supply import Supply
from daybreak.delivery.models import Delivery, Suppression
from daybreak.delivery.planning import plan
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def taken(at: dt.datetime = BERLIN_SIX) -> tuple[list[str], Sent]:
    """The addresses that are owed a mail at `at`, in order, and what was done beside."""
    with new_claim() as claim:
        supply = Supply(Ledger(claim, lambda: at, Sent(), Pen()), replace(settings.CONFIG))
        return [job.email for job in supply.jobs()], supply.ledger.sent


def test_who_is_not_owed_it_any_more_is_told_apart() -> None:
    many_readers(5)
    plan(printed(), NIGHT)
    readers = list(Reader.objects.order_by("email"))
    Reader.objects.filter(pk=readers[0].pk).update(mail_stopped_at=NIGHT)
    Suppression.objects.create(reader=readers[1], reason="hard_bounce", sentence="no such box", since=NIGHT)
    Reader.objects.filter(pk=readers[2].pk).update(delivery_days=1)  # Mondays; the edition is a Friday's
    Period.objects.filter(reader=readers[3]).update(ends_at=NIGHT)
    left, sent = taken()
    assert (left, sent.withdrawn) == ([readers[4].email], 4)
    reasons = (
        Delivery.objects.filter(state="withdrawn").order_by("reader__email").values_list("reason", flat=True)
    )
    assert list(reasons) == [
        "The reader stopped the mail.",
        "No mail goes to this address: it is suppressed.",
        "Friday is not one of the reader’s days.",
        "The reader is no longer entitled.",
    ]


def test_taking_asks_the_database_as_often_whatever_the_number_of_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many_readers(60)
    plan(printed(), NIGHT)
    counts = []
    for batch in (10, 30):
        monkeypatch.setattr(claims, "BATCH", batch)
        with new_claim() as claim, CaptureQueriesContext(connection) as queries:
            jobs = Supply(Ledger(claim, lambda: BERLIN_SIX, Sent(), Pen()), settings.CONFIG).jobs()
            assert len({next(jobs).email for _ in range(batch)}) == batch
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_rows_are_looked_up_by_their_ids_and_not_by_a_state_that_a_whole_morning_is_in() -> None:
    many_readers(40)
    plan(printed(), NIGHT)
    with new_claim() as claim, CaptureQueriesContext(connection) as queries:
        ledger = Ledger(claim, lambda: BERLIN_SIX, Sent(), Pen())
        jobs = list(Supply(ledger, settings.CONFIG).jobs())
        ledger.write([], jobs[:20])
        ledger.write([(job, None) for job in jobs[:20]], jobs[20:])
    updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE delivery_delivery")]
    by_id = {"sqlite": "(id=?)", "postgresql": "delivery_delivery_pkey"}[connection.vendor]
    assert len(updates) == 4
    assert all(by_id in plan_of(update) for update in updates)


def plan_of(statement: str) -> str:
    """How the database would go about it, were its tables large."""
    how = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "SET LOCAL enable_seqscan = off; EXPLAIN"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{how[connection.vendor]} {statement}")
        if connection.vendor == "postgresql":
            cursor.nextset()
        return str(cursor.fetchall())


def test_what_is_held_back_is_due_again_when_more_is_taken() -> None:
    many_readers(3)
    plan(printed(), NIGHT)
    with new_claim() as claim:
        supply = Supply(Ledger(claim, lambda: BERLIN_SIX, Sent(), Pen()), settings.CONFIG)
        jobs = supply.jobs()
        supply.held_back.append(next(jobs))
        supply.resting["example.org"] = 2.0**40
        assert len(list(jobs)) == 2
        assert Delivery.objects.get(state="due").reader.email == "reader000@example.org"


def test_the_sweep_for_what_is_too_late_is_made_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 1)
    sweeps: list[dt.datetime] = []

    def swept(at: dt.datetime) -> int:
        sweeps.append(at)
        return 0

    monkeypatch.setattr(claims, "give_up_late", swept)
    many_readers(6)
    plan(printed(), NIGHT)
    instants = iter(range(1000))
    with new_claim() as claim:
        clock = lambda: BERLIN_SIX + next(instants) * MINUTE / 10  # noqa: E731
        list(Supply(Ledger(claim, clock, Sent(), Pen()), settings.CONFIG).jobs())
    assert len(sweeps) == 2
