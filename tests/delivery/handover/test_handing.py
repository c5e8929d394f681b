"""A morning on many lines: relays that break, lie and rest, paces, and a ledger that cannot be written."""

from __future__ import annotations

import datetime as dt
import itertools
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, ClassVar

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.db.models import Value
from django.db.models.functions import Replace

from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.dkim import make_keys
from daybreak.common.relays import MailServer, WarmUp
from daybreak.delivery.handover import claims, handing, lines
from daybreak.delivery.handover import ledger as ledgers
from daybreak.delivery.handover.ledger import Job, Sent
from daybreak.delivery.handover.pacing import BURST, Paces
from daybreak.delivery.handover.pen import Pen, open_pen
from daybreak.delivery.handover.returnpath import delivery_of
from daybreak.delivery.letters import Letter
from daybreak.delivery.mending.holding import pause
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import deliver_due, open_way
from daybreak.desk.models import Edition
from tests.common.test_dkim import curve, verdicts  # noqa: F401
from tests.common.test_post import _free_port
from tests.conftest import make_reader
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db
Answer = Callable[["Relay", str], str]


class Relay:
    """A mail server that asks `answer` what to say to each "RCPT address" and to the end of each mail (".")."""

    def __init__(self, answer: Answer = lambda relay, what: "250 fine") -> None:
        self.answer = answer
        self.taken: list[str] = []
        self.senders: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    def serve(self, sock: socket.socket) -> None:
        self.connections += 1
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = sock.makefile("rb")
        sock.sendall(b"220 relay\r\n")
        recipient = ""
        for line in lines:
            words = line.decode().strip()
            verb = words[:4].upper()
            if verb == "RCPT":
                recipient = words[9:-1]
            answer = self._to_data(lines, sock, recipient) if verb == "DATA" else self._to(verb, words)
            if answer == "drop":
                return
            sock.sendall(answer.encode() + b"\r\n")

    def _to(self, verb: str, words: str) -> str:
        if verb == "EHLO":
            return "250-relay\r\n250 PIPELINING"
        if verb == "MAIL":
            self.senders.append(words[11:-1])
        return self.answer(self, f"RCPT {words[9:-1]}") if verb == "RCPT" else "250 fine"

    def _to_data(self, lines: BinaryIO, sock: socket.socket, recipient: str) -> str:
        sock.sendall(b"354 go on\r\n")
        body = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return "drop"  # the other side hung up inside the mail
            body += line
        if not body:
            return "554 nobody"
        answer = self.answer(self, ".")
        if answer.startswith("2"):
            self.taken.append(recipient)
            self.bodies.append(body.replace(b"\r\n..", b"\r\n."))
        return answer


@contextmanager
def at_work(*relays: Relay, connections: int = 3, **options: Any) -> Iterator[Config]:
    """A configuration whose relays these are, each on a port of its own."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in relays]

    def accept(relay: Relay, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(relay, sock), daemon=True).start()

    def talk(relay: Relay, sock: socket.socket) -> None:
        with sock:
            try:
                relay.serve(sock)
            except OSError:
                return  # the other side hung up

    for relay, listener in zip(relays, listeners, strict=True):
        threading.Thread(target=accept, args=(relay, listener), daemon=True).start()
    servers = tuple(
        MailServer(
            "127.0.0.1", listener.getsockname()[1], "", "", "none", timeout=5.0, connections=connections
        )
        for listener in listeners
    )
    options.setdefault("relays", servers)
    yield replace(django_settings.CONFIG, **options)
    for listener in listeners:
        listener.close()


def deliver(config: Config, at: dt.datetime = BERLIN_SIX, **more: Any) -> Sent:
    return deliver_due(lambda: open_way(config), at, config, **more)


def planned(number: int) -> None:
    many_readers(number)
    plan(printed(), NIGHT)


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


# -- paces -----------------------------------------------------------------------------------------------
def test_a_domain_is_not_mailed_faster_than_its_pace() -> None:
    many_readers(6)
    make_reader("Ada", "Europe/Berlin")
    Reader.objects.filter(name="Ada").update(email="ada@quick.example")
    plan(printed(), NIGHT)
    relay = Relay()
    with at_work(relay, paces={"example.org": 60}) as config:  # one a second, two seconds' worth at once
        started = time.monotonic()
        assert deliver(config) == Sent(handed_over=7)
        took = time.monotonic() - started
    assert took > (6 - 2) - 1
    assert "ada@quick.example" in relay.taken[:5]


def test_paces_are_shared_by_all_who_send_here(tmp_path: Path) -> None:
    config = replace(django_settings.CONFIG, data=tmp_path)
    one, other = Paces(config), Paces(config)
    gone = sum(paces.wait("a.example", 60, 1000.0) == 0.0 for _ in range(10) for paces in (one, other))
    assert gone == BURST + 1
    assert one.wait("a.example", 60, 1000.0) > 0
    assert one.wait("b.example", 60, 1000.0) == 0.0
    assert one.wait("a.example", 60, 1001.5) == 0.0
    assert one.wait("a.example", 60, 10.0) == 0.0, "a clock that was set back must not stop the mail"


@pytest.mark.parametrize("by", ["relay", "domain"])
def test_a_clock_set_back_in_the_middle_stops_no_pace(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(5)
    relay = Relay()

    def told() -> float:
        return 1_000_000.0 + time.monotonic() - (86_400 if len(relay.taken) >= 2 else 0)

    for module in (lines, handing):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=told, monotonic=time.monotonic))
    with at_work(relay, connections=1, paces={"example.org": 120} if by == "domain" else {}) as config:
        paced = tuple(replace(server, pace=120 if by == "relay" else 0) for server in config.relays)
        assert deliver(replace(config, relays=paced)).handed_over == 5


def test_the_slowest_pace_is_kept(tmp_path: Path) -> None:
    paces = Paces(replace(django_settings.CONFIG, data=tmp_path))
    assert sum(paces.wait("a.example", 1, 1000.0 + second) == 0.0 for second in range(300)) == 6


def test_a_warm_up_ends_the_day_at_its_ceiling() -> None:
    planned(30)
    warm_up = WarmUp(BERLIN_SIX.date(), 12)
    with at_work(Relay(), warm_up=warm_up) as config:
        sent = deliver(config)
    assert sent.handed_over == 12
    assert "DAYBREAK_MAIL_WARM_UP" in sent.trouble
    assert states() == {"due": 18, "handed_over": 12}
