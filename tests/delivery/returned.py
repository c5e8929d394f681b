"""Mail that comes back, for tests: deliveries that were handed over, and what is written about them."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from daybreak.circulation.models import Reader
from daybreak.delivery.handover.returnpath import return_path
from daybreak.delivery.models import Delivery
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, printed


def handed_over(reader: Reader, day: dt.date = FRIDAY, **fields: object) -> Delivery:
    """The edition of `day`, handed over to a reader at six in Berlin."""
    edition = printed(day)
    at = BERLIN_SIX + (day - FRIDAY)
    given = {"state": "handed_over", "handed_over_at": at, **fields}
    return Delivery.objects.create(
        edition=edition, reader=reader, run=edition.press_runs.first(), due_at=NIGHT, not_after=at, **given
    )


def bounce_of(
    delivery: Delivery, answer: str = "550 5.1.1 User unknown", *, action: str = "failed", signed: bool = True
) -> bytes:
    """A standard report to the return path of a mail (or to the paper), naming the mail in what it returns."""
    to = return_path(delivery.pk, settings.CONFIG) if signed else settings.CONFIG.mail_from
    message_id = f"<{delivery.pk}@paper.example>" if signed else "<unknown@mx.example>"
    status = answer.split()[1]
    return (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {delivery.reader.email}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {answer}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    ).encode()


def complaint_about(delivery: Delivery, kind: str = "abuse") -> bytes:
    """A complaint as a mailbox provider sends it (RFC 5965), the recipient's address taken out."""
    return (
        f"From: fbl@mailbox.example\r\nTo: {settings.CONFIG.mail_from}\r\nSubject: Abuse report\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{return_path(delivery.pk, settings.CONFIG)}>\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: editions@paper.example\r\nTo: redacted@mailbox.example\r\n"
        "Feedback-ID: 2022-05-06:daybreak\r\nSubject: Terms of Departure\r\n\r\nText\r\n--b--\r\n"
    ).encode()


def mail(subject: str, text: str, *headers: str, sender: str = "Ben <ben@example.org>") -> bytes:
    """A mail that somebody writes to the paper."""
    heads = "".join(f"{header}\r\n" for header in headers)
    return (
        f"From: {sender}\r\nTo: {settings.CONFIG.mail_from}\r\nSubject: {subject}\r\n{heads}\r\n{text}\r\n"
    ).encode()
