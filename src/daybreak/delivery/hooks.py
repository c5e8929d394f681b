"""What a mail provider tells of our mails, at an address of ours: delivered, bounced, complained of, unsubscribed.

The address holds a secret; where the provider signs what it tells, anymail checks the signature too. Every event is
recorded once however often it is told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
import warnings
from collections.abc import Iterable
from typing import Any

from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailInsecureWebhookWarning,
    AnymailWebhookValidationFailure,
)
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.urls import urlpatterns as anymail_addresses
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from daybreak.common.clock import now
from daybreak.common.keys import keyed_hash, same
from daybreak.common.provider import SES, Provider
from daybreak.common.providerpost import METADATA
from daybreak.common.webhookseal import is_sealed
from daybreak.delivery.models import Outcome
from daybreak.delivery.returns.bouncewords import HARD, NO_MAILBOX, UNSAID, meaning_of_words
from daybreak.delivery.returns.outcomes import Told, record
from daybreak.delivery.returns.snsnotes import SnsAway, events_of

Kind = Outcome.Kind
# How each provider's view calls the key that its tellings are signed with.
_SIGNED_BY = {
    "mailgun": "webhook_signing_key",
    "sendgrid": "tracking_webhook_verification_key",
    "mailtrap": "tracking_secret",
}


def hook_secret() -> str:
    """The secret part of the address; another one when the newsroom's own secret changes."""
    return keyed_hash(settings.SECRET_KEY, "mail hook", "address")[:40]


def hook_address() -> str | None:
    """The address to enter at the provider; None when mail goes by SMTP or to the outbox."""
    provider = settings.CONFIG.provider
    return f"{settings.CONFIG.site_url}/hooks/mail/{hook_secret()}/{provider.name}/" if provider else None


@csrf_exempt  # a provider has no cookie: the secret in the address, and its signature, are the key
@never_cache
@require_http_methods(["POST", "HEAD"])
def hook(request: HttpRequest, secret: str, name: str) -> HttpResponse:
    """POST: events as the provider of the settings writes them. HEAD answers a provider that tries the address."""
    provider = settings.CONFIG.provider
    if provider is None or provider.name != name or not same(secret, hook_secret()):
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    try:
        events = list(_events(provider, request))
    except AnymailWebhookValidationFailure:
        return HttpResponseBadRequest("The signature is not that of the key in DAYBREAK_MAIL_URL.\n")
    except SnsAway as error:
        return HttpResponse(f"{error}\n", status=503)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        OSError,  # of a time beyond all calendars
        RecursionError,
        AnymailConfigurationError,
    ):  # json and MIME that are not the provider's form
        return HttpResponseBadRequest("This is no telling of this provider.\n")
    for event in events:
        _record(event, provider.name, now())
    return HttpResponse("Recorded.\n", content_type="text/plain; charset=utf-8")


def _events(provider: Provider, request: HttpRequest) -> Iterable[AnymailTrackingEvent]:
    """The events in a request whose signature was checked."""
    if provider.name == SES:
        return events_of(request.body, provider.hook_key)
    if provider.name == "resend":
        _check_seal(provider, request)
    (view,) = (
        each.callback.view_class
        for each in anymail_addresses
        if each.name == f"{provider.name}_tracking_webhook"
    )
    option = _SIGNED_BY.get(provider.name)
    options: dict[str, Any] = {option: provider.hook_key} if option and provider.hook_key else {}
    if provider.name == "mailgun":
        options.setdefault("api_key", provider.key)  # older accounts sign with it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)  # the address has its secret
        door = view(**options)
    door.run_validators(request)
    return [event for event in door.parse_events(request) if isinstance(event, AnymailTrackingEvent)]


def _check_seal(provider: Provider, request: HttpRequest) -> None:
    """Resend's signature, for which anymail would want one more library. Raises AnymailWebhookValidationFailure."""
    key = provider.hook_key
    if key and not is_sealed(request.headers, request.body, key, now(), "svix"):
        raise AnymailWebhookValidationFailure("The seal is not that of the key.")


def _record(event: AnymailTrackingEvent, name: str, at: dt.datetime) -> None:
    words = " ".join(str(each) for each in (event.description, event.mta_response) if each)
    meaning = meaning_of_words(words) if words else UNSAID
    if meaning == UNSAID and event.reject_reason == RejectReason.INVALID:
        meaning = NO_MAILBOX
    kind = _kind(event, meaning)
    if kind is None:
        return
    told = Told(
        kind=kind,
        source=str(event.event_id or _digest(event)),
        happened_at=event.timestamp if isinstance(event.timestamp, dt.datetime) else at,
        via=name,
        delivery_id=_delivery_id(event),
        address=str(event.recipient or ""),
        message_id=str(event.message_id or ""),
        trusted=True,
        final=event.event_type != EventType.DEFERRED,
        meaning="" if kind == Kind.DELIVERED else meaning,
        diagnostic=" ".join(words.replace("\x00", "").split()),
    )
    record(told, at)


def _kind(event: AnymailTrackingEvent, meaning: str) -> str | None:
    """None for what is no outcome: queued, sent, opened, clicked."""
    failed = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED, EventType.DEFERRED)
    if event.event_type in failed:
        dead = meaning in HARD and event.event_type != EventType.DEFERRED
        return str(Kind.HARD_BOUNCE if dead else Kind.SOFT_BOUNCE)
    kinds = {
        EventType.DELIVERED: Kind.DELIVERED,
        EventType.COMPLAINED: Kind.COMPLAINT,
        EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
    }
    kind = kinds.get(event.event_type)
    return str(kind) if kind else None


def _delivery_id(event: AnymailTrackingEvent) -> uuid.UUID | None:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    try:
        return uuid.UUID(str(metadata.get(METADATA, "")))
    except ValueError:
        return None


def _digest(event: AnymailTrackingEvent) -> str:
    """A provider that gives an event no id tells the same bytes again."""
    return hashlib.sha256(json.dumps(event.esp_event, sort_keys=True, default=str).encode()).hexdigest()
