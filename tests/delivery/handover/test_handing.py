"""A morning on many lines, and a ledger that cannot be written."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Value
from django.db.models.functions import Replace

from daybreak.circulation.models import Reader
from daybreak.common.dkim import make_keys
from daybreak.delivery.handover import claims
from daybreak.delivery.handover import ledger as ledgers
from daybreak.delivery.handover.ledger import Job, Sent
from daybreak.delivery.handover.pen import Pen, open_pen
from daybreak.delivery.handover.returnpath import delivery_of
from daybreak.delivery.letters import Letter
from daybreak.delivery.mending.holding import pause
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import deliver_due, open_way
from daybreak.desk.models import Edition
from tests.common.test_dkim import curve, verdicts  # noqa: F401
from tests.delivery.handover.relay import Relay, at_work, deliver, planned
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db


def test_each_reader_gets_it_once_on_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 50)
    planned(120)
    relay = Relay()
    with at_work(relay) as config:
        assert deliver(config) == Sent(handed_over=120)
    assert set(Counter(relay.taken).values()) == {1}
    assert (len(relay.taken), relay.connections) == (120, 3)


def test_each_mail_has_a_return_path_of_its_own_and_is_signed(tmp_path: Path, ben: Reader) -> None:
    plan(printed(), NIGHT)
    relay = Relay()
    with at_work(relay, data=tmp_path) as config:
        make_keys(config)
        deliver(config)
        assert verdicts(config, relay.bodies[0]) == [True, True]
    assert [delivery_of(sender) for sender in relay.senders] == [Delivery.objects.get().pk]


def test_refused_put_off_and_taken_are_told_apart() -> None:
    planned(30)

    def answer(relay: Relay, what: str) -> str:
        return {"RCPT reader003@example.org": "550 nobody", "RCPT reader004@example.org": "450 later"}.get(
            what, "250 fine"
        )

    with at_work(Relay(answer)) as config:
        assert deliver(config) == Sent(handed_over=28, refused=1, put_off=1)
    later = Delivery.objects.get(state="due")
    assert (later.due_at - BERLIN_SIX, later.attempts) == (dt.timedelta(minutes=2), 1)
    assert "450 later" in later.reason


def test_what_a_server_says_is_stored_without_its_control_characters() -> None:
    planned(1)
    with at_work(Relay(lambda relay, what: "550 no\x00body \x1b[31mhere")) as config:
        assert deliver(config) == Sent(refused=1)
    assert Delivery.objects.get().reason == "The mail server refused: 550 no\ufffdbody \ufffd[31mhere"


def test_nothing_is_handed_over_while_the_ledger_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    planned(20)
    relay = Relay()

    def full(self: object, *arguments: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(ledgers.Ledger, "_mark", full)
    with at_work(relay) as config, pytest.raises(OperationalError):
        deliver(config)
    assert (relay.taken, states()) == ([], {"due": 20})


def test_a_mail_whose_lease_ended_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    planned(20)
    relay = Relay()
    monkeypatch.setattr(ledgers.Ledger, "_mark", lambda self, jobs: set())
    with at_work(relay) as config:
        deliver(config, may_go_on=iter([True, False]).__next__)
    assert relay.taken == []


def test_a_pause_costs_the_lines_that_are_busy_and_not_one_for_each_mail_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned(120)
    relay, mark = Relay(), ledgers.Ledger._mark

    def mark_after_a_pause(self: ledgers.Ledger, jobs: Sequence[Job]) -> set[uuid.UUID]:
        if relay.taken and not SendHold.objects.exists():
            pause(Edition.objects.get(), by="Ines", at=BERLIN_SIX)
        return mark(self, jobs)

    monkeypatch.setattr(ledgers.Ledger, "_mark", mark_after_a_pause)
    with at_work(relay, connections=3) as config:
        sent = deliver(config)
    assert states() == {"due": 120 - sent.handed_over, "handed_over": len(relay.taken)}
    assert relay.connections <= 9


def test_the_hand_on_the_send_is_asked_before_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 50)
    planned(70)
    with at_work(Relay()) as config:
        assert deliver(config, may_go_on=iter([True, False]).__next__).handed_over == 50
    assert states() == {"due": 20, "handed_over": 50}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets many write")
def test_more_mails_are_set_while_another_process_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    planned(20)
    ready: list[object] = []
    when_free: list[int] = []
    write_one = Letter.pieces_for

    def counted(letter: Letter, *arguments: Any) -> Any:
        ready.append(arguments)
        return write_one(letter, *arguments)

    def lay_down(other: Pen) -> None:
        until = time.monotonic() + 5
        while len(ready) < 10 and time.monotonic() < until:
            time.sleep(0.01)
        when_free.append(len(ready))
        other.lay_down()

    def answer(relay: Relay, what: str) -> str:
        if what.startswith("RCPT") and not when_free:
            other.take()
            threading.Thread(target=lay_down, args=(other,)).start()
        return "250 fine"

    monkeypatch.setattr(Letter, "pieces_for", counted)
    with open_pen() as other, at_work(Relay(answer), connections=1) as config:
        assert deliver(config) == Sent(handed_over=20)
    assert when_free[0] >= 10


def test_nothing_leaves_after_its_hour_though_it_was_set_before() -> None:
    planned(30)
    relay = Relay()

    def clock() -> dt.datetime:
        return BERLIN_SIX + (dt.timedelta(days=1) if relay.taken else dt.timedelta())

    with at_work(relay, connections=1) as config:
        sent = deliver_due(lambda: open_way(config), clock, config)
    assert (len(relay.taken), sent.handed_over, sent.missed) == (1, 1, 29)


def test_many_readers_at_a_dead_domain_hold_nobody_up() -> None:
    many_readers(90)
    dead = Replace("email", Value("example.org"), Value("dead.example"))
    Reader.objects.filter(email__lt="reader070").update(email=dead)
    plan(printed(), NIGHT)

    def answer(relay: Relay, what: str) -> str:
        return "451 no such domain just now" if what.endswith("@dead.example") else "250 fine"

    with at_work(Relay(answer)) as config:
        assert deliver(config) == Sent(handed_over=20, put_off=70)
