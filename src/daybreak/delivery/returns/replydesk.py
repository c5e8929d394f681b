"""The reply desk: what readers wrote to the paper, and who has seen to it."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

from django.db.models import QuerySet

from daybreak.common.refusal import Refused
from daybreak.delivery.models import Reply

SHOWN = ("waiting", "done", "out of office")


def replies(show: str) -> QuerySet[Reply]:
    """Those of one kind of SHOWN, the latest first."""
    rows = Reply.objects.select_related("reader", "delivery__edition")
    if show == "out of office":
        return rows.filter(kind=Reply.Kind.OUT_OF_OFFICE)
    return rows.filter(kind=Reply.Kind.REPLY, done_at__isnull=show == "waiting")


def waiting() -> int:
    """How many wait for somebody."""
    return replies("waiting").count()


def mark_done(reply: Reply, *, by: str, at: dt.datetime) -> None:
    """Somebody has seen to it. Raises Refused when somebody else did meanwhile."""
    if not Reply.objects.filter(pk=reply.pk, done_at__isnull=True).update(done_at=at, done_by=by[:200]):
        raise Refused("Somebody marked this reply done already: look at it again.")


def take_up_again(reply: Reply) -> None:
    """It waits once more."""
    Reply.objects.filter(pk=reply.pk).update(done_at=None, done_by="")


def answer_link(reply: Reply) -> str:
    """A mailto: address (RFC 6068) that opens an answer in the editor's own mail program."""
    subject = reply.subject if reply.subject.lower().startswith("re:") else f"Re: {reply.subject}"
    link = f"mailto:{quote(reply.address, safe='@')}?subject={quote(subject, safe='')}"
    return link + (f"&In-Reply-To={quote(reply.message_id, safe='')}" if reply.message_id else "")
