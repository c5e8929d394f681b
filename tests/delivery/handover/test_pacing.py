"""Not faster than a receiver likes, whatever the clock does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings

from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.post import Post
from daybreak.common.relays import WarmUp
from daybreak.delivery.handover import lines, supply
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.handover.manyposts import Posts
from daybreak.delivery.handover.pacing import BURST, Paces
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import deliver_due
from tests.common.test_dkim import curve, verdicts  # noqa: F401
from tests.conftest import make_reader
from tests.delivery.handover.relay import Relay, at_work, deliver, planned
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db


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

    clock = SimpleNamespace(time=told, monotonic=time.monotonic, sleep=time.sleep)
    for module in (lines, supply):
        monkeypatch.setattr(module, "time", clock)
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


class SetClock:
    """A clock that stands, but for those who sleep by it."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0, "who sleeps without end or not at all spins"
        self.at += seconds


class Taking:
    """A post that says when each mail came, by `clock`."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.taken: list[tuple[float, str]] = []

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        self.taken.append((self.clock.at, recipient))


@contextmanager
def posts_of(post: Taking, number: int) -> Iterator[Post | Posts]:
    """The post itself, or many of it at once."""
    with ThreadPoolExecutor(max(number, 1)) as threads:
        yield Posts([post] * number, threads) if number else post


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    clock = SetClock()
    monkeypatch.setattr(supply, "time", clock)
    return clock


def paced(tmp_path: Path, **settings: Any) -> Config:
    return replace(django_settings.CONFIG, data=tmp_path, **settings)


ONE_BY_ONE, AT_ONCE = 0, 4


@pytest.mark.parametrize("number", [ONE_BY_ONE, AT_ONCE])
def test_posts_keep_the_pace_of_a_domain_too(number: int, clock: SetClock, tmp_path: Path) -> None:
    many_readers(40)
    for name, address in (("Ada", "ada@quick.example"), ("Ben", "ben@quick.example")):
        make_reader(name, "Europe/Berlin")
        Reader.objects.filter(name=name).update(email=address)
    plan(printed(), NIGHT)
    post, started = Taking(clock), clock.at
    config = paced(tmp_path, paces={"example.org": 60})  # one a second, two seconds' worth at once
    sent = deliver_due(lambda: posts_of(post, number), BERLIN_SIX, config)
    assert sent == Sent(handed_over=42)
    assert Counter(name for _, name in post.taken).most_common(1)[0][1] == 1
    slow = [at - started for at, name in post.taken if name.endswith("@example.org")]
    assert all(count <= at + BURST + 1 for count, at in enumerate(slow, start=1))
    assert slow[-1] <= 2 * 40, "nobody waits for longer than the pace asks"
    assert {at for at, name in post.taken if name.endswith("@quick.example")} == {started}


@pytest.mark.parametrize("number", [ONE_BY_ONE, AT_ONCE])
def test_what_is_held_back_is_due_again_when_the_sending_is_told_to_end(
    number: int, clock: SetClock, tmp_path: Path
) -> None:
    planned(20)
    post = Taking(clock)
    config = paced(tmp_path, paces={"*": 1})
    started = clock.at
    deliver_due(lambda: posts_of(post, number), BERLIN_SIX, config, ending=lambda: clock.at > started + 1)
    gone = len(post.taken)
    assert 1 <= gone <= BURST + 1
    assert states() == {"handed_over": gone, "due": 20 - gone}
    assert Delivery.objects.filter(claim=None, state="due").count() == 20 - gone
    assert clock.at < started + 2, "it does not sleep to the end of the rest"


def test_a_worker_whose_leader_is_gone_waits_for_no_domain(clock: SetClock, tmp_path: Path) -> None:
    planned(20)
    post = Taking(clock)
    config, started = paced(tmp_path, paces={"*": 1}), clock.at
    deliver_due(
        lambda: posts_of(post, AT_ONCE), BERLIN_SIX, config, may_go_on=lambda: clock.at <= started + 1
    )
    assert states()["due"] == 20 - len(post.taken)
    assert clock.at < started + 2


@pytest.mark.parametrize("number", [ONE_BY_ONE, AT_ONCE])
def test_posts_end_the_day_at_the_ceiling_of_the_warm_up(
    number: int, clock: SetClock, tmp_path: Path
) -> None:
    planned(30)
    config = paced(tmp_path, warm_up=WarmUp(BERLIN_SIX.date(), 12))
    sent = deliver_due(lambda: posts_of(Taking(clock), number), BERLIN_SIX, config)
    assert sent.handed_over == 12
    assert "DAYBREAK_MAIL_WARM_UP" in sent.trouble
    assert states() == {"due": 18, "handed_over": 12}
