"""Handed over once, to those who may read, in their hour; every other outcome is on the row with its reason."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from daybreak.circulation.models import Period, Reader
from daybreak.common.post import AddressRefused, InDoubt, ServerAway, SmtpPost, TryLater
from daybreak.delivery.handover import claims
from daybreak.delivery.handover.claims import LEASE, take
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan, plan_all, planning_due
from daybreak.delivery.sending import sending_due
from tests.common.test_post import _at, _free_port
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    failing,
    many_readers,
    parsed,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


# -- the plain morning -----------------------------------------------------------------------------------
def test_each_reader_gets_it_once_in_their_morning(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost()
    assert deliver(post, AUCKLAND_SIX - SECOND) == Sent()
    assert deliver(post, AUCKLAND_SIX) == Sent(handed_over=1)
    assert deliver(post, BERLIN_SIX) == Sent(handed_over=1)
    assert deliver(post, BERLIN_SIX + MINUTE) == Sent()
    assert post.recipients == ["ada@example.org", "ben@example.org"]


def test_the_row_says_what_was_handed_over_and_when(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    post = RememberingPost()
    deliver(post, BERLIN_SIX + SECOND)
    row = Delivery.objects.get()
    assert (row.state, row.handed_over_at, row.attempts, row.on_the_wire) == (
        "handed_over",
        BERLIN_SIX + SECOND,
        1,
        False,
    )
    assert row.run == edition.press_runs.get()
    assert parsed(post.taken[0][1])["Message-ID"] == f"<{row.pk}@daybreak.invalid>"


def test_the_latest_run_is_what_is_mailed(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    printed(at=NIGHT + MINUTE)
    post = RememberingPost()
    deliver(post, BERLIN_SIX)
    assert "run 2" in str(parsed(post.taken[0][1]).get_body(("plain",)))
    assert Delivery.objects.get().run == edition.press_runs.get(number=2)


def test_only_who_is_on_trial_reads_when_it_ends(ben: Reader) -> None:
    trial = make_reader("Tia", "Europe/Berlin", kind="")
    Period.objects.create(
        reader=trial, kind="trial", starts_at=NIGHT - 14 * 24 * 60 * MINUTE, ends_at=BERLIN_SIX + 120 * MINUTE
    )
    plan(printed(), NIGHT)
    post = RememberingPost()
    deliver(post, BERLIN_SIX)
    notes = {to: "Your trial ends on Friday, May 6." in str(parsed(mail)) for to, mail in post.taken}
    assert notes == {"ben@example.org": False, "tia@example.org": True}


def test_more_than_a_batch_is_sent_in_one_go() -> None:
    many_readers(1100)
    plan(printed(), NIGHT)
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX).handed_over == 1100
    assert len(set(post.recipients)) == len(post.recipients) == 1100


# -- asked again at the claim ----------------------------------------------------------------------------
def test_who_stopped_the_mail_after_the_planning_gets_none(ben: Reader) -> None:
    plan(printed(), NIGHT)
    Reader.objects.update(mail_stopped_at=NIGHT)
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX) == Sent(withdrawn=1)
    assert (Delivery.objects.get().reason, post.taken) == ("The reader stopped the mail.", [])


def test_whose_subscription_ended_after_the_planning_gets_none(ben: Reader) -> None:
    plan(printed(), NIGHT)
    Period.objects.update(ends_at=BERLIN_SIX)
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX) == Sent(withdrawn=1)
    assert (states(), post.taken) == ({"withdrawn": 1}, [])


# -- the hour --------------------------------------------------------------------------------------------
def test_nothing_leaves_past_its_hour(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX + 5 * 60 * MINUTE + SECOND) == Sent(missed=2)
    assert post.taken == []
    assert set(Delivery.objects.values_list("reason", flat=True)) == {
        "Its hour passed, so it waits on the site. "
    }


def test_the_last_instant_still_counts(ben: Reader) -> None:
    plan(printed(), NIGHT)
    assert deliver(RememberingPost(), BERLIN_SIX + 5 * 60 * MINUTE) == Sent(handed_over=1)


def test_a_clock_that_jumps_in_the_middle_stops_the_rest() -> None:
    many_readers(10)
    plan(printed(), NIGHT)
    post = RememberingPost()

    def clock() -> dt.datetime:
        return BERLIN_SIX + (24 * 60 * MINUTE if len(post.taken) >= 4 else 0 * MINUTE)

    assert deliver(post, clock) == Sent(handed_over=4, missed=6)
    assert len(post.taken) == 4


def test_a_clock_set_back_sends_nothing_early(ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost()
    instants = iter([BERLIN_SIX, BERLIN_SIX, NIGHT, NIGHT])
    deliver(post, lambda: next(instants, NIGHT))
    assert (post.taken, states()) == ([], {"due": 1})


# -- what the mail server may say ------------------------------------------------------------------------
def test_a_refused_address_is_never_tried_again(ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost(failing(AddressRefused("The mail server refused: 550 no such reader")))
    assert deliver(post, BERLIN_SIX) == Sent(refused=1)
    assert deliver(post, BERLIN_SIX + 60 * MINUTE) == Sent()
    assert Delivery.objects.get().reason == "The mail server refused: 550 no such reader"


def test_an_address_that_is_none_is_refused_and_the_rest_goes_on(ben: Reader) -> None:
    make_reader("Eve", "Europe/Berlin")
    Reader.objects.filter(name="Eve").update(email="eve@example.org>\r\nBcc: x@example.org")
    plan(printed(), NIGHT)
    post = RememberingPost()
    assert deliver(post, BERLIN_SIX) == Sent(handed_over=1, refused=1)
    assert post.recipients == ["ben@example.org"]


def test_what_was_put_off_is_tried_again_soon_and_less_and_less_often(ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost(failing(TryLater("The mail server put it off: 450 greylisted"), 0, 1, 2, 3, 4))
    at, gaps = BERLIN_SIX, []
    for _ in range(5):
        assert deliver(post, at).put_off == 1
        due_at = Delivery.objects.get().due_at
        gaps.append((due_at - at) // MINUTE)
        assert deliver(post, due_at - SECOND) == Sent()
        at = due_at
    assert gaps == [2, 5, 15, 30, 30]
    assert deliver(post, at) == Sent(handed_over=1)
    assert (Delivery.objects.get().attempts, Delivery.objects.get().reason) == (6, "")


def test_put_off_past_its_hour_is_missed_and_says_why(ben: Reader) -> None:
    plan(printed(), NIGHT)
    deliver(RememberingPost(failing(TryLater("450 busy."))), BERLIN_SIX)
    deliver(RememberingPost(), BERLIN_SIX + 6 * 60 * MINUTE)
    row = Delivery.objects.get()
    assert (row.state, row.reason) == ("missed", "Its hour passed, so it waits on the site. 450 busy.")


def test_doubt_is_kept_and_never_sent_again_by_itself(ben: Reader) -> None:
    plan(printed(), NIGHT)
    post = RememberingPost(failing(InDoubt("No answer.")))
    assert deliver(post, BERLIN_SIX) == Sent(in_doubt=1)
    for minutes in (1, 6, 60, 600):
        assert deliver(post, BERLIN_SIX + minutes * MINUTE) == Sent()
    assert (states(), post.tried) == ({"in_doubt": 1}, 1)


def test_when_the_server_goes_away_the_rest_stays_due_and_says_why() -> None:
    many_readers(10)
    plan(printed(), NIGHT)
    post = RememberingPost(failing(ServerAway("The mail server is away."), *range(3, 10)))
    sent = deliver(post, BERLIN_SIX)
    assert sent == Sent(handed_over=3, trouble="The mail server is away.")
    assert post.tried == 4
    left = Delivery.objects.filter(state="due")
    assert set(left.values_list("due_at", "attempts", "claim", "reason")) == {
        (BERLIN_SIX, 0, None, "The mail server is away.")
    }
    assert deliver(RememberingPost(), BERLIN_SIX) == Sent(handed_over=7)


def test_with_no_server_at_the_port_every_row_stays_due() -> None:
    many_readers(5)
    plan(printed(), NIGHT)
    sent = deliver(SmtpPost(_at(_free_port())), BERLIN_SIX)
    assert "cannot be used" in sent.trouble
    assert states() == {"due": 5}


def test_a_server_that_puts_everything_off_is_left_alone_till_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "BATCH", 500)
    many_readers(600)
    plan(printed(), NIGHT)
    post = RememberingPost(failing(TryLater("452 full")))
    sent = deliver(post, BERLIN_SIX)
    assert (sent.put_off, post.tried, states()) == (500, 500, {"due": 600})
    assert deliver(RememberingPost(), BERLIN_SIX + 2 * MINUTE).handed_over == 600


def test_one_who_is_put_off_does_not_hold_up_the_others() -> None:
    many_readers(20)
    plan(printed(), NIGHT)
    post = RememberingPost(failing(TryLater("450 greylisted"), 5))
    assert deliver(post, BERLIN_SIX) == Sent(handed_over=19, put_off=1)


def test_an_edition_whose_mail_is_lost_keeps_its_rows_due(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    edition.press_runs.get().renditions.all().delete()
    with pytest.raises(Exception, match="press the edition again"):
        deliver(RememberingPost(), BERLIN_SIX)
    assert states() == {"due": 1}


def test_two_editions_due_together_are_each_sent(ben: Reader) -> None:
    printed()
    printed(FRIDAY + dt.timedelta(days=1))
    printed(FRIDAY + dt.timedelta(days=3))
    monday = BERLIN_SIX + dt.timedelta(days=3)
    plan_all(monday - 60 * MINUTE)
    post = RememberingPost()
    assert deliver(post, monday).handed_over == 2


def test_the_clock_is_told_when_there_is_something_to_do(ben: Reader) -> None:
    def something_to_do(at: dt.datetime) -> bool:
        return sending_due(at) or planning_due(at)

    assert not something_to_do(NIGHT)
    edition = printed()
    assert something_to_do(NIGHT)  # to plan
    assert sending_due(NIGHT)  # which is asked more often: of this edition nothing is planned yet
    plan(edition, NIGHT)
    assert not something_to_do(NIGHT)
    Reader.objects.update(time_zone="Pacific/Auckland")
    assert something_to_do(NIGHT)  # to move
    assert not sending_due(NIGHT)
    plan(edition, NIGHT)
    assert something_to_do(AUCKLAND_SIX)  # to hand over
    take(uuid.uuid4(), (edition.pk, None), AUCKLAND_SIX)
    assert not something_to_do(AUCKLAND_SIX + MINUTE)
    assert something_to_do(AUCKLAND_SIX + LEASE)  # to recover
    deliver(RememberingPost(), AUCKLAND_SIX + LEASE)
    assert not something_to_do(AUCKLAND_SIX + LEASE)
    make_reader("Late", "Pacific/Auckland").periods.update(starts_at=AUCKLAND_SIX + MINUTE)
    assert not something_to_do(AUCKLAND_SIX + LEASE)


def test_trouble_that_several_workers_had_is_said_once() -> None:
    sent = Sent(handed_over=1, trouble="It is away.")
    sent.add(Sent(handed_over=2, trouble="It is away."))
    sent.add(Sent(trouble="A sending process ended with status 1."))
    assert (sent.handed_over, sent.trouble) == (3, "It is away. A sending process ended with status 1.")
