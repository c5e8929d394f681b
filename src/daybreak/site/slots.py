"""What is spliced into a stored page for whoever asks: the reader's links, a note, the form's token, today's price,
and whom the paper's readers write to."""

from __future__ import annotations

import datetime as dt
import re

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html

from daybreak.circulation.plans import current_plan, monthly_label, price_label, trial_label
from daybreak.press.writingin import as_in_link
from daybreak.site.visitors import Visitor

_SLOT = re.compile(rb"<!--(reader|offer|csrf)-->|%%(PRICE|MONTHLY|TRIAL|EDITOR)%%")


def fill(page: bytes, request: HttpRequest, visitor: Visitor, at: dt.datetime) -> bytes:
    """The page with its slots filled for this visitor. What the press stored is not otherwise touched."""
    words = _words(request, visitor)
    return _SLOT.sub(lambda slot: words[slot[1] or slot[2]], page)


def _words(request: HttpRequest, visitor: Visitor) -> dict[bytes, bytes]:
    plan = current_plan()
    texts = {
        b"reader": _links(visitor),
        b"offer": _note(visitor),
        b"csrf": format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
        ),
        b"PRICE": price_label(plan),
        b"MONTHLY": monthly_label(plan),
        b"TRIAL": trial_label(plan),
        b"EDITOR": as_in_link(settings.CONFIG.mail_from),
    }
    return {name: text.encode() for name, text in texts.items()}


def _links(visitor: Visitor) -> str:
    if visitor.reader is not None:
        return '<a href="/account/">Account</a>'
    desk = '<a href="/desk/">Desk</a> ' if visitor.staff else ""
    return f'{desk}<a href="/sign-in/">Sign in</a> <a href="/subscribe/">Subscribe</a>'


def _note(visitor: Visitor) -> str:
    if visitor.reader is None or visitor.entitlement.reason != "trial":
        return ""
    return format_html(
        '<p class="reader-note">{}</p>', visitor.entitlement.sentence(visitor.reader.time_zone)
    )
