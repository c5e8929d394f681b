"""A person settles what no machine can know: whether a mail in doubt arrived."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from django.db import transaction
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from daybreak.common.models import JournalEntry, note
from daybreak.common.refusal import Refused
from daybreak.delivery.handover.claims import TOO_LATE, UNSENT
from daybreak.delivery.mending.holding import hold_of
from daybreak.delivery.models import Delivery, SendHold
from daybreak.desk.models import Correction, Edition
from daybreak.press.models import PressRun

State = Delivery.State
Answer = Literal["arrived", "again"]
NEWSROOM = "newsroom"  # the journal's subject
RESTORED = "The newsroom was restored from a backup: it may have left since the backup was made."


def settle(edition: Edition, delivery_id: uuid.UUID, answer: Answer, *, by: str, at: dt.datetime) -> str:
    """Settle a row in doubt: it arrived, or it shall be sent again; the state it is in now.

    Sent again past its hour it is missed instead. Raises Refused, naming the reader, when the row is not in doubt (any
    more), and when it shall be sent again though the edition was stopped.
    """
    with transaction.atomic():
        row = Delivery.objects.select_related("reader").filter(pk=delivery_id, edition=edition).first()
        if row is None:
            raise Refused("There is no such mail of this edition: look at its readers again.")
        over = f"The mail to {row.reader.email} is not in doubt any more: look at its line again."
        if row.state != State.IN_DOUBT:
            raise Refused(over)
        if answer == "again" and row.correction_id is None:
            refuse_if_stopped(edition)
        facts = _facts(row, answer, by, at)
        # Asked for its state once more: an answer that came late may have settled it meanwhile.
        if not Delivery.objects.filter(pk=row.pk, state=State.IN_DOUBT).update(**facts):
            raise Refused(over)
        detail = {"reader": row.reader_id, "answer": answer, "state": str(facts["state"])}
        note("delivery settled", f"edition {edition.date}", by=by, at=at, **detail)
    return str(facts["state"])


def settle_all(
    edition: Edition, answer: Answer, *, by: str, at: dt.datetime, correction: Correction | None = None
) -> dict[str, int]:
    """Settle every row in doubt of an edition, or of a correction of it, alike: how many are in which state now.

    Raises Refused when none is in doubt, and when an edition that was stopped shall be sent again.
    """
    if answer == "again" and correction is None:
        refuse_if_stopped(edition)
    with transaction.atomic():
        doubtful = Delivery.objects.filter(edition=edition, correction=correction, state=State.IN_DOUBT)
        if answer == "arrived":
            reason = f"{by} says that all of them arrived."[:300]
            when = Coalesce("claimed_at", Value(at, DateTimeField()))
            now = {"handed_over_at": when, "on_the_wire": False, "reason": reason}
            counts = {str(State.HANDED_OVER): doubtful.update(state=State.HANDED_OVER, **now)}
        else:
            late = {**UNSENT, "state": State.MISSED, "reason": TOO_LATE.strip()}
            missed = doubtful.filter(not_after__lt=at).update(**late)
            again = {**UNSENT, "due_at": at, "reason": f"{by} has all of them sent again."[:300]}
            counts = {str(State.DUE): doubtful.update(**again), str(State.MISSED): missed}
        if not any(counts.values()):
            raise Refused("No mail is in doubt any more: look at the edition again.")
        note("doubt settled", f"edition {edition.date}", by=by, at=at, answer=answer, **counts)
    return counts


def doubts_of(edition: Edition, *, of_corrections: bool = False) -> QuerySet[Delivery]:
    """The rows in doubt of an edition, or of its corrections."""
    return Delivery.objects.filter(
        edition=edition, correction__isnull=not of_corrections, state=State.IN_DOUBT
    )


def refuse_if_stopped(edition: Edition) -> None:
    """Raise Refused when the edition was stopped: nothing of it leaves any more."""
    hold = hold_of(edition)
    if hold is not None and hold.kind == SendHold.Kind.STOP:
        raise Refused(
            f"{hold.by} stopped this edition: nothing of it is sent again unless that is taken back."
        )


@transaction.atomic
def doubt_after_restore(at: dt.datetime) -> int:
    """Cast in doubt what was due by `at` in a ledger that was just restored; how many rows.

    Between the backup and its restoring these mails may have left, and nothing here knows of it; nor of an edition
    that was approved, printed or planned meanwhile. So it is noted for `restored_at`.
    """
    note("restored", NEWSROOM, by="daybreak restore", at=at)
    due = Delivery.objects.filter(state__in=(State.DUE, State.CLAIMED), due_at__lte=at)
    runs = PressRun.objects.filter(edition=OuterRef("edition")).order_by("-number")
    lost = {"claim": None, "on_the_wire": False, "run": Subquery(runs.values("pk")[:1]), "reason": RESTORED}
    return due.update(state=State.IN_DOUBT, **lost)


def restored_at() -> dt.datetime | None:
    """The instant up to which mails may have left that this ledger knows nothing of; None when it was never restored."""
    restored = JournalEntry.objects.filter(subject=NEWSROOM, act="restored").order_by("-at").first()
    return restored.at if restored else None


def in_doubt_since_restore(edition: Edition) -> dict[str, object]:
    """Columns, with values, of a row that is planned only now, and whose mail may have left before `restored_at`."""
    run = PressRun.objects.filter(edition=edition).order_by("-number").first()
    return {"state": State.IN_DOUBT, "reason": RESTORED, "run_id": run.pk if run else None}


def _facts(row: Delivery, answer: Answer, by: str, at: dt.datetime) -> dict[str, object]:
    if answer == "arrived":
        reason = f"{by} says that it arrived."[:300]
        return {
            "state": State.HANDED_OVER,
            "handed_over_at": row.claimed_at or at,
            "on_the_wire": False,
            "reason": reason,
        }
    if at > row.not_after:
        return {**UNSENT, "state": State.MISSED, "reason": TOO_LATE.strip()}
    return {**UNSENT, "due_at": at, "reason": f"{by} has it sent again."[:300]}
