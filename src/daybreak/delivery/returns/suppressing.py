"""Suppression: no editions to a mailbox that is dead, or whose owner complained; and the way back.

The rule: a hard bounce and a complaint suppress at once. Soft bounces do when the last FAILURES editions handed over
all came back for good, the first of them PATIENCE or longer ago, and none for a reason that lies with us.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from daybreak.circulation.models import Reader
from daybreak.common.clock import list_day
from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.delivery.models import Delivery, Outcome, Suppression
from daybreak.delivery.returns.bouncewords import ABOUT_US, SENTENCES

FAILURES = 5  # editions in a row
PATIENCE = dt.timedelta(days=7)
SELF_LIFT = dt.timedelta(days=1)  # a reader whose mailbox was refused an hour ago would only be refused again
UNEXPLAINED = "the mail comes back"
Kind = Outcome.Kind


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
    reader = outcome.reader
    if reader is None:
        return False
    if outcome.kind == Kind.COMPLAINT:
        sentence = "the reader reported the mail as unwanted"
    elif outcome.kind == Kind.HARD_BOUNCE or (
        outcome.kind == Kind.SOFT_BOUNCE and _keeps_failing(reader, at)
    ):
        sentence = SENTENCES.get(outcome.meaning, UNEXPLAINED)
    else:
        return False
    row = Suppression(
        reader=reader,
        address=reader.email,
        reason=outcome.kind,
        sentence=sentence,
        evidence=outcome,
        since=at,
    )
    before = Suppression.objects.filter(reader=reader, lifted_at__isnull=True).exists()
    Suppression.objects.bulk_create([row], ignore_conflicts=True)  # the constraint keeps one that holds
    if not before:
        note(
            "suppressed", f"reader {reader.pk}", by=outcome.via, at=at, reason=outcome.kind, sentence=sentence
        )
    return not before


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


def _keeps_failing(reader: Reader, at: dt.datetime) -> bool:
    lifted = Suppression.objects.filter(reader=reader, lifted_at__isnull=False).order_by("-lifted_at").first()
    failures = Outcome.objects.filter(delivery=OuterRef("pk"), kind=Kind.SOFT_BOUNCE, final=True).exclude(
        meaning__in=ABOUT_US
    )
    handed_over = Delivery.objects.filter(reader=reader, handed_over_at__isnull=False)
    told = handed_over.filter(outcomes__isnull=False).order_by("-handed_over_at").first()
    if told is None:
        return False
    if lifted is not None and lifted.lifted_at is not None:
        handed_over = handed_over.filter(handed_over_at__gt=lifted.lifted_at)
    # A bounce takes its time: what was handed over after the latest edition that we know of does not count yet.
    latest = handed_over.filter(handed_over_at__lte=told.handed_over_at).order_by("-handed_over_at")
    last = list(latest.annotate(failed=Exists(failures))[:FAILURES])
    if len(last) < FAILURES or not all(each.failed for each in last):
        return False
    first = last[-1].handed_over_at
    return first is not None and first + PATIENCE <= at
