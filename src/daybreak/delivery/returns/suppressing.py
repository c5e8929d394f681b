"""Suppression: no editions to a mailbox that is dead, or whose owner complained; and the way back.

The rule: a hard bounce and a complaint suppress at once. Soft bounces do when the last FAILURES editions that were
handed over, or refused at the hand-over, all failed for good, the first of them PATIENCE or longer ago, and none for a
reason that lies with us. What a server says of a reader at the hand-over counts as if it came back by mail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from daybreak.circulation.models import Reader
from daybreak.common.clock import list_day
from daybreak.common.models import JournalEntry, note
from daybreak.common.refusal import Refused
from daybreak.delivery.models import Delivery, Outcome, Suppression
from daybreak.delivery.returns.bouncewords import ABOUT_US, SENTENCES

FAILURES = 5  # editions in a row
PATIENCE = dt.timedelta(days=7)
SELF_LIFT = dt.timedelta(days=1)  # a reader whose mailbox was refused an hour ago would only be refused again
UNEXPLAINED = "the mail comes back"
HAND_OVER = "hand-over"  # the `via` of an outcome that a server told at once, instead of taking the mail
Kind = Outcome.Kind
State = Delivery.State


def suppressed(reader: str = "pk") -> Exists:
    """A condition for a query: an unlifted suppression of the reader whose id stands in the field `reader`."""
    return Exists(unlifted(reader))


def unlifted(reader: str) -> QuerySet[Suppression]:
    """Part of a query: the suppressions that hold for the reader whose id stands in the field `reader`."""
    return Suppression.objects.filter(reader=OuterRef(reader), lifted_at__isnull=True)


def suppression_of(reader: Reader) -> Suppression | None:
    """The suppression that holds for a reader now."""
    return Suppression.objects.filter(reader=reader, lifted_at__isnull=True).first()


def why(suppression: Suppression) -> str:
    """A sentence for a line of the ledger: “Suppressed: the mailbox does not exist, since 3 Nov.”"""
    since = suppression.since
    return f"Suppressed: {suppression.sentence}, since {list_day(since)}."


def suppress_if_told(outcome: Outcome, at: dt.datetime) -> bool:
    """Suppress the reader of an outcome where the rule says so; whether it did. Call it inside a transaction."""
    return suppress_those_told([outcome], at) > 0


def suppress_those_told(outcomes: Sequence[Outcome], at: dt.datetime) -> int:
    """`suppress_if_told` for many outcomes together: how many readers were suppressed."""
    readers = {outcome.reader_id for outcome in outcomes if outcome.kind == Kind.SOFT_BOUNCE}
    often = _failed_often(readers) if readers else set()
    rows: dict[int, Suppression] = {}
    for outcome in outcomes:
        sentence = _sentence(outcome, at, often)
        if outcome.reader is not None and sentence:
            row = Suppression(
                reader=outcome.reader,
                address=outcome.reader.email,
                reason=outcome.kind,
                sentence=sentence,
                evidence=outcome,
                since=at,
            )
            rows.setdefault(outcome.reader.pk, row)
    held = Suppression.objects.filter(reader__in=list(rows), lifted_at__isnull=True) if rows else ()
    for each in held:
        del rows[each.reader_id]
    # Without an id back: who is suppressed by another process at this moment stays it, the constraint says.
    Suppression.objects.bulk_create(rows.values(), ignore_conflicts=True)
    JournalEntry.objects.bulk_create(_entry(row, at) for row in rows.values())
    return len(rows)


def _sentence(outcome: Outcome, at: dt.datetime, often: set[int]) -> str:
    """Why the reader of an outcome is suppressed; "" where the rule says nothing of the kind."""
    if outcome.kind == Kind.COMPLAINT:
        return "the reader reported the mail as unwanted"
    failing = (
        outcome.kind == Kind.SOFT_BOUNCE
        and outcome.reader is not None
        and outcome.reader.pk in often
        and _keeps_failing(outcome.reader, at)
    )
    return SENTENCES.get(outcome.meaning, UNEXPLAINED) if outcome.kind == Kind.HARD_BOUNCE or failing else ""


def _entry(row: Suppression, at: dt.datetime) -> JournalEntry:
    detail = {"reason": row.reason, "sentence": row.sentence}
    by = row.evidence.via if row.evidence else ""
    return JournalEntry(act="suppressed", subject=f"reader {row.reader_id}", by=by, at=at, detail=detail)


def lift(suppression: Suppression, *, by: str, at: dt.datetime) -> None:
    """Send to the reader again from now on. Raises Refused when it was lifted already."""
    with transaction.atomic():
        held = Suppression.objects.filter(pk=suppression.pk, lifted_at__isnull=True)
        if not held.update(lifted_at=at, lifted_by=by[:200]):
            raise Refused("This suppression was lifted already: look at the list again.")
        note("suppression lifted", f"reader {suppression.reader_id}", by=by, at=at)


def lift_by_reader(reader: Reader, at: dt.datetime) -> None:
    """The reader wants the edition again. Raises Refused while the refusal is fresh."""
    suppression = suppression_of(reader)
    if suppression is None:
        return
    if suppression.reason != Suppression.Reason.COMPLAINT and at < suppression.since + SELF_LIFT:
        raise Refused("Your mailbox refused our mail within the last day: try again tomorrow.")
    lift(suppression, by="the reader", at=at)


def suppressions(words: str = "", *, lifted: bool = False) -> QuerySet[Suppression]:
    """Those that hold (or were lifted), the latest first; `words` is part of an address, a name or a reason."""
    rows = Suppression.objects.filter(lifted_at__isnull=not lifted).select_related("reader", "evidence")
    if words:
        rows = rows.filter(
            Q(address__icontains=words) | Q(reader__name__icontains=words) | Q(sentence__icontains=words)
        )
    return rows


def _failures() -> QuerySet[Outcome]:
    """Outcomes that say of a mail that it failed, for no reason that lies with us. What was refused at the hand-over
    and taken later did not fail."""
    told = Outcome.objects.filter(kind=Kind.SOFT_BOUNCE, final=True).exclude(meaning__in=ABOUT_US)
    return told.filter(~Q(via=HAND_OVER) | Q(delivery__state=State.REFUSED))


def _failed_often(readers: set[int | None]) -> set[int]:
    """Those of `readers`, by id, of whom enough mails failed that `_keeps_failing` is worth asking: one query."""
    counted = _failures().filter(reader__in=readers).order_by().values_list("reader")
    often = counted.annotate(mails=Count("delivery", distinct=True)).filter(mails__gte=FAILURES)
    return {reader for reader, _ in often if reader is not None}


def _keeps_failing(reader: Reader, at: dt.datetime) -> bool:
    lifted = Suppression.objects.filter(reader=reader, lifted_at__isnull=False).order_by("-lifted_at").first()
    ended = Q(handed_over_at__isnull=False) | Q(state=State.REFUSED)
    tried_at = Coalesce(F("handed_over_at"), F("claimed_at"), F("due_at"))
    tried = Delivery.objects.filter(ended, reader=reader).annotate(tried_at=tried_at)
    told = tried.filter(outcomes__isnull=False).order_by("-tried_at").first()
    if told is None:
        return False
    if lifted is not None and lifted.lifted_at is not None:
        tried = tried.filter(tried_at__gt=lifted.lifted_at)
    # A bounce takes its time: what was handed over after the latest edition that we know of does not count yet.
    latest = tried.filter(tried_at__lte=told.tried_at).order_by("-tried_at")
    last = list(latest.annotate(failed=Exists(_failures().filter(delivery=OuterRef("pk"))))[:FAILURES])
    if len(last) < FAILURES or not all(each.failed for each in last):
        return False
    first: dt.datetime = last[-1].tried_at
    return first + PATIENCE <= at
