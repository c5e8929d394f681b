"""What became of a mail after its hand-over: bounces, complaints, and what providers tell, recorded once each."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from dataclasses import dataclass

from django.db import transaction

from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import stop_mail
from daybreak.common.models import note
from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.returns.bouncewords import SENTENCES
from daybreak.delivery.returns.reportparts import plain
from daybreak.delivery.returns.suppressing import suppress_if_told

Kind = Outcome.Kind
State = Delivery.State
_OURS = re.compile(r"<?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing told of one mail. `source` names the telling (a digest of the mail, an event's id) for once-only.

    `delivery_id` is proof: it came out of a signed return path, or is the random id in our Message-ID. Without it a
    reader is looked up by address only when `trusted`, as a provider's signed word is: anybody can write a false
    report about an address.
    """

    kind: str
    source: str
    happened_at: dt.datetime
    via: str
    delivery_id: uuid.UUID | None = None
    address: str = ""
    message_id: str = ""
    trusted: bool = False
    final: bool = True
    status: str = ""
    reply_code: str = ""
    meaning: str = ""
    diagnostic: str = ""
    feedback_id: str = ""


def delivery_named(message_ids: str) -> uuid.UUID | None:
    """The id in the first of our Message-IDs in a header's text; None when there is none."""
    match = _OURS.search(message_ids)
    return uuid.UUID(match[1]) if match else None


def record(told: Told, at: dt.datetime) -> bool:
    """Record what was told, settle a doubt that it answers, and suppress where the rule says so.

    False when it was recorded before: then nothing else happens either.
    """
    name = plain(f"{told.via}\n{told.source}\n{told.kind}\n{told.address.lower()}")
    digest = hashlib.sha256(name.encode()).hexdigest()
    named = told.delivery_id or delivery_named(told.message_id)
    delivery = Delivery.objects.select_related("reader").filter(pk=named).first() if named else None
    reader = delivery.reader if delivery else _reader(told) if told.trusted else None
    with transaction.atomic():
        outcome, fresh = Outcome.objects.get_or_create(
            digest=digest,
            defaults={
                "kind": told.kind,
                "delivery": delivery,
                "reader": reader,
                "address": plain(told.address)[:320],
                "happened_at": told.happened_at,
                "told_at": at,
                "via": told.via[:40],
                "final": told.final,
                "status": plain(told.status)[:16],
                "reply_code": plain(told.reply_code)[:3],
                "meaning": plain(told.meaning)[:40],
                "diagnostic": plain(told.diagnostic)[:500],
                "message_id": plain(told.message_id)[:255],
                "feedback_id": plain(told.feedback_id)[:255],
            },
        )
        if not fresh:
            return False
        if delivery is not None:
            _settle(delivery, outcome, at)
        suppress_if_told(outcome, at)
        if outcome.kind == Kind.UNSUBSCRIBED and reader is not None:
            stop_mail(reader, at, by=f"the reader, at {outcome.via}")
    return True


def sentence(kind: str, meaning: str, final: bool = True) -> str:
    """One outcome for a line of the ledger: “Bounced: the mailbox is full.”"""
    words = SENTENCES.get(meaning, "no reason was given that we understand")
    return {
        str(Kind.DELIVERED): "Delivered.",
        str(Kind.HARD_BOUNCE): f"Bounced: {words}.",
        str(Kind.SOFT_BOUNCE): f"Bounced: {words}." if final else f"Delayed: {words}.",
        str(Kind.COMPLAINT): "The reader reported it as unwanted.",
        str(Kind.UNSUBSCRIBED): "The reader unsubscribed.",
    }[kind]


def _reader(told: Told) -> Reader | None:
    address = plain(told.address)
    return Reader.objects.filter(email__iexact=address).first() if address else None


def _settle(delivery: Delivery, outcome: Outcome, at: dt.datetime) -> None:
    """Whoever speaks of a mail has had it: a row in doubt was handed over."""
    doubtful = Delivery.objects.filter(pk=delivery.pk, state=State.IN_DOUBT, run__isnull=False)
    told_by = (
        "A bounce" if "bounce" in outcome.kind else "An answer" if outcome.via == "mail" else outcome.via
    )
    settled = doubtful.update(
        state=State.HANDED_OVER,
        handed_over_at=delivery.claimed_at or at,
        on_the_wire=False,
        reason=f"{told_by} shows that it was handed over."[:300],
    )
    if settled:
        subject = f"edition {delivery.edition.date}"
        note(
            "delivery settled", subject, by=outcome.via, at=at, reader=delivery.reader_id, answer=outcome.kind
        )
