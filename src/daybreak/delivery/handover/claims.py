"""A worker's claim on rows: it holds while its process lives, and at most five minutes.

The process keeps a locked file for each claim. The kernel drops the lock with the process, so what a killed worker
held is known at once by the next one on this machine; a worker on another machine waits for the lease to end.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Left, Lower, StrIndex, Substr
from django.db.models.lookups import IsNull

from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.models import Period
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.returns.suppressing import unlifted

State = Delivery.State
What = tuple[int, int | None]  # ids of an edition and, for a correction of it, of that
LEASE = dt.timedelta(minutes=5)
DAY = dt.timedelta(days=1)
BATCH = 1000
TABLE = Delivery._meta.db_table
CLAIMED = "state = %s, claim = %s, claimed_at = %s, on_the_wire = %s"
UNSENT = {"state": State.DUE, "claim": None, "claimed_at": None, "on_the_wire": False}
DOUBT = "The sending was cut off between the last byte and the answer: it may or may not have arrived."
TOO_LATE = "Its hour passed, so it waits on the site. "


class Row(NamedTuple):
    """A claimed row with what decides whether its reader is owed it still."""

    key: uuid.UUID
    attempts: int
    not_after: dt.datetime
    reader: int
    email: str
    name: str
    unsubscribe_token: str
    time_zone: str
    days: int
    vacation_from: dt.date | None
    vacation_until: dt.date | None
    stopped_mail: bool
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
        _by_keys_alone()
        # Not as a subquery of the UPDATE: PostgreSQL may run that again for each row, and each time its LIMIT skips
        # what this very statement has taken, so that the claim grows beyond what was asked for.
        chosen = [Row._make(values) for values in _looked_at(open_rows, at)[: most or BATCH]]
        facts = [State.CLAIMED, *as_stored([claim]), connection.ops.adapt_datetimefield_value(at), False]
        update_rows(CLAIMED, facts, [row.key for row in chosen], [State.DUE])
        return chosen


def _looked_at(rows: QuerySet[Delivery], at: dt.datetime) -> QuerySet[Delivery, tuple[Any, ...]]:
    """The columns of `Row`. Each reader is looked up by key: a list of all who are entitled grows with the paper."""
    reader = OuterRef("reader")
    trying = Period.objects.filter(reader=reader, kind="trial", starts_at__lte=at, ends_at__gt=at)
    who = ("reader__email", "reader__name", "reader__unsubscribe_token")
    stopped = ExpressionWrapper(Q(reader__mail_stopped_at__isnull=False), output_field=BooleanField())
    return rows.values_list(
        "pk",
        "attempts",
        "not_after",
        "reader",
        *who,
        "reader__time_zone",
        "reader__delivery_days",
        "reader__vacation_from",
        "reader__vacation_until",
        stopped,
        _found(unlifted("reader")),
        _found(entitled_readers(at).filter(pk=reader)),
        _found(trying),
    )


def _found(rows: QuerySet[Any]) -> IsNull:
    """Whether there is one. Not by EXISTS: PostgreSQL may list all that it could find, the whole paper's, each time."""
    return IsNull(Subquery(rows.order_by().values("pk")[:1]), False)


def _by_keys_alone() -> None:
    """Keep PostgreSQL from reading the whole ledger for a thousand rows of it, until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


def not_to(rows: QuerySet[Delivery], domains: Collection[str]) -> QuerySet[Delivery]:
    """`rows` but for readers whose address is at one of `domains` (in small letters)."""
    if not domains:
        return rows
    email = F("reader__email")
    domain = Lower(Substr(email, StrIndex(email, Value("@")) + 1))
    return rows.alias(domain=domain).exclude(domain__in=list(domains))


def update_rows(
    change: str,
    values: Sequence[Any],
    keys: Sequence[uuid.UUID],
    states: Sequence[str],
    claim: uuid.UUID | None = None,
) -> int:
    """`change`, SQL with places for `values`, on the rows `keys` that are in one of `states`, and held by `claim`
    if one is given; how many rows that were.

    For the three statements that every mail needs: composing them takes the ORM ten times as long as doing them takes
    the database. Names of our own columns and places for values stand in them, nothing else.
    """
    if not keys:
        return 0
    rows = as_stored(keys)
    mine = as_stored([claim] if claim else [])
    held = "AND claim = %s" if claim else ""
    # Joined to nothing, so that no database walks all rows of a state, a whole morning's, where it is to look up these.
    state = f"state || '' IN ({places(states)})"
    sql = f"UPDATE {TABLE} SET {change} WHERE id IN ({places(rows)}) {held} AND {state}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *rows, *mine, *states])
        return int(cursor.rowcount)


def as_stored(keys: Sequence[uuid.UUID]) -> Sequence[uuid.UUID | str]:
    """Ids as the database takes them: SQLite has no type for them."""
    return keys if connection.features.has_native_uuid_field else [key.hex for key in keys]


def places(values: Sequence[object]) -> str:
    """A place in SQL for each of `values`."""
    return ", ".join(["%s"] * len(values))


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
        claim
        for claim, since in claims
        if claim and since and (at >= since + LEASE or process_of(claim) == "dead")
    ]


def recover(at: dt.datetime) -> int:
    """Give back every abandoned claim, and what a clock that ran ahead gave up; how many rows are due again."""
    reason = Substr("reason", len(TOO_LATE) + 1)
    recovered = given_up_too_soon(at).update(state=State.DUE, reason=reason)
    for claim in abandoned(at):
        recovered += give_back(claim)
        _lock_file(claim).unlink(missing_ok=True)
    return recovered


def give_up_late(at: dt.datetime) -> int:
    """Mark as missed every due row whose last instant is past; how many. What stood in the way stays readable."""
    late = Delivery.objects.filter(state=State.DUE, not_after__lt=at)
    return late.update(state=State.MISSED, reason=Left(Concat(Value(TOO_LATE), F("reason")), 300))


def given_up_too_soon(at: dt.datetime) -> QuerySet[Delivery]:
    """Rows marked as missed whose last instant is still to come: the clock was ahead when they were."""
    lately = Delivery.objects.filter(state=State.MISSED, due_at__gte=at - 2 * DAY)  # an index finds those
    return lately.filter(not_after__gte=at, reason__startswith=TOO_LATE.strip())


def _lock_file(claim: uuid.UUID) -> Path:
    return Path(settings.CONFIG.data) / "claims" / str(claim)


def process_of(claim: uuid.UUID) -> Literal["alive", "dead", "elsewhere"]:
    """What became of the claim's process: one that ran elsewhere, or has ended in order, left no file here.

    Rows carry a claim only after its file is locked.
    """
    try:
        with _lock_file(claim).open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return "elsewhere"
    except BlockingIOError:
        return "alive"
    return "dead"
