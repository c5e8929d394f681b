"""A person settles a doubt: it arrived, or it goes again while its hour is not past; once, and by name."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.models import Reader
from daybreak.common.post import InDoubt
from daybreak.common.refusal import Refused
from daybreak.delivery.mending.holding import stop
from daybreak.delivery.mending.settling import doubt_after_restore, settle, settle_all
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from daybreak.desk.models import Edition
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    NIGHT,
    RememberingPost,
    deliver,
    many_readers,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def doubtful(ben: Reader) -> Delivery:
    plan(printed(), NIGHT)

    def no_answer(recipient: str, number: int) -> None:
        raise InDoubt("No answer.")

    deliver(RememberingPost(no_answer), BERLIN_SIX)
    return Delivery.objects.get(state="in_doubt")


def test_a_person_says_that_it_arrived(doubtful: Delivery) -> None:
    assert settle(doubtful.edition, doubtful.pk, "arrived", by="Ines", at=BERLIN_SIX + HOUR) == "handed_over"
    row = Delivery.objects.get()
    assert (row.handed_over_at, row.reason) == (BERLIN_SIX, "Ines says that it arrived.")
    assert row.run is not None


def test_a_person_has_it_sent_again(doubtful: Delivery) -> None:
    assert settle(doubtful.edition, doubtful.pk, "again", by="Ines", at=BERLIN_SIX + HOUR) == "due"
    post = RememberingPost()
    deliver(post, BERLIN_SIX + HOUR)
    assert (post.recipients, states()) == (["ben@example.org"], {"handed_over": 1})


def test_sent_again_past_its_hour_is_missed(doubtful: Delivery) -> None:
    assert settle(doubtful.edition, doubtful.pk, "again", by="Ines", at=BERLIN_SIX + 9 * HOUR) == "missed"


def test_doubt_is_settled_once(doubtful: Delivery) -> None:
    settle(doubtful.edition, doubtful.pk, "arrived", by="Ines", at=BERLIN_SIX + HOUR)
    with pytest.raises(Refused, match="not in doubt any more"):
        settle(doubtful.edition, doubtful.pk, "again", by="Ben", at=BERLIN_SIX + HOUR)


def doubtful_rows(number: int) -> Edition:
    many_readers(number)
    edition = printed()
    plan(edition, NIGHT)

    def no_answer(recipient: str, tried: int) -> None:
        raise InDoubt("No answer.")

    deliver(RememberingPost(no_answer), BERLIN_SIX)
    assert states() == {"in_doubt": number}
    return edition


def test_all_in_doubt_are_settled_alike() -> None:
    edition = doubtful_rows(3)
    assert settle_all(edition, "arrived", by="Ines", at=BERLIN_SIX) == {"handed_over": 3}
    assert set(Delivery.objects.values_list("handed_over_at", flat=True)) == {BERLIN_SIX}
    with pytest.raises(Refused, match="in doubt any more"):
        settle_all(edition, "again", by="Ines", at=BERLIN_SIX)


def test_what_was_stopped_is_not_sent_again_but_may_have_arrived() -> None:
    edition = doubtful_rows(2)
    stop(edition, by="Ben", at=BERLIN_SIX, reason="A hoax.")
    row = Delivery.objects.order_by("reader_id")[0]
    with pytest.raises(Refused, match="Ben stopped this edition: nothing of it is sent again"):
        settle(edition, row.pk, "again", by="Ines", at=BERLIN_SIX)
    with pytest.raises(Refused, match="Ben stopped this edition: nothing of it is sent again"):
        settle_all(edition, "again", by="Ines", at=BERLIN_SIX)
    assert settle_all(edition, "arrived", by="Ines", at=BERLIN_SIX) == {"handed_over": 2}


def test_all_sent_again_are_due_but_those_whose_hour_is_past() -> None:
    edition = doubtful_rows(3)
    first = Delivery.objects.order_by("reader_id").values("pk")[:1]
    Delivery.objects.filter(pk__in=first).update(not_after=BERLIN_SIX)
    assert settle_all(edition, "again", by="Ines", at=BERLIN_SIX + HOUR) == {"due": 2, "missed": 1}
    post = RememberingPost()
    deliver(post, BERLIN_SIX + HOUR)
    assert len(post.taken) == 2


def test_after_a_restore_what_was_due_is_in_doubt_and_nobody_gets_it_twice(ada: Reader, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    at = AUCKLAND_SIX + HOUR
    assert doubt_after_restore(at) == 1
    post = RememberingPost()
    deliver(post, at)
    assert (post.taken, states()) == ([], {"due": 1, "in_doubt": 1})
    assert settle_all(edition, "arrived", by="Ines", at=at) == {"handed_over": 1}
    deliver(post, BERLIN_SIX)
    assert post.recipients == ["ben@example.org"]
