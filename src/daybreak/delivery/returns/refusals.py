"""What a server said of a reader at the hand-over, instead of taking the mail: an outcome like one that comes back.

A refused row keeps its claim until its outcome is recorded, so that what a dying worker left is found. It is recorded
late on purpose: a server that refuses readers everywhere means us, and of them nothing is to be kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from daybreak.common.smtpanswers import REFUSED, REFUSED_TEXT
from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.returns.bouncereading import Failed, read_answer
from daybreak.delivery.returns.suppressing import HAND_OVER, suppress_those_told

Kind = Outcome.Kind
AT_ONCE = 500  # rows


def said_of(address: str, reason: str) -> Failed | None:
    """What the reason of a refused row says of the reader; None when no server's answer stands in it."""
    for words in (REFUSED, REFUSED_TEXT):
        if reason.startswith(words):
            return read_answer(address, reason.removeprefix(words), after_text=words == REFUSED_TEXT)
    return None


def record_refusals(rows: QuerySet[Delivery], at: dt.datetime) -> int:
    """Record an outcome for each of the refused `rows` that has none yet, and suppress by the rule; how many rows.

    Each row once, however often and by however many processes it is asked.
    """
    done = 0
    while number := _record_some(rows, at):
        done += number
    return done


@transaction.atomic
def _record_some(rows: QuerySet[Delivery], at: dt.datetime) -> int:
    open_rows = rows.filter(state=Delivery.State.REFUSED, claim__isnull=False).select_related("reader")
    refused = list(open_rows.order_by().select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
    if refused:
        outcomes = list(_outcomes(refused, at))
        Outcome.objects.bulk_create(outcomes)
        suppress_those_told(outcomes, at)
        Delivery.objects.filter(pk__in=[row.pk for row in refused]).update(claim=None)
    return len(refused)


def _outcomes(refused: Iterable[Delivery], at: dt.datetime) -> Iterable[Outcome]:
    for row in refused:
        said = said_of(row.reader.email, row.reason)
        if said is None:
            continue
        yield Outcome(
            # By the tries too: a row that was made due again may be refused again.
            digest=hashlib.sha256(f"{HAND_OVER}\n{row.pk}\n{row.attempts}".encode()).hexdigest(),
            kind=Kind.HARD_BOUNCE if said.verdict == "hard" else Kind.SOFT_BOUNCE,
            delivery=row,
            reader=row.reader,
            address=row.reader.email,
            happened_at=row.claimed_at or at,
            told_at=at,
            via=HAND_OVER,
            status=said.status,
            reply_code=said.reply,
            # Who denies relaying here is our own relay, and it denies it to us.
            meaning="sender refused" if said.meaning == "relaying denied" else said.meaning,
            diagnostic=said.diagnostic,
        )
