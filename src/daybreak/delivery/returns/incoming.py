"""Mail that comes to the paper: a bounce, a complaint, a machine's answer, or a reader's words."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from email.message import Message
from typing import Literal

from django.conf import settings
from django.db import transaction

from daybreak.circulation.models import Reader
from daybreak.delivery.handover.returnpath import delivery_of
from daybreak.delivery.models import Delivery, Outcome, Reply
from daybreak.delivery.returns.autoreplies import header_words, is_automatic
from daybreak.delivery.returns.bouncereading import Bounce, read_bounce
from daybreak.delivery.returns.bouncewords import UNSAID
from daybreak.delivery.returns.briefsmeant import brief_meant
from daybreak.delivery.returns.complaintreading import Complaint, read_complaint
from daybreak.delivery.returns.outcomes import Told, delivery_named, record
from daybreak.delivery.returns.quoting import quotation_in
from daybreak.delivery.returns.reportparts import LARGEST, Report, addresses_in, header, parsed

What = Literal["bounce", "complaint", "out of office", "reply", "nothing"]
TEXT = 20_000  # letters kept of a reply
_SENT_TO = ("X-Envelope-To", "Delivered-To", "X-Original-To", "Envelope-To", "To")


def take_in(data: bytes, at: dt.datetime, sent_to: Iterable[str] = ()) -> What:
    """Read one mail and record what it says; what it was. The same bytes again change nothing.

    `sent_to` are the envelope's recipients where they are known; else the headers that servers add are asked.
    """
    message = parsed(data)
    source = hashlib.sha256(data).hexdigest()
    delivery_id = _by_return_path(message, sent_to)
    complaint = read_complaint(message)
    if complaint is not None:
        _record_complaint(complaint, delivery_id, source, at)
        return "complaint"
    bounce = read_bounce(message)
    if bounce is not None:
        _record_bounce(bounce, delivery_id, source, at)
        return "bounce"
    automatic = is_automatic(message)
    if automatic and delivery_id and "mailer-daemon" in header(message, "From").lower():
        # A report to a return path that nobody can read is a report still.
        record(Told(Outcome.Kind.SOFT_BOUNCE, source, at, "mail", delivery_id, meaning=UNSAID), at)
        return "bounce"
    quotation = "" if automatic else quotation_in(message, cut=len(data) >= LARGEST)
    return _keep(message, automatic, delivery_id, quotation, source, at)


def _by_return_path(message: Message, sent_to: Iterable[str]) -> uuid.UUID | None:
    heads = " ".join(str(value) for name in _SENT_TO for value in message.get_all(name, [])[:20])
    addresses = [*sent_to, *addresses_in(heads)]
    return next((found for address in addresses if (found := delivery_of(address))), None)


def _record_complaint(
    complaint: Complaint, delivery_id: uuid.UUID | None, source: str, at: dt.datetime
) -> None:
    named = delivery_id or delivery_of(complaint.mail_from)
    told = Told(
        kind=Outcome.Kind.COMPLAINT,
        source=source,
        happened_at=at,
        via="mail",
        delivery_id=named,
        address=complaint.address,
        message_id=complaint.message_id,
        feedback_id=complaint.feedback_id,
    )
    record(told, at)


def _record_bounce(bounce: Bounce, delivery_id: uuid.UUID | None, source: str, at: dt.datetime) -> None:
    kinds = {
        "hard": Outcome.Kind.HARD_BOUNCE,
        "soft": Outcome.Kind.SOFT_BOUNCE,
        "none": Outcome.Kind.DELIVERED,
    }
    with transaction.atomic():
        for failed in bounce.recipients:
            told = Told(
                kind=kinds[failed.verdict],
                source=source,
                happened_at=at,
                via="mail",
                delivery_id=delivery_id,
                address=failed.address,
                message_id=bounce.message_id,
                final=failed.final,
                status=failed.status,
                reply_code=failed.reply,
                meaning=failed.meaning,
                diagnostic=failed.diagnostic,
            )
            record(told, at)


def _keep(
    message: Message,
    automatic: bool,
    delivery_id: uuid.UUID | None,
    quotation: str,
    source: str,
    at: dt.datetime,
) -> What:
    """Keep what a reader, or their machine, answered."""
    writer = header_words(message, "From")
    address = next(iter(addresses_in(writer)), "")
    if not address or address.lower() == settings.CONFIG.mail_from.lower():
        return "nothing"  # from nobody, or our own mail in a loop
    answered = f"{header(message, 'In-Reply-To')} {header(message, 'References')}"
    named = delivery_id or delivery_named(answered)
    delivery = Delivery.objects.filter(pk=named).first() if named else None
    reader = delivery.reader if delivery else Reader.objects.filter(email__iexact=address).first()
    subject = header_words(message, "Subject")
    kind = Reply.Kind.OUT_OF_OFFICE if automatic else Reply.Kind.REPLY
    Reply.objects.get_or_create(
        digest=source,
        defaults={
            "kind": kind,
            "address": address[:320],
            "name": writer.partition("<")[0].replace(address, "").strip(' "')[:120],
            "subject": subject[:300],
            "text": Report(message).text.strip()[:TEXT],
            "message_id": header(message, "Message-ID")[:255],
            "came_at": at,
            "delivery": delivery,
            "reader": reader,
            "brief": None if automatic else brief_meant(subject, quotation, delivery, reader),
        },
    )
    return "out of office" if automatic else "reply"
