"""What Amazon SES tells by SNS: believed when SNS signed it and it is of our topic, and of nobody else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.test import Client

from daybreak.circulation.models import Reader
from daybreak.common.post import open_post
from daybreak.common.provider import Provider
from daybreak.delivery.hooks import hook_secret
from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.planning import plan
from daybreak.delivery.returns import snsnotes
from daybreak.delivery.returns.suppressing import suppression_of
from daybreak.delivery.sending import deliver_due
from tests.common.fakeprovider import fake_provider
from tests.conftest import make_reader
from tests.delivery.ledger import BERLIN_SIX, NIGHT, printed, states
from tests.delivery.returned import handed_over

pytestmark = pytest.mark.django_db
TOPIC = "arn:aws:sns:eu-west-1:123456789012:daybreak"
SNS = "https://sns.eu-west-1.amazonaws.com"
SES = Provider("ses", "AKIDEXAMPLE", "eu-west-1", "", TOPIC, secret="secret")


class Amazon:
    """SNS as its readers see it: a key, a certificate at an address, and who asked for what."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        day = dt.datetime(2022, 5, 1)
        made = x509.CertificateBuilder(name, name, self.key.public_key(), 1, day, day + dt.timedelta(days=90))
        self.pem = made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self.asked: list[str] = []

    def ask(self, url: str) -> bytes:
        self.asked.append(url)
        return self.pem

    def note(self, message: str, version: str = "2", **other: str) -> dict[str, str]:
        note = {
            "Type": "Notification",
            "MessageId": "note-1",
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": "2022-05-06T04:00:09.000Z",
            "SignatureVersion": version,
            "SigningCertURL": f"{SNS}/SimpleNotificationService-1.pem",
            **other,
        }
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self.key.sign(snsnotes._signed_text(note), padding.PKCS1v15(), algorithm)
        return {**note, "Signature": base64.b64encode(signature).decode()}

    def telling(self, kind: str, delivery_id: object, version: str = "2", **told: Any) -> dict[str, str]:
        mail = {
            "messageId": "0102018a-000000",
            "destination": ["ben@example.org"],
            "headers": [{"name": "X-Metadata", "value": json.dumps({"mail": str(delivery_id)})}],
        }
        field = kind[0].lower() + kind[1:]
        return self.note(json.dumps({"eventType": kind, "mail": mail, field: told}), version)


@pytest.fixture
def amazon(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    settings.CONFIG = replace(settings.CONFIG, provider=SES)
    there = Amazon()
    monkeypatch.setattr(snsnotes, "_ask", there.ask)
    snsnotes.certificate_at.cache_clear()
    yield there
    snsnotes.certificate_at.cache_clear()


def post(note: Any) -> int:
    address = f"/hooks/mail/{hook_secret()}/ses/"
    return Client().post(address, json.dumps(note), content_type="text/plain; charset=UTF-8").status_code


def bounce(amazon: Amazon, delivery_id: object, words: str = "", kind: str = "General") -> dict[str, str]:
    recipient = {"emailAddress": "ben@example.org", **({"diagnosticCode": words} if words else {})}
    return amazon.telling(
        "Bounce", delivery_id, bounceType="Permanent", bounceSubType=kind, bouncedRecipients=[recipient]
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [("smtp; 550 5.1.1 user unknown", "General"), ("", "NoEmail"), ("", "OnAccountSuppressionList")],
)
def test_a_dead_address_is_recorded_once_and_stops_the_mail(
    amazon: Amazon, ben: Reader, words: str, kind: str
) -> None:
    delivery = handed_over(ben)
    note = bounce(amazon, delivery.pk, words, kind)
    assert [post(note), post(note)] == [200, 200]
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.delivery, outcome.via) == ("hard_bounce", delivery, "ses")
    assert outcome.message_id == "0102018a-000000"
    assert suppression_of(ben) is not None
    assert len(amazon.asked) == 1, "the certificate is kept"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_complaint_is_obeyed(amazon: Amazon, ben: Reader, version: str) -> None:
    recipients = [{"emailAddress": ben.email}]
    assert post(amazon.telling("Complaint", "", version, complainedRecipients=recipients)) == 200
    assert suppression_of(ben) is not None


def test_a_note_that_is_not_signed_by_sns_for_our_topic_is_refused(amazon: Amazon, ben: Reader) -> None:
    good = bounce(amazon, handed_over(ben).pk, "550 5.1.1 user unknown")
    other_topic = amazon.note(good["Message"], TopicArn=TOPIC.replace("daybreak", "eve"))
    elsewhere = amazon.note(
        good["Message"], SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/1.pem"
    )
    bucket = amazon.note(good["Message"], SigningCertURL="https://s3.eu-west-1.amazonaws.com/eve/1.pem")
    named = amazon.note(
        good["Message"], SigningCertURL="https://sns.eu-west-1.amazonaws.com@evil.example/1.pem"
    )
    forged = {**good, "Message": good["Message"].replace("ben@", "ada@")}
    unsigned = {name: value for name, value in good.items() if name != "Signature"}
    wrong: list[object] = [
        other_topic,
        elsewhere,
        bucket,
        named,
        forged,
        unsigned,
        {**good, "SignatureVersion": "0"},
    ]
    for note in [*wrong, [], {}, "x", {**good, "Signature": "é"}, {**good, "TopicArn": [TOPIC]}]:
        assert post(note) == 400, note
    assert not Outcome.objects.exists()
    assert amazon.asked in ([], [good["SigningCertURL"]]), "nobody else was asked"


def test_without_a_topic_in_the_settings_nobody_is_believed(
    amazon: Amazon, settings: Any, ben: Reader
) -> None:
    settings.CONFIG = replace(settings.CONFIG, provider=replace(SES, hook_key=""))
    assert post(bounce(amazon, handed_over(ben).pk)) == 400
    assert not Outcome.objects.exists()


def test_our_own_topic_is_confirmed_and_no_other(amazon: Amazon) -> None:
    invitation = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": f"{SNS}/?Token=t"}
    assert post(amazon.note("You have chosen to subscribe.", **invitation)) == 200
    assert amazon.asked[-1] == f"{SNS}/?Token=t"
    amazon.asked.clear()
    for change in ({"TopicArn": f"{TOPIC}2"}, {"SubscribeURL": "http://169.254.169.254/latest/"}):
        assert post(amazon.note("You have chosen to subscribe.", **{**invitation, **change})) == 400
    assert amazon.asked == []


def test_a_delay_is_recorded_and_stops_nothing(amazon: Amazon, ben: Reader) -> None:
    late = {"emailAddress": ben.email, "diagnosticCode": "452 4.2.2 mailbox full"}
    note = amazon.telling(
        "DeliveryDelay", handed_over(ben).pk, delayType="MailboxFull", delayedRecipients=[late]
    )
    assert post(note) == 200
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.final, outcome.meaning) == ("soft_bounce", False, "mailbox full")
    assert suppression_of(ben) is None
    assert post(amazon.telling("DeliveryDelay", "", delayedRecipients=[])) == 400


def test_what_is_no_outcome_is_taken_and_not_recorded(amazon: Amazon) -> None:
    assert post(amazon.telling("Send", "")) == 200
    assert post(amazon.note("Successfully validated SNS topic for Amazon SES event publishing.")) == 200
    assert post(amazon.note("Bye", Type="Notification", Subject="Amazon")) == 200
    assert post(amazon.telling("Bounce", "")) == 400, "a bounce without recipients"
    assert post(amazon.note(json.dumps({"notificationType": "Received"}))) == 400
    assert not Outcome.objects.exists()


def test_a_note_comes_again_when_its_certificate_cannot_be_had(
    amazon: Amazon, ben: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = bounce(amazon, handed_over(ben).pk, "550 5.1.1 user unknown")

    def away(url: str) -> bytes:
        raise snsnotes.SnsAway("SNS cannot be reached.")

    monkeypatch.setattr(snsnotes, "_ask", away)
    assert post(note) == 503
    monkeypatch.setattr(snsnotes, "_ask", amazon.ask)
    assert post(note) == 200
    assert Outcome.objects.count() == 1


def test_sns_is_asked_without_following_it_elsewhere() -> None:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/moved": 302, "/none": 404}.get(self.path, 200))
            self.send_header("Location", "/there")
            self.end_headers()
            self.wfile.write(b"x" * 50_000)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}"
    try:
        assert len(snsnotes._ask(f"{home}/there")) == snsnotes.LONGEST
        for wrong in ("/moved", "/none"):
            with pytest.raises(snsnotes.SnsAway, match="SNS answered"):
                snsnotes._ask(home + wrong)
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(snsnotes.SnsAway, match="cannot be reached"):
        snsnotes._ask(f"{home}/there")


def test_an_answer_lost_after_acceptance_is_settled_by_what_ses_tells(
    amazon: Amazon, settings: Any, ben: Reader
) -> None:
    make_reader("Cem", "Europe/Berlin")
    with fake_provider() as server:
        settings.CONFIG = replace(
            settings.CONFIG, provider=replace(SES, api_url=server.url), mail_from="editions@paper.example"
        )
        plan(printed(), NIGHT)
        server.moods = ["500 after"]
        sent = deliver_due(lambda: open_post(settings.CONFIG), BERLIN_SIX, settings.CONFIG)
        assert (sent.in_doubt, sent.handed_over, len(server.taken)) == (1, 1, 2)
        deliver_due(lambda: open_post(settings.CONFIG), BERLIN_SIX, settings.CONFIG)
        assert len(server.taken) == 2
    doubtful = Delivery.objects.get(state="in_doubt")
    assert str(doubtful.pk) in base64.b64decode(server.taken[0]["Content"]["Raw"]["Data"]).decode()
    assert post(amazon.telling("Delivery", doubtful.pk, recipients=[doubtful.reader.email])) == 200
    assert states() == {"handed_over": 2}
