"""The reader's cookie: a signed ticket that says who is reading, without a row to look up for each page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from daybreak.circulation.models import Reader
from daybreak.common.keys import new_token, same
from daybreak.common.models import note

COOKIE = "daybreak_reader"
LIFE = dt.timedelta(days=180)
RENEWED_AFTER = dt.timedelta(days=7)
_signer = signing.Signer(salt="daybreak.circulation.reader")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a genuine cookie says. It holds only while `stamp` is still the reader's `session_stamp`."""

    reader_id: int
    stamp: str
    made_at: dt.datetime


def read_ticket(cookie: str, at: dt.datetime) -> Ticket | None:
    """The ticket in a cookie's value; None when it is not ours or older than 180 days. Touches no database."""
    try:
        reader_id, stamp, made = _signer.unsign_object(cookie)
        ticket = Ticket(int(reader_id), str(stamp), dt.datetime.fromtimestamp(int(made), dt.UTC))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return ticket if at < ticket.made_at + LIFE else None


def reader_of(ticket: Ticket | None) -> Reader | None:
    """The reader a ticket still stands for; None after a sign-out everywhere."""
    if ticket is None:
        return None
    reader = Reader.objects.filter(pk=ticket.reader_id).first()
    return reader if reader is not None and same(reader.session_stamp, ticket.stamp) else None


def signed_in_reader(request: HttpRequest, at: dt.datetime) -> Reader | None:
    """The reader whose cookie came with `request`, or None."""
    return reader_of(read_ticket(request.COOKIES.get(COOKIE, ""), at))


def sign_in(response: HttpResponse, reader: Reader, at: dt.datetime) -> None:
    """Give the browser a ticket for 180 days."""
    value = _signer.sign_object((reader.pk, reader.session_stamp, int(at.timestamp())))
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.CONFIG.https,
    )


def renew_if_old(request: HttpRequest, response: HttpResponse, reader: Reader, at: dt.datetime) -> None:
    """Give a signed-in `reader` a fresh ticket once the old one is a week old."""
    ticket = read_ticket(request.COOKIES.get(COOKIE, ""), at)
    if ticket is not None and at >= ticket.made_at + RENEWED_AFTER:
        sign_in(response, reader, at)


def sign_out(response: HttpResponse) -> None:
    """Take the ticket from this browser."""
    response.delete_cookie(COOKIE, samesite="Lax")


def sign_out_everywhere(reader: Reader, at: dt.datetime) -> None:
    """Make every ticket of `reader` worthless, on all devices."""
    reader.session_stamp = new_token()
    reader.save(update_fields=["session_stamp"])
    note("signed out everywhere", f"reader {reader.pk}", by="the reader", at=at)
