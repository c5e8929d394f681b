"""The hand on the send: pause, resume and stop hold for every worker at once, and nothing is sent late for it."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.models import Reader
from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.mending.holding import hold_of, pause, resume, stop, take_back_stop
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.planning import plan, plan_all, planning_due
from daybreak.delivery.sending import sending_due
from tests.conftest import make_reader
from tests.delivery.ledger import (
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    many_readers,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


def test_a_paused_edition_waits_and_goes_on_when_resumed(ben: Reader) -> None:
    edition, post = printed(), RememberingPost()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT, reason="A name is wrong.")
    assert not sending_due(BERLIN_SIX)
    deliver(post, BERLIN_SIX)
    assert (post.taken, states()) == ([], {"due": 1})
    resume(edition, by="Ben", at=BERLIN_SIX + HOUR)
    assert hold_of(edition) is None
    deliver(post, BERLIN_SIX + HOUR)
    assert states() == {"handed_over": 1}
    assert [(each.act, each.by) for each in JournalEntry.objects.all()] == [
        ("sending paused", "Ines"),
        ("sending resumed", "Ben"),
    ]


def test_a_pause_takes_the_rest_of_a_batch_from_its_worker() -> None:
    many_readers(20)
    edition = printed()
    plan(edition, NIGHT)

    def pause_after_five(recipient: str, number: int) -> None:
        if number == 5:
            pause(edition, by="Ines", at=BERLIN_SIX)

    post = RememberingPost(pause_after_five)
    deliver(post, BERLIN_SIX)
    # the sixth was on the wire already
    assert states() == {"handed_over": 6, "due": 14}
    resume(edition, by="Ines", at=BERLIN_SIX + MINUTE)
    deliver(post, BERLIN_SIX + MINUTE)
    assert states() == {"handed_over": 20}
    assert len(set(post.recipients)) == len(post.recipients) == 20


def test_another_edition_goes_out_while_one_is_paused(ben: Reader) -> None:
    late, today = printed(), printed(FRIDAY + dt.timedelta(days=3))
    for edition in (late, today):
        plan(edition, NIGHT)
    Delivery.objects.filter(edition=late).update(not_after=BERLIN_SIX + 99 * HOUR)
    pause(late, by="Ines", at=NIGHT)
    deliver(RememberingPost(), BERLIN_SIX + 72 * HOUR)
    assert Delivery.objects.get(edition=today).state == "handed_over"
    assert Delivery.objects.get(edition=late).state == "due"


def test_whose_hour_passes_during_a_pause_has_missed_it(ben: Reader) -> None:
    edition, post = printed(), RememberingPost()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT)
    assert sending_due(BERLIN_SIX + 6 * HOUR)
    deliver(post, BERLIN_SIX + 6 * HOUR)
    resume(edition, by="Ines", at=BERLIN_SIX + 6 * HOUR)
    deliver(post, BERLIN_SIX + 6 * HOUR)
    assert (post.taken, states()) == ([], {"missed": 1})


def test_a_stopped_edition_is_withdrawn_with_the_reason_and_never_planned_again() -> None:
    many_readers(20)
    edition = printed()
    plan(edition, NIGHT)

    def stop_after_five(recipient: str, number: int) -> None:
        if number == 5:
            assert stop(edition, by="Ines", at=BERLIN_SIX, reason="The lead is a hoax.") == 14

    deliver(RememberingPost(stop_after_five), BERLIN_SIX)
    assert states() == {"handed_over": 6, "withdrawn": 14}
    reasons = set(Delivery.objects.filter(state="withdrawn").values_list("reason", flat=True))
    assert reasons == {"Ines stopped this edition: The lead is a hoax."}
    make_reader("Zoe", "Europe/Berlin")
    assert not planning_due(BERLIN_SIX)
    assert plan_all(BERLIN_SIX).made == 0
    with pytest.raises(Refused, match="was stopped by Ines: take the stop back first"):
        resume(edition, by="Ines", at=BERLIN_SIX)


def test_a_stop_is_taken_back_by_a_pause_and_whose_hour_is_past_has_missed_it(
    ada: Reader, ben: Reader
) -> None:
    edition, post = printed(), RememberingPost()
    plan(edition, NIGHT)
    with pytest.raises(Refused, match="is not stopped"):
        take_back_stop(edition, by="Ben", at=NIGHT)
    stop(edition, by="Ines", at=NIGHT, reason="The wrong edition.")
    make_reader("Zoe", "Europe/Berlin")
    assert take_back_stop(edition, by="Ben", at=BERLIN_SIX) == 2
    hold = hold_of(edition)
    assert hold is not None and (hold.kind, hold.by) == ("pause", "Ben")
    deliver(post, BERLIN_SIX)
    assert post.taken == [], "it waits for whoever resumes it"
    resume(edition, by="Ben", at=BERLIN_SIX)
    plan(edition, BERLIN_SIX)
    deliver(post, BERLIN_SIX)
    assert sorted(post.recipients) == ["ben@example.org", "zoe@example.org"]
    assert states() == {"handed_over": 2, "missed": 1}, "Auckland’s last hour was before it was taken back"
    acts = JournalEntry.objects.values_list("act", "by")
    assert ("stop taken back", "Ben") in acts
    stop(edition, by="Ines", at=BERLIN_SIX, reason="The wrong edition after all.")


def test_what_a_dying_worker_gives_back_is_withdrawn_too(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    stop(edition, by="Ines", at=NIGHT, reason="A hoax.")
    Delivery.objects.update(state="due", reason="")
    assert planning_due(BERLIN_SIX)
    plan_all(BERLIN_SIX)
    assert states() == {"withdrawn": 1}


def test_a_paused_edition_can_be_stopped_and_is_held_once(ben: Reader) -> None:
    edition = printed()
    pause(edition, by="Ines", at=NIGHT)
    with pytest.raises(Refused, match="was paused by Ines already"):
        pause(edition, by="Ben", at=NIGHT)
    stop(edition, by="Ben", at=NIGHT, reason="A hoax.")
    with pytest.raises(Refused, match="was stopped by Ben already"):
        stop(edition, by="Ines", at=NIGHT, reason="Again.")
    assert SendHold.objects.count() == 2


def test_a_hold_has_a_name_and_a_stop_a_reason(ben: Reader) -> None:
    edition = printed()
    with pytest.raises(Misused, match="by name"):
        pause(edition, by=" ", at=NIGHT)
    with pytest.raises(Misused, match="for a reason"):
        stop(edition, by="Ines", at=NIGHT, reason=" ")
    with pytest.raises(Refused, match="is not paused"):
        resume(edition, by="Ines", at=NIGHT)
    assert not SendHold.objects.exists()
