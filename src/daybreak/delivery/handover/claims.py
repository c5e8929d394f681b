"""A worker's claim on rows: it holds while its process lives, and at most five minutes.

The process keeps a locked file for each claim. The kernel drops the lock with the process, so what a killed worker
held is known at once by the next one on this machine; a worker on another machine waits for the lease to end.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat, Left, Lower, StrIndex, Substr

from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.models import Period
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.returns.suppressing import suppressed

State = Delivery.State
What = tuple[int, int | None]  # ids of an edition and, for a correction of it, of that
LEASE = dt.timedelta(minutes=5)
BATCH = 500
UNSENT = {"state": State.DUE, "claim": None, "claimed_at": None, "on_the_wire": False}
DOUBT = "The sending was cut off between the last byte and the answer: it may or may not have arrived."
TOO_LATE = "Its hour passed, so it waits on the site. "


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row with what decides whether its reader is owed it still."""

    key: uuid.UUID
    attempts: int
    not_after: dt.datetime
    reader: int
    email: str
    name: str
    unsubscribe_token: str
    days: int
    mail_stopped_at: dt.datetime | None
    suppressed: bool
    entitled: bool
    on_trial: bool


@contextmanager
def new_claim() -> Iterator[uuid.UUID]:
    """A claim that this process holds until the block ends; what is left of it is given back then."""
    claim = uuid.uuid4()
    path = _lock_file(claim)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield claim
        finally:
            # When the database fails here the file stays, unlocked: the next worker gives the rows back.
            give_back(claim)
            path.unlink(missing_ok=True)


def take(
    claim: uuid.UUID,
    what: What,
    at: dt.datetime,
    most: int = 0,
    without: Collection[str] = (),
) -> list[Row]:
    """Claim up to `most` (BATCH) due rows of an edition, or of a correction, at `at`, the longest due first; which.

    A choice and one conditional UPDATE of it; of what is on hold it claims nothing. Readers at the domains `without`
    are left aside.
    """
    edition, correction = what
    due = Delivery.objects.filter(
        ~SendHold.on_rows(),
        edition=edition,
        correction=correction,
        state=State.DUE,
        due_at__lte=at,
        not_after__gte=at,
    )
    # What another worker is claiming at this moment is skipped where the database can (PostgreSQL).
    open_rows = (
        # By the index alone: with the id besides, all that is due at one instant would be sorted each time.
        not_to(due, without).order_by("due_at").select_for_update(skip_locked=True, of=("self",))
    )
    with transaction.atomic():
        # Not as a subquery of the UPDATE: PostgreSQL may run that again for each row, and each time its LIMIT skips
        # what this very statement has taken, so that the claim grows beyond what was asked for.
        chosen = [Row(*values) for values in _looked_at(open_rows, at)[: most or BATCH]]
        claimed = Delivery.objects.filter(pk__in=[row.key for row in chosen], state=State.DUE)
        claimed.update(state=State.CLAIMED, claim=claim, claimed_at=at, on_the_wire=False)
        return chosen


def _looked_at(rows: QuerySet[Delivery], at: dt.datetime) -> QuerySet[Delivery, tuple[Any, ...]]:
    """The columns of `Row`. Each reader is looked up by key: a list of all who are entitled grows with the paper."""
    entitled = entitled_readers(at).filter(pk=OuterRef("reader"))
    trying = Period.objects.filter(reader=OuterRef("reader"), kind="trial", starts_at__lte=at, ends_at__gt=at)
    who = ("reader__email", "reader__name", "reader__unsubscribe_token")
    wants = ("reader__delivery_days", "reader__mail_stopped_at")
    return rows.values_list(
        "pk",
        "attempts",
        "not_after",
        "reader",
        *who,
        *wants,
        suppressed("reader"),
        Exists(entitled),
        Exists(trying),
    )


def not_to(rows: QuerySet[Delivery], domains: Collection[str]) -> QuerySet[Delivery]:
    """`rows` but for readers whose address is at one of `domains` (in small letters)."""
    if not domains:
        return rows
    email = F("reader__email")
    domain = Lower(Substr(email, StrIndex(email, Value("@")) + 1))
    return rows.alias(domain=domain).exclude(domain__in=list(domains))


def give_back(claim: uuid.UUID, reason: str = "") -> int:
    """End a claim: the row that is on the wire is in doubt, the others are due again. How many became due.

    `reason` says on each why it is still due; without one they keep what they said.
    """
    held = Delivery.objects.filter(claim=claim, state=State.CLAIMED)
    held.filter(on_the_wire=True).update(state=State.IN_DOUBT, attempts=F("attempts") + 1, reason=DOUBT)
    why = {"reason": reason[:300]} if reason else {}
    return held.filter(on_the_wire=False).update(**UNSENT, **why)


def abandoned(at: dt.datetime) -> list[uuid.UUID]:
    """The claims of workers that died, or whose lease ended by `at`."""
    held = Delivery.objects.filter(state=State.CLAIMED).order_by()
    claims = list(held.values_list("claim", "claimed_at").distinct())
    return [
        claim for claim, since in claims if claim and since and (at >= since + LEASE or _died_here(claim))
    ]


def recover(at: dt.datetime) -> int:
    """Give back every abandoned claim; how many rows are due again."""
    recovered = 0
    for claim in abandoned(at):
        recovered += give_back(claim)
        _lock_file(claim).unlink(missing_ok=True)
    return recovered


def give_up_late(at: dt.datetime) -> int:
    """Mark as missed every due row whose last instant is past; how many. What stood in the way stays readable."""
    late = Delivery.objects.filter(state=State.DUE, not_after__lt=at)
    return late.update(state=State.MISSED, reason=Left(Concat(Value(TOO_LATE), F("reason")), 300))


def _lock_file(claim: uuid.UUID) -> Path:
    return Path(settings.CONFIG.data) / "claims" / str(claim)


def _died_here(claim: uuid.UUID) -> bool:
    """Whether the claim's process ran on this machine and is gone. Rows carry a claim only after its file is locked."""
    path = _lock_file(claim)
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError):
        return False
    return True
