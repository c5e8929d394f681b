"""A person settles what no machine can know: whether a mail in doubt arrived."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from django.db import transaction

from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.delivery.claims import TOO_LATE, UNSENT
from daybreak.delivery.models import Delivery
from daybreak.desk.models import Edition

State = Delivery.State
Answer = Literal["arrived", "again"]


def settle(edition: Edition, delivery_id: uuid.UUID, answer: Answer, *, by: str, at: dt.datetime) -> str:
    """Settle a row in doubt: it arrived, or it shall be sent again; the state it is in now.

    Sent again past its hour it is missed instead. Raises Refused when the row is not in doubt (any more).
    """
    with transaction.atomic():
        row = Delivery.objects.filter(pk=delivery_id, edition=edition, state=State.IN_DOUBT).first()
        if row is None:
            raise Refused("This mail is not in doubt any more: look at its line again.")
        facts = _facts(row, answer, by, at)
        # Asked for its state once more: an answer that came late may have settled it meanwhile.
        if not Delivery.objects.filter(pk=row.pk, state=State.IN_DOUBT).update(**facts):
            raise Refused("This mail is not in doubt any more: look at its line again.")
        detail = {"reader": row.reader_id, "answer": answer, "state": str(facts["state"])}
        note("delivery settled", f"edition {edition.date}", by=by, at=at, **detail)
    return str(facts["state"])


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
