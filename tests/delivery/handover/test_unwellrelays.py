"""Relays that break off, fall silent, refuse and close: nobody twice, nobody missed, and the others go on."""

from __future__ import annotations

import datetime as dt
import itertools
import socket
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import BinaryIO, ClassVar

import pytest
from django.db.models import Value
from django.db.models.functions import Replace

from daybreak.circulation.models import Reader
from daybreak.delivery.handover import lines
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from tests.common.test_dkim import curve, verdicts  # noqa: F401
from tests.common.test_post import _free_port
from tests.delivery.handover.relay import Relay, at_work, deliver, planned
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db


def test_a_line_that_is_dropped_before_the_dot_costs_nobody_the_mail() -> None:
    planned(60)
    tried: Counter[str] = Counter()

    def answer(relay: Relay, what: str) -> str:
        tried[what] += 1
        return (
            "drop"
            if what.startswith("RCPT") and len(relay.taken) % 20 == 10 and tried[what] == 1
            else "250 fine"
        )

    relay = Relay(answer)
    with at_work(relay) as config:
        assert deliver(config) == Sent(handed_over=60)
    assert set(Counter(relay.taken).values()) == {1}


def test_a_mail_that_breaks_every_line_is_put_off_and_the_others_go_on() -> None:
    planned(20)

    def answer(relay: Relay, what: str) -> str:
        return "drop" if what == "RCPT reader007@example.org" else "250 fine"

    with at_work(Relay(answer)) as config:
        assert deliver(config) == Sent(handed_over=19, put_off=1)


def test_an_answer_that_never_comes_is_doubt_about_that_mail_alone() -> None:
    planned(20)
    dropped: list[str] = []

    def answer(relay: Relay, what: str) -> str:
        if what == "." and not dropped:
            dropped.append(what)
            return "drop"
        return "250 fine"

    with at_work(Relay(answer)) as config:
        assert deliver(config) == Sent(handed_over=19, in_doubt=1)
        assert deliver(config) == Sent()


def test_a_server_that_falls_silent_is_left_alone_in_time_and_others_have_the_mail() -> None:
    planned(20)
    silent: list[str] = []

    def answer(relay: Relay, what: str) -> str:
        if what.startswith("RCPT") and not silent:
            silent.append(what)
            time.sleep(1.5)
        return "250 fine"

    with at_work(Relay(answer)) as config:
        impatient = tuple(replace(server, timeout=0.5) for server in config.relays)
        assert deliver(replace(config, relays=impatient)) == Sent(handed_over=20)


def test_a_mail_that_followed_one_whose_line_broke_is_not_held_to_blame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "FIRST_REST", 0.01)
    planned(20)
    ends: list[str] = []

    def answer(relay: Relay, what: str) -> str:
        ends.extend([what] * (what == "."))
        return "drop" if what == "." and len(ends) <= 3 else "250 fine"

    with at_work(Relay(answer), connections=1) as config:
        assert deliver(config) == Sent(handed_over=17, in_doubt=3)


def test_a_server_that_takes_one_command_at_a_time_gets_them_all() -> None:
    class OneByOne(Relay):
        def _to(self, verb: str, words: str) -> str:
            return "250 relay" if verb == "EHLO" else super()._to(verb, words)

    planned(30)
    relay = OneByOne()
    with at_work(relay) as config:
        assert deliver(config) == Sent(handed_over=30)
    assert set(Counter(relay.taken).values()) == {1}


def test_when_one_relay_closes_the_other_carries_on() -> None:
    planned(100)
    gone = Relay(lambda relay, what: "421 closing" if len(relay.taken) >= 5 else "250 fine")
    steady = Relay()
    with at_work(gone, steady) as config:
        assert deliver(config) == Sent(handed_over=100)
    assert len(gone.taken) + len(steady.taken) == 100
    assert len(steady.taken) > 75


@pytest.mark.parametrize("last", ["421 enough", "drop"])
def test_a_relay_that_ends_each_line_after_two_mails_gets_them_all_in_one_run(last: str) -> None:
    class Strict(Relay):
        def serve(self, sock: socket.socket) -> None:
            self.left[sock] = 2
            super().serve(sock)

        left: ClassVar[dict[socket.socket, int]] = {}

        def _to_data(self, lines: BinaryIO, sock: socket.socket, recipient: str) -> str:
            answer = super()._to_data(lines, sock, recipient)
            self.left[sock] -= 1
            if not self.left[sock]:
                sock.sendall(answer.encode() + b"\r\n")
                return last
            return answer

    planned(40)
    relay = Strict()
    with at_work(relay, connections=4) as config:
        assert deliver(config) == Sent(handed_over=40)
    assert set(Counter(relay.taken).values()) == {1}


def test_readers_whose_domain_costs_each_line_do_not_keep_the_mail_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "FIRST_REST", 0.01)
    planned(40)
    Reader.objects.filter(pk__in=Reader.objects.all()[:20]).update(
        email=Replace("email", Value("example.org"), Value("dead.example"))
    )

    def answer(relay: Relay, what: str) -> str:
        return "421 4.7.0 too many from you" if what.endswith("dead.example") else "250 fine"

    relay = Relay(answer)
    with at_work(relay) as config:
        assert deliver(config) == Sent(handed_over=20, put_off=20)
    assert set(Delivery.objects.filter(state="due").values_list("due_at", flat=True)) == {
        BERLIN_SIX + dt.timedelta(minutes=2)
    }


@pytest.mark.parametrize("other", [False, True])
def test_what_was_refused_with_421_after_the_dot_is_not_in_doubt(
    other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "FIRST_REST", 0.01)
    planned(20)
    relays = [
        Relay(lambda relay, what: "421 closing" if what == "." else "250 fine") for _ in range(1 + other)
    ]
    with at_work(*relays) as config:
        deliver(config)
    assert states() == {"due": 20}
    assert not Delivery.objects.filter(on_the_wire=True).exists()


def test_a_mail_that_broke_lines_until_the_run_ended_stands_behind_the_others_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "FIRST_REST", 0.01)
    planned(5)
    with at_work(Relay(lambda relay, what: "drop"), connections=1) as config:
        assert deliver(config).trouble == "The mail server broke off: it hung up."
    waiting = Delivery.objects.filter(due_at__gt=BERLIN_SIX)
    assert (states(), waiting.count()) == ({"due": 5}, 2)


def test_lines_that_break_together_are_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "FIRST_REST", 0.1)
    planned(30)
    all_there, seen = threading.Barrier(6), itertools.count()

    def answer(relay: Relay, what: str) -> str:
        if what.startswith("RCPT") and next(seen) < 6:
            all_there.wait()
            return "drop"
        return "250 fine"

    with at_work(Relay(answer), connections=6) as config:
        assert deliver(config) == Sent(handed_over=30)


def test_a_relay_that_is_not_there_leaves_its_share_to_the_other() -> None:
    planned(40)
    with at_work(Relay()) as config:
        away = replace(config.relays[0], port=_free_port())
        assert deliver(replace(config, relays=(away, *config.relays))) == Sent(handed_over=40)


class Small(Relay):
    """Takes mails of up to 1,000 bytes."""

    def _to(self, verb: str, words: str) -> str:
        return "250-relay\r\n250-PIPELINING\r\n250 SIZE 1000" if verb == "EHLO" else super()._to(verb, words)


def test_a_relay_that_takes_no_mail_of_this_size_costs_nobody_the_edition() -> None:
    planned(20)
    with at_work(Small()) as config:
        assert "no more than 1,000 bytes" in deliver(config).trouble
    assert states() == {"due": 20}
    with at_work(Small(), Relay()) as config:
        assert deliver(config) == Sent(handed_over=20)


def test_relays_carry_by_their_weight() -> None:
    planned(120)
    light, heavy = Relay(), Relay()
    with at_work(light, heavy, connections=1) as config:
        one, other = config.relays
        deliver(replace(config, relays=(one, replace(other, weight=3, connections=3))))
    assert len(heavy.taken) > len(light.taken) > 0


def test_a_relay_that_will_have_none_of_us_ends_the_run_and_everything_stays_due() -> None:
    planned(20)
    with at_work(Relay(lambda relay, what: "530 sign in first")) as config:
        sent = deliver(config)
    assert "name and password" in sent.trouble
    assert (sent.handed_over, states()) == (0, {"due": 20})


def spread_over(domains: int) -> None:
    """Readers at as many domains, in turn."""
    for place, reader in enumerate(Reader.objects.order_by("pk")):
        Reader.objects.filter(pk=reader.pk).update(email=f"reader{place:03}@d{place % domains}.example")


def test_a_server_that_refuses_readers_everywhere_means_us_and_nobody_is_given_up() -> None:
    many_readers(70)
    spread_over(12)
    plan(printed(), NIGHT)
    denied = Relay(lambda relay, what: "554 5.7.1 Relay access denied" if what != "." else "250 fine")
    with at_work(denied) as config:
        sent = deliver(config)
        assert "Relay access denied" in sent.trouble
        assert (sent.refused, states()) == (0, {"due": 70})
        assert deliver(config, BERLIN_SIX + dt.timedelta(minutes=1)).handed_over == 0
    assert states() == {"due": 70}
    with at_work(Relay()) as config:
        assert deliver(config, BERLIN_SIX + dt.timedelta(hours=1)) == Sent(handed_over=70)


def test_dead_readers_are_refused_one_by_one_as_long_as_others_are_taken() -> None:
    many_readers(140)
    spread_over(14)
    plan(printed(), NIGHT)
    dead = Relay(
        lambda relay, what: "250 fine" if what.endswith("@d3.example") or what == "." else "550 gone"
    )
    with at_work(dead) as config:
        assert deliver(config) == Sent(handed_over=10, refused=130)
