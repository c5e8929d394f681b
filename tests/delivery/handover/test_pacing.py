"""Not faster than a receiver likes, whatever the clock does."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings

from daybreak.circulation.models import Reader
from daybreak.common.relays import WarmUp
from daybreak.delivery.handover import handing, lines
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.handover.pacing import BURST, Paces
from daybreak.delivery.planning import plan
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
