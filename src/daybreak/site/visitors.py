"""Who is there: the one place of the site that asks, so that every page and feed decides alike."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.http import HttpRequest

from daybreak.circulation.entitlement import Entitlement, entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.sessions import signed_in_reader


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a door: a reader, a member of staff, both, or neither, and what they may read."""

    reader: Reader | None
    staff: bool
    entitlement: Entitlement


def visitor(request: HttpRequest, at: dt.datetime) -> Visitor:
    """Who sent `request`, by the reader's cookie and the desk's session."""
    reader = signed_in_reader(request, at)
    staff = request.user.is_authenticated
    return Visitor(reader, staff, entitlement_of(reader, at, staff=staff))


def by_feed_token(token: str, at: dt.datetime) -> Visitor:
    """Who a private feed address belongs to; nobody for an unknown token.

    A plain look-up by the token is safe: it is 192 random bits, so the time an index takes to miss tells nothing
    that would help to guess one.
    """
    # Checked first, because PostgreSQL refuses a NUL instead of not finding it.
    genuine = re.fullmatch(r"[A-Za-z0-9_-]{1,48}", token) is not None
    reader = Reader.objects.filter(feed_token=token).first() if genuine else None
    return Visitor(reader, False, entitlement_of(reader, at))
