"""The reply desk: what readers wrote to the paper, about which brief, and who has seen to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from urllib.parse import quote

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.delivery.models import Reply
from daybreak.desk.models import Brief, Edition
from daybreak.press.models import PrintedBrief

SHOWN = ("waiting", "done", "out of office")
LATEST = 3  # editions that a mail may be about when it does not say which
LISTED = 60  # briefs by which the list of replies can be narrowed


def replies(show: str, brief: Brief | None = None) -> QuerySet[Reply]:
    """Those of one kind of SHOWN, the latest first; with `brief` those about it."""
    rows = Reply.objects.select_related("reader", "delivery__edition", "brief__edition")
    rows = rows.filter(brief=brief) if brief else rows
    if show == "out of office":
        return rows.filter(kind=Reply.Kind.OUT_OF_OFFICE)
    return rows.filter(kind=Reply.Kind.REPLY, done_at__isnull=show == "waiting")


def waiting() -> int:
    """How many wait for somebody."""
    return replies("waiting").count()


def replies_about(brief: Brief) -> tuple[int, int]:
    """How many replies a brief has, and how many of them wait."""
    wait = Count("pk", filter=Q(done_at__isnull=True))
    counted = Reply.objects.filter(brief=brief, kind=Reply.Kind.REPLY).aggregate(all=Count("pk"), wait=wait)
    return counted["all"], counted["wait"]


def briefs_written_about() -> QuerySet[Brief]:
    """The briefs that have replies, those of the latest editions first."""
    about = Reply.objects.filter(brief=OuterRef("pk"))
    return (
        Brief.kept.filter(Exists(about))
        .select_related("edition")
        .order_by("-edition__date", "section__position", "position")[:LISTED]
    )


def briefs_to_choose(reply: Reply) -> list[tuple[Edition, list[Brief]]]:
    """The briefs that a reply can be about, by edition: its own edition, or the last ones printed before it came."""
    return [(edition, list(_briefs_of(edition, reply.brief_id))) for edition in _editions_of(reply)]


def choose_brief(reply: Reply, key: str, *, by: str, at: dt.datetime) -> Brief | None:
    """Say which of `briefs_to_choose` a reply is about, by its key as text, or none of them by "".

    Raises Refused for any other.
    """
    offered = {str(brief.pk): brief for _, briefs in briefs_to_choose(reply) for brief in briefs}
    if key and key not in offered:
        raise Refused("This brief is none of the reply’s edition: choose one of the list.")
    brief = offered.get(key)
    with transaction.atomic():
        if Reply.objects.filter(pk=reply.pk).exclude(brief=brief).update(brief=brief):
            note("reply tied", f"reply {reply.pk}", by=by, at=at, brief=brief.slug if brief else None)
    return brief


def _editions_of(reply: Reply) -> Iterable[Edition]:
    if reply.delivery:
        return [reply.delivery.edition]
    if reply.brief:
        return [reply.brief.edition]
    printed = Edition.objects.filter(press_runs__number=1, press_runs__pressed_at__lte=reply.came_at)
    return printed.order_by("-date")[:LATEST]


def _briefs_of(edition: Edition, chosen: int | None) -> QuerySet[Brief]:
    """What stands in an edition, and what was printed in it and taken out since."""
    printed = PrintedBrief.objects.filter(run__edition=edition).values("slug")
    wanted = Q(removed_at=None) | Q(slug__in=printed) | Q(pk=chosen)
    return Brief.kept.filter(wanted, edition=edition)


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
