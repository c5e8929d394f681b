"""What Amazon SES tells, by notes of its notification service (SNS): read only when signed and of our own topic.

Source: “Verifying the signatures of Amazon SNS messages” in Amazon's SNS developer guide. A note names the address of
the certificate that it is signed with; only addresses of SNS itself, in the region of our topic, are asked.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PATIENCE = 5.0  # seconds that SNS may take to answer
LONGEST = 20_000  # bytes of a certificate, which has about 2,000
_NOTE, _INVITATION = "Notification", "SubscriptionConfirmation"
_FIELDS = {
    _NOTE: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _INVITATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
# SHA-1 is what a topic signs with until it is set to version 2: nobody can choose both texts that it would stand for.
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
# Why SES gave an address up for good, where its server said nothing.
_DEAD = ("Permanent: NoEmail", "Permanent: Suppressed", "Permanent: OnAccountSuppressionList")


class SnsAway(Exception):
    """SNS could not be asked for what is needed to believe a note: it is to be told again. A sentence."""


def events_of(body: bytes, topic: str) -> list[AnymailTrackingEvent]:
    """The events in a note of `topic` (its ARN); none in its first note, which asks to be confirmed, and is.

    Raises AnymailWebhookValidationFailure for a note of another topic or one that is not signed by SNS, ValueError,
    TypeError or KeyError for what is no note, SnsAway.
    """
    note = json.loads(body)
    kind = note["Type"]
    if not topic or note.get("TopicArn") != topic:
        raise AnymailWebhookValidationFailure("This is not the topic of the settings.")
    if kind not in _FIELDS:
        return []
    _verify(note, topic)
    if kind == _INVITATION:
        _ask(_own_address(note["SubscribeURL"], topic))
        return []
    try:
        told = json.loads(note["Message"])
    except ValueError:
        return []  # “Successfully validated SNS topic …”
    return [_meant(event) for event in _Reader().esp_to_anymail_events(told, note)]


class _Reader(AmazonSESTrackingWebhookView):  # type: ignore[misc]
    """Anymail's reading of what SES tells, without the client of Amazon's that its view opens for confirming."""

    def __init__(self) -> None:
        """Nothing to open."""


def _verify(note: dict[str, Any], topic: str) -> None:
    try:
        algorithm = _HASHES[note["SignatureVersion"]]
        signature = base64.b64decode(note["Signature"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise AnymailWebhookValidationFailure("This note is not signed.") from error
    key = certificate_at(_own_address(note["SigningCertURL"], topic)).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise AnymailWebhookValidationFailure("This note is not signed as SNS does.")
    try:
        key.verify(signature, _signed_text(note), padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise AnymailWebhookValidationFailure("The signature of this note is wrong.") from error


def _signed_text(note: dict[str, Any]) -> bytes:
    fields = ((name, note[name]) for name in _FIELDS[note["Type"]] if name != "Subject" or note.get(name))
    return "".join(f"{name}\n{value}\n" for name, value in fields).encode()


@lru_cache(maxsize=4)
def certificate_at(url: str) -> x509.Certificate:
    """The certificate at an address of SNS, kept. Raises SnsAway."""
    try:
        return x509.load_pem_x509_certificate(_ask(url))
    except ValueError as error:
        raise SnsAway("What SNS gave is no certificate.") from error


def _ask(url: str) -> bytes:
    try:
        with requests.get(url, timeout=PATIENCE, allow_redirects=False, stream=True) as answer:
            body: bytes = next(answer.iter_content(LONGEST), b"")
    except requests.RequestException as error:
        raise SnsAway("SNS cannot be reached.") from error
    if answer.status_code != 200:
        raise SnsAway(f"SNS answered {answer.status_code}.")
    return body


def _own_address(url: Any, topic: str) -> str:
    """`url` when it is one of SNS in the region of the topic. Raises AnymailWebhookValidationFailure."""
    region = topic.split(":")[3]
    home = rf"sns\.{re.escape(region)}\.amazonaws\.com(\.cn)?"
    try:
        parts = urlsplit(str(url))
        own = parts.scheme == "https" and re.fullmatch(home, parts.netloc)
    except ValueError:
        own = None
    if not own:
        raise AnymailWebhookValidationFailure("This note names an address that is not of SNS.")
    return str(url)


def _meant(event: AnymailTrackingEvent) -> AnymailTrackingEvent:
    """The event with what anymail's reading leaves out: delays, and why SES itself gave an address up."""
    delay = event.esp_event.get("deliveryDelay") if event.event_type == EventType.UNKNOWN else None
    if isinstance(delay, dict):
        (late, *_) = delay["delayedRecipients"]
        event.event_type, event.description = EventType.DEFERRED, ""
        event.mta_response = str(late.get("diagnosticCode") or delay.get("delayType") or "")
    if event.description in _DEAD:
        event.reject_reason = RejectReason.INVALID
    return event
