"""What the clock sets going: the mail server or provider asked before it is needed, and until it answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.provider import Provider
from daybreak.common.relays import MailServer
from daybreak.delivery import tasks
from daybreak.delivery.models import Alarm
from daybreak.delivery.tasks import ask_mail_server, mail_server_wanted
from tests.common.fakeprovider import fake_provider
from tests.common.test_providercheck import plan
from tests.delivery.ledger import AUCKLAND_SIX, NIGHT
from tests.journeys.newsroom import free_port, mailbox

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def with_relay(settings: Any, port: int) -> None:
    server = MailServer("127.0.0.1", port, "", "", "none", timeout=5.0)
    config: Config = replace(settings.CONFIG, relays=(server,))
    settings.CONFIG = config


def test_the_mail_server_is_wanted_in_the_hours_before_a_wave(ada: Reader, settings: Any) -> None:
    assert not mail_server_wanted(AUCKLAND_SIX - HOUR), "mail goes to the outbox"
    with_relay(settings, 25)
    assert not mail_server_wanted(AUCKLAND_SIX - 3 * HOUR)
    assert mail_server_wanted(AUCKLAND_SIX - HOUR)


def test_a_mail_server_that_was_away_is_asked_until_it_answers(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "now", lambda: NIGHT)
    with_relay(settings, free_port())
    assert "cannot be used" in ask_mail_server.call()
    assert Alarm.objects.get().cleared_at is None
    assert mail_server_wanted(NIGHT + 100 * HOUR), "though no wave is near"
    with mailbox() as box:
        with_relay(settings, box.port)
        assert ask_mail_server.call() == "It answers."
    assert Alarm.objects.get().cleared_at == NIGHT
    assert not mail_server_wanted(NIGHT + 100 * HOUR)


def test_a_mail_server_that_was_taken_out_rings_no_more(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "now", lambda: NIGHT)
    with_relay(settings, free_port())
    ask_mail_server.call()
    settings.CONFIG = replace(settings.CONFIG, relays=())
    assert mail_server_wanted(NIGHT)
    ask_mail_server.call()
    assert Alarm.objects.get().cleared_at == NIGHT


def with_provider(settings: Any, url: str) -> None:
    provider = Provider("postmark", "TOKEN-4711", api_url=url)
    settings.CONFIG = replace(settings.CONFIG, relays=(), provider=provider)


def test_a_provider_is_wanted_in_the_hours_before_a_wave(ada: Reader, settings: Any) -> None:
    with_provider(settings, "http://127.0.0.1:1")
    assert not mail_server_wanted(AUCKLAND_SIX - 3 * HOUR)
    assert mail_server_wanted(AUCKLAND_SIX - HOUR)


def test_a_provider_that_will_have_none_of_us_rings_until_it_does(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "now", lambda: NIGHT)
    with_provider(settings, f"http://127.0.0.1:{free_port()}")
    assert "Postmark cannot be reached" in ask_mail_server.call()
    assert "Postmark cannot be reached" in Alarm.objects.get(cleared_at=None).sentence
    with fake_provider() as postmark:
        with_provider(settings, postmark.url)
        postmark.key = "TOKEN-0815"
        assert "Postmark refuses the key" in ask_mail_server.call()
        assert mail_server_wanted(NIGHT + 100 * HOUR), "though no wave is near"
        postmark.key = "TOKEN-4711"
        postmark.answers["/server"] = (200, {"Name": "Paper", "DeliveryType": "Live"}, {})
        assert ask_mail_server.call() == "It answers."
        assert Alarm.objects.get().cleared_at == NIGHT
        assert not mail_server_wanted(NIGHT + 100 * HOUR)
        assert postmark.taken == []
    assert "TOKEN" not in str(list(Alarm.objects.values()))


def test_a_provider_with_no_mails_left_rings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "now", lambda: NIGHT)
    with fake_provider() as brevo:
        settings.CONFIG = replace(
            settings.CONFIG, relays=(), provider=Provider("brevo", "KEY-4711", api_url=brevo.url)
        )
        brevo.answers["/account"] = (200, plan(0), {})
        assert "Mails left at Brevo: 0" in ask_mail_server.call()
        brevo.answers["/account"] = (200, plan(1), {})
        assert ask_mail_server.call() == "It answers."


def test_what_is_merely_amiss_at_a_provider_rings_nobody(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "now", lambda: NIGHT)
    with fake_provider() as postmark:
        with_provider(settings, postmark.url)
        postmark.answers["/server"] = (429, {}, {})
        assert ask_mail_server.call() == "It answers."
    assert not Alarm.objects.exists()
