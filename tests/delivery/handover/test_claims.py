"""A claim holds while its worker lives and its lease lasts; what a worker leaves is due again, or in doubt."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from daybreak.circulation.models import Reader
from daybreak.delivery.handover.claims import LEASE, give_back, new_claim, recover, take
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import sending_due
from tests.conftest import make_reader
from tests.delivery.ledger import (
    BERLIN_SIX,
    NIGHT,
    RememberingPost,
    deliver,
    failing,
    many_readers,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def claimed(db: None) -> Iterator[uuid.UUID]:
    """Four rows under a claim whose process is another one's: nothing here holds its file."""
    many_readers(4)
    plan(printed(), NIGHT)
    claim = uuid.uuid4()
    assert len(take(claim, (Delivery.objects.all()[0].edition_id, None), BERLIN_SIX)) == 4
    yield claim


def test_a_claim_takes_nothing_that_is_claimed(claimed: uuid.UUID) -> None:
    with new_claim() as other:
        assert take(other, (Delivery.objects.all()[0].edition_id, None), BERLIN_SIX) == []


def test_a_claim_takes_no_more_than_it_asks_for_however_the_database_looks_for_it() -> None:
    many_readers(30)
    plan(printed(), NIGHT)
    if connection.vendor == "postgresql":  # the plans that it may choose when it knows little of a table
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
            cursor.execute("SET LOCAL enable_material = off; SET LOCAL enable_hashagg = off")
    with new_claim() as claim:
        assert len(take(claim, (Delivery.objects.all()[0].edition_id, None), BERLIN_SIX, 12)) == 12
        assert states() == {"claimed": 12, "due": 18}


def test_an_ended_lease_leaves_doubt_only_about_what_was_on_the_wire(claimed: uuid.UUID) -> None:
    first = Delivery.objects.order_by("pk").first()
    Delivery.objects.filter(pk=first.pk).update(on_the_wire=True)  # type: ignore[union-attr]
    assert recover(BERLIN_SIX + LEASE - SECOND) == 0
    assert recover(BERLIN_SIX + LEASE) == 3
    assert states() == {"due": 3, "in_doubt": 1}
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX + LEASE) == Sent(handed_over=3)
    assert first.reader.email not in post.recipients  # type: ignore[union-attr]


def test_a_dead_workers_claim_is_given_back_at_once(claimed: uuid.UUID) -> None:
    folder = settings.CONFIG.data / "claims"
    folder.mkdir(exist_ok=True)
    (folder / str(claimed)).touch()  # what a killed process leaves: its file, without its lock
    assert recover(BERLIN_SIX) == 4
    assert not (folder / str(claimed)).exists()


def test_a_living_workers_claim_is_respected() -> None:
    many_readers(2)
    plan(printed(), NIGHT)
    with new_claim() as claim:
        take(claim, (Delivery.objects.all()[0].edition_id, None), BERLIN_SIX)
        assert recover(BERLIN_SIX + MINUTE) == 0
        assert states() == {"claimed": 2}
    assert states() == {"due": 2}


def test_a_worker_whose_lease_ended_sends_nothing_more() -> None:
    many_readers(6)
    plan(printed(), NIGHT)

    def lease_ends(recipient: str, number: int) -> None:
        if number == 2:  # while the third mail is on the wire another worker finds the lease ended
            recover(BERLIN_SIX + LEASE)

    post = RememberingPost(lease_ends)
    deliver(post, BERLIN_SIX)
    assert len(post.recipients) == len(set(post.recipients)) == 6
    assert states() == {"handed_over": 6}


def test_a_slow_servers_lease_is_renewed_and_never_runs_out() -> None:
    many_readers(30)
    plan(printed(), NIGHT)
    post = RememberingPost()
    claims: set[tuple[Any, Any]] = set()

    def clock() -> dt.datetime:
        claims.update(Delivery.objects.filter(state="claimed").values_list("claim", "claimed_at"))
        return BERLIN_SIX + len(post.taken) * 20 * SECOND

    assert deliver(post, clock).handed_over == 30
    assert len(post.taken) == 30
    since = sorted(claimed_at for _, claimed_at in claims)
    assert len({claim for claim, _ in claims}) == 1
    assert max(later - sooner for sooner, later in pairwise(since)) < LEASE / 2


def test_a_broken_worker_gives_its_claim_back(ben: Reader) -> None:
    make_reader("Eve", "Europe/Berlin")
    plan(printed(), NIGHT)
    with pytest.raises(RuntimeError):
        deliver(RememberingPost(failing(RuntimeError("a bug"))), BERLIN_SIX)
    assert states() == {"due": 1, "in_doubt": 1}


def test_what_a_clock_a_day_ahead_gave_up_is_sent_once_the_clock_is_right(ben: Reader) -> None:
    plan(printed(), NIGHT)
    Delivery.objects.update(reason="452 full")
    assert deliver(RememberingPost(), BERLIN_SIX + dt.timedelta(days=1)).missed == 1
    assert sending_due(BERLIN_SIX)
    assert recover(BERLIN_SIX) == 1
    assert Delivery.objects.get().reason == "452 full"
    assert deliver(RememberingPost(), BERLIN_SIX).handed_over == 1


def test_what_was_rightly_given_up_stays_so(ben: Reader) -> None:
    plan(printed(), NIGHT)
    assert deliver(RememberingPost(), BERLIN_SIX + 6 * 60 * MINUTE).missed == 1
    assert not sending_due(BERLIN_SIX + 6 * 60 * MINUTE)
    assert (recover(BERLIN_SIX + 6 * 60 * MINUTE), states()) == (0, {"missed": 1})


def test_giving_back_twice_changes_nothing(claimed: uuid.UUID) -> None:
    assert (give_back(claimed), give_back(claimed)) == (4, 0)
