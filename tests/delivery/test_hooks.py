"""What a provider tells: believed with the secret and the signature, recorded once, acted on."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import io
import json
import logging
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as django_settings
from django.test import Client

from daybreak.circulation.models import Reader
from daybreak.common.clock import now
from daybreak.common.config import read_config
from daybreak.common.post import open_post
from daybreak.common.provider import KEYS, Provider
from daybreak.common.quietlog import WithoutSecrets
from daybreak.common.refusal import Refused
from daybreak.common.webhookseal import signature
from daybreak.delivery import hooks
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
    kinds: list[object] = [[], {}, {"signature": []}, "x", {**signed({}), "event-data": []}]
    for nonsense in kinds:
        assert post(mailgun, nonsense) == 400, nonsense
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": "\ud800@example.org"},
        {"recipient": 5},
        {"id": "\ud800"},
        {"user-variables": 5},
        {"user-variables": {"mail": {}}},
        {"timestamp": 1e300},
        {"timestamp": 10**20},
        {"delivery-status": {"code": 550, "message": ["no"], "description": ""}},
        {"message": {"headers": {"message-id": 5}}},
    ],
)
def test_values_of_a_strange_kind_are_no_error_of_ours(
    mailgun: str, ben: Reader, change: dict[str, Any]
) -> None:
    assert post(mailgun, signed({**failed("x", "no"), **change})) in (200, 400)


def test_a_telling_nested_beyond_reason_is_refused(mailgun: str) -> None:
    assert Client().post(mailgun, "[" * 100_000, content_type="application/json").status_code == 400


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


SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())


def sendgrid_key() -> str:
    """The public half as SendGrid shows it: base64 without the lines around it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = SENDGRID_KEY.public_key().public_bytes(serialization.Encoding.PEM, form)
    return "".join(pem.decode().splitlines()[1:-1])


def post_to_sendgrid(body: str, signature: bytes | None) -> int:
    moment = "1651809600"
    headers = {"X-Twilio-Email-Event-Webhook-Timestamp": moment}
    if signature is not None:
        headers["X-Twilio-Email-Event-Webhook-Signature"] = base64.b64encode(signature).decode()
    address = f"/hooks/mail/{hook_secret()}/sendgrid/"
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


@pytest.mark.filterwarnings("ignore:django-anymail has dropped")
def test_sendgrid_is_believed_by_its_signature(settings: Any, ben: Reader, tmp_path: Path) -> None:
    url = f"sendgrid://KEY@?hook={sendgrid_key()}"
    settings.CONFIG = replace(
        settings.CONFIG, provider=read_config({"DAYBREAK_MAIL_URL": url}, tmp_path).provider
    )
    complaint = {"event": "spamreport", "email": ben.email, "timestamp": 1651809600, "sg_event_id": "1"}
    body = json.dumps([complaint])
    signed_text = f"1651809600{body}".encode()
    good = SENDGRID_KEY.sign(signed_text, ec.ECDSA(hashes.SHA256()))
    other = ec.generate_private_key(ec.SECP256R1()).sign(signed_text, ec.ECDSA(hashes.SHA256()))
    assert [post_to_sendgrid(body, wrong) for wrong in (None, b"", b"x", other)] == [400] * 4
    assert post_to_sendgrid(body.replace("spamreport", "unsubscribe"), good) == 400
    assert not Outcome.objects.exists()
    assert post_to_sendgrid(body, good) == 200
    assert suppression_of(ben) is not None


@pytest.mark.filterwarnings("ignore:django-anymail has dropped")
@pytest.mark.parametrize("name", sorted({*KEYS, "ses"}))
def test_no_provider_is_believed_without_the_secret_and_none_breaks_the_door(
    settings: Any, ben: Reader, name: str
) -> None:
    settings.CONFIG = replace(settings.CONFIG, provider=Provider(name, "KEY", "eu-west-1"))
    complaint = json.dumps({"RecordType": "SpamComplaint", "Email": ben.email, "event": "spam"})
    for secret in ("0" * 40, hook_secret()[:-1], hook_secret().upper(), "é"):
        address = f"/hooks/mail/{secret}/{name}/"
        assert Client().post(address, complaint, content_type="application/json").status_code == 404
    mine = f"/hooks/mail/{hook_secret()}/{name}/"
    for body in (b"", b"{", b"\xff\x00", b"null", b"7", b'[{"event": {}}]', b'{"event": []}'):
        answer = Client().post(mine, body, content_type="application/json")
        assert answer.status_code in (200, 400), body  # SparkPost tries the address with what says nothing
    assert not Outcome.objects.exists()
    assert suppression_of(ben) is None


def test_the_secret_of_the_address_is_not_in_the_journal(
    mailgun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    journal = logging.StreamHandler(said)
    assert cast(Any, django_settings.LOGGING["handlers"])["stderr"]["filters"] == ["without secrets"]
    journal.addFilter(WithoutSecrets())
    monkeypatch.setattr(logging.getLogger("django.request"), "handlers", [journal])

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    assert post(mailgun, signed({}, key="a guess")) == 400
    monkeypatch.setattr(hooks, "_events", broken)
    door = Client(raise_request_exception=False)
    assert door.post(mailgun, "{}", content_type="application/json").status_code == 500
    assert "Internal Server Error: /hooks/mail/…/mailgun/" in said.getvalue()
    assert hook_secret() not in said.getvalue()


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


# -- providers with signatures of another form -------------------------------------------------------------
def test_resend_is_believed_by_its_seal_alone(settings: Any, ben: Reader) -> None:
    secret = "whsec_" + base64.b64encode(b"the key of the webhook").decode()
    settings.CONFIG = replace(settings.CONFIG, provider=Provider("resend", "KEY", hook_key=secret))
    delivery = handed_over(ben)
    told = {
        "type": "email.bounced",
        "created_at": "2022-05-06T04:00:01Z",
        "data": {
            "email_id": "1",
            "to": [ben.email],
            "headers": [{"name": "X-Metadata", "value": json.dumps({"mail": str(delivery.pk)})}],
            "bounce": {"message": "550 5.1.1 User unknown", "type": "Permanent"},
        },
    }
    body, moment = json.dumps(told).encode(), str(int(now().timestamp()))
    headers = {
        "svix-id": "msg_1",
        "svix-timestamp": moment,
        "svix-signature": signature(b"the key of the webhook", "msg_1", moment, body),
    }
    address = str(hook_address()).removeprefix(settings.CONFIG.site_url)

    def answer(data: bytes, **heads: str) -> int:
        return Client().post(address, data, content_type="application/json", headers=heads).status_code

    assert answer(body) == 400
    assert answer(body + b" ", **headers) == 400
    assert [answer(body, **headers) for _ in range(2)] == [200, 200]
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.delivery, outcome.via) == ("hard_bounce", delivery, "resend")


def test_mailtrap_is_believed_by_its_signature_alone(settings: Any, ben: Reader) -> None:
    settings.CONFIG = replace(settings.CONFIG, provider=Provider("mailtrap", "TOKEN", hook_key="key"))
    delivery = handed_over(ben)
    event = {"event": "spam", "email": ben.email, "timestamp": 1651809601, "event_id": "1", "message_id": "m"}
    body = json.dumps({"events": [{**event, "custom_variables": {"mail": str(delivery.pk)}}]}).encode()
    address = str(hook_address()).removeprefix(settings.CONFIG.site_url)

    def answer(key: bytes) -> int:
        heads = {"Mailtrap-Signature": hmac.new(key, body, hashlib.sha256).hexdigest()}
        return Client().post(address, body, content_type="application/json", headers=heads).status_code

    assert (answer(b"a guess"), answer(b"key")) == (400, 200)
    assert Outcome.objects.get().kind == "complaint"
