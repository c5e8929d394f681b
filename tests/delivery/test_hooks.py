"""What a provider tells: believed with the secret and the signature, recorded once, acted on."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from daybreak.circulation.models import Reader
from daybreak.common.post import open_post
from daybreak.common.provider import Provider
from daybreak.common.refusal import Refused
from daybreak.delivery.commands import deliver as deliver_command
from daybreak.delivery.hooks import hook_address, hook_secret
from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.planning import plan
from daybreak.delivery.returns.suppressing import suppression_of
from daybreak.delivery.sending import deliver_due
from tests.common.fakeprovider import fake_provider
from tests.conftest import make_reader
from tests.delivery.ledger import BERLIN_SIX, NIGHT, printed, states
from tests.delivery.returned import handed_over

pytestmark = pytest.mark.django_db
MAILGUN = Provider("mailgun", "KEY", "paper.example", "", "signing-key")


@pytest.fixture
def mailgun(settings: Any) -> str:
    settings.CONFIG = replace(settings.CONFIG, provider=MAILGUN)
    return f"/hooks/mail/{hook_secret()}/mailgun/"


def signed(event: dict[str, Any], key: str = "signing-key") -> dict[str, Any]:
    """A telling as Mailgun signs it."""
    token, timestamp = uuid.uuid4().hex, "1651809600"
    mark = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": mark},
        "event-data": {"timestamp": 1651809600.5, "id": "event-1", **event},
    }


def failed(delivery_id: object, words: str, severity: str = "permanent") -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": severity,
        "reason": "bounce",
        "recipient": "ben@example.org",
        "user-variables": {"mail": str(delivery_id)},
        "delivery-status": {"code": 550, "message": words, "description": ""},
    }


def post(address: str, value: Any) -> int:
    return Client().post(address, json.dumps(value), content_type="application/json").status_code


def test_a_bounce_is_recorded_once_and_stops_the_mail(mailgun: str, ben: Reader) -> None:
    delivery = handed_over(ben)
    telling = signed(failed(delivery.pk, "5.1.1 The email account that you tried to reach does not exist"))
    assert [post(mailgun, telling) for _ in range(3)] == [200, 200, 200]
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.delivery, outcome.via) == ("hard_bounce", delivery, "mailgun")
    assert outcome.happened_at == dt.datetime(2022, 5, 6, 4, 0, 0, 500_000, tzinfo=dt.UTC)
    assert suppression_of(ben) is not None


def test_a_full_mailbox_and_a_delay_stop_nothing(mailgun: str, ben: Reader) -> None:
    delivery = handed_over(ben)
    post(mailgun, signed(failed(delivery.pk, "5.2.2 Mailbox full")))
    post(mailgun, signed({**failed(delivery.pk, "User unknown", "temporary"), "id": "event-2"}))
    assert list(Outcome.objects.values_list("kind", "final")) == [
        ("soft_bounce", True),
        ("soft_bounce", False),
    ]
    assert suppression_of(ben) is None


def test_a_delivery_settles_the_mail_whose_answer_was_lost(mailgun: str, ben: Reader) -> None:
    delivery = handed_over(ben, state="in_doubt", handed_over_at=None, claimed_at=BERLIN_SIX)
    told = {"event": "delivered", "recipient": ben.email, "user-variables": {"mail": str(delivery.pk)}}
    assert post(mailgun, signed(told)) == 200
    delivery.refresh_from_db()
    assert (delivery.state, delivery.handed_over_at) == ("handed_over", BERLIN_SIX)


def test_a_complaint_and_an_unsubscribe_are_obeyed(mailgun: str, ben: Reader) -> None:
    assert post(mailgun, signed({"event": "complained", "recipient": ben.email})) == 200
    assert post(mailgun, signed({"event": "unsubscribed", "recipient": ben.email, "id": "event-2"})) == 200
    ben.refresh_from_db()
    assert suppression_of(ben) is not None
    assert ben.mail_stopped_at is not None


def test_openings_are_not_recorded(mailgun: str, ben: Reader) -> None:
    assert post(mailgun, signed({"event": "opened", "recipient": ben.email})) == 200
    assert not Outcome.objects.exists()


def test_nobody_else_is_believed(mailgun: str, ben: Reader) -> None:
    telling = signed({"event": "complained", "recipient": ben.email}, key="a guess")
    assert post(mailgun, telling) == 400
    good = signed({"event": "complained", "recipient": ben.email})
    assert post(f"/hooks/mail/{'0' * 40}/mailgun/", good) == 404
    assert post(mailgun.replace("mailgun", "postmark"), good) == 404
    assert Client().get(mailgun).status_code == 405
    assert Client().head(mailgun).status_code == 200
    for nonsense in ([], {}, {"signature": []}, "x", {**signed({}), "event-data": []}):
        assert post(mailgun, nonsense) == 400, nonsense
    assert not Outcome.objects.exists()


def test_postmark_tells_in_its_own_form(settings: Any, ben: Reader) -> None:
    settings.CONFIG = replace(settings.CONFIG, provider=Provider("postmark", "TOKEN"))
    delivery = handed_over(ben)
    telling = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 42,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Email": ben.email,
        "BouncedAt": "2022-05-06T05:00:00Z",
        "Details": "smtp;550 5.1.1 User unknown",
        "Description": "The server was unable to deliver your message",
        "Metadata": {"mail": str(delivery.pk)},
    }
    assert post(f"/hooks/mail/{hook_secret()}/postmark/", telling) == 200
    assert Outcome.objects.get().delivery == delivery
    assert suppression_of(ben) is not None


def test_the_command_line_names_the_address(settings: Any) -> None:
    with pytest.raises(Refused, match="no provider"):
        CliRunner().invoke(deliver_command, ["hook"], catch_exceptions=False)
    settings.CONFIG = replace(settings.CONFIG, provider=MAILGUN)
    assert CliRunner().invoke(deliver_command, ["hook"]).output.strip() == hook_address()


def test_an_answer_lost_after_acceptance_is_settled_by_what_the_provider_tells(
    settings: Any, ben: Reader
) -> None:
    make_reader("Cem", "Europe/Berlin")
    with fake_provider() as provider:
        settings.CONFIG = replace(
            settings.CONFIG,
            provider=replace(MAILGUN, api_url=provider.url),
            mail_from="editions@paper.example",
        )
        plan(printed(), NIGHT)
        provider.moods = ["500 after"]
        sent = deliver_due(lambda: open_post(settings.CONFIG), BERLIN_SIX, settings.CONFIG)
        assert (sent.in_doubt, sent.handed_over, len(provider.taken)) == (1, 1, 2)
        again = deliver_due(lambda: open_post(settings.CONFIG), BERLIN_SIX, settings.CONFIG)
        assert (again.in_doubt, again.handed_over, len(provider.taken)) == (0, 0, 2)
    doubtful = Delivery.objects.get(state="in_doubt")
    assert provider.taken[0]["v:mail"] == str(doubtful.pk)
    told = {
        "event": "delivered",
        "recipient": doubtful.reader.email,
        "user-variables": {"mail": str(doubtful.pk)},
    }
    assert post(f"/hooks/mail/{hook_secret()}/mailgun/", signed(told)) == 200
    assert states() == {"handed_over": 2}
