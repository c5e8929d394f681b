"""The ledger at speed: marks and outcomes of many mails written together, each row as carefully as alone.

Nobody may send the final dot of a mail before its row says “on the wire” and that is committed. So a process asks
for as many marks at once as it has mails waiting, and one transaction carries these and every outcome since.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from django.db import connection, transaction
from django.db.models import F, QuerySet

from daybreak.common.posterrors import AddressRefused, InDoubt, PostError, ServerAway
from daybreak.delivery.handover.claims import LEASE, UNSENT, update_rows
from daybreak.delivery.handover.pen import Pen
from daybreak.delivery.handover.refusing import AT_DOMAINS, Refusals
from daybreak.delivery.lateness import Late
from daybreak.delivery.letters import Letter
from daybreak.delivery.models import Delivery

State = Delivery.State
Clock = Callable[[], dt.datetime]
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (2, 5, 15, 30))
RENEWED_AFTER = LEASE / 5
DOUBT_SETTLED = (
    State.CLAIMED,
    State.IN_DOUBT,
)  # an answer also settles what an ended lease had cast doubt on
MARKED = "on_the_wire = %s, run_id = %s"
TAKEN = "state = %s, handed_over_at = %s, on_the_wire = %s, reason = '', attempts = attempts + 1"


@dataclass(slots=True)
class Sent:
    """What one sending did, in rows. `trouble` says why it stopped before everything due was tried."""

    handed_over: int = 0
    put_off: int = 0
    refused: int = 0
    in_doubt: int = 0
    missed: int = 0
    withdrawn: int = 0
    recovered: int = 0
    trouble: str = ""

    def add(self, other: Sent) -> None:
        """Count another sending in; trouble that both had is said once."""
        trouble = self.trouble if other.trouble in self.trouble else f"{self.trouble} {other.trouble}".strip()
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        self.trouble = trouble


@dataclass(slots=True)
class Job:
    """One claimed row: whom its mail is for, and how often a line broke under it before the dot."""

    pk: uuid.UUID
    attempts: int
    not_after: dt.datetime
    email: str
    name: str
    unsubscribe_token: str
    note: str
    late: Late | None  # the edition before, when it came too late
    run_id: int
    letter: Letter
    message: Sequence[bytes] = ()  # in pieces
    broken: int = 0

    @property
    def domain(self) -> str:
        """Where the mail goes, in small letters."""
        return self.email.rpartition("@")[2].lower()


Outcome = tuple[Job, PostError | None]  # None: it was taken


class Ledger:
    """Writes for one claim; `sent` counts what came of it, `lost` the marks that did not stand."""

    def __init__(self, claim: uuid.UUID, clock: Clock, sent: Sent, pen: Pen) -> None:
        self.claim, self.clock, self.sent, self.pen = claim, clock, sent, pen
        self._renewed = clock()
        self.lost = 0
        self._refusals = Refusals(claim, clock)
        self._put_off_at: set[str] = set()  # domains

    def write(self, outcomes: Sequence[Outcome], marks: Sequence[Job] = ()) -> set[uuid.UUID]:
        """Record `outcomes` and mark `marks` as on the wire, in one transaction; which of the marks stand.

        A mark does not stand when the lease ended and another worker has the row.
        """
        at = self.clock()
        with self.pen.in_hand(), transaction.atomic():
            self._taken([job for job, error in outcomes if error is None], at)
            for job, error in outcomes:
                if error is not None:
                    self._failed(job, error, at)
            if at - self._renewed > RENEWED_AFTER:
                Delivery.objects.filter(claim=self.claim, state=State.CLAIMED).update(claimed_at=at)
                self._renewed = at
            return self._mark(marks) if marks else set()

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Give rows back that were not tried; one whose last instant is past is swept up as missed."""
        if keys := [job.pk for job in jobs]:
            self._held(keys).update(**UNSENT)

    def unmark(self, jobs: Iterable[Job]) -> None:
        """Say of claimed rows that nothing of them is on the wire, though it was once: a server said that it took none."""
        if keys := [job.pk for job in jobs]:
            self._held(keys).filter(on_the_wire=True).update(on_the_wire=False)

    def _mark(self, jobs: Sequence[Job]) -> set[uuid.UUID]:
        keys = [job.pk for job in jobs]
        marked = 0
        for run_id in {job.run_id for job in jobs}:  # one, but where one edition ends and the next begins
            of_run = [job.pk for job in jobs if job.run_id == run_id]
            marked += update_rows(MARKED, [True, run_id], of_run, [State.CLAIMED], self.claim)
        if marked == len(keys):
            return set(keys)
        standing = self.still_held(keys, on_the_wire=True)
        self.lost += len(keys) - len(standing)
        return standing

    def still_held(self, keys: Iterable[uuid.UUID], **condition: bool) -> set[uuid.UUID]:
        """Those of `keys` that nobody took from this claim: no hold on the edition, no end of the lease."""
        return set(self._held(list(keys)).filter(**condition).values_list("pk", flat=True))

    def _taken(self, jobs: Sequence[Job], at: dt.datetime) -> None:
        if jobs:
            self._refusals.somebody_was_taken()
            facts = [State.HANDED_OVER, connection.ops.adapt_datetimefield_value(at), False]
            keys = [job.pk for job in jobs]
            self.sent.handed_over += update_rows(TAKEN, facts, keys, DOUBT_SETTLED, self.claim)

    def _failed(self, job: Job, error: PostError, at: dt.datetime) -> None:
        reason = str(error)[:300]
        if isinstance(error, ServerAway):
            self._held([job.pk]).update(**UNSENT, reason=reason)
        elif isinstance(error, AddressRefused):
            self.sent.refused += self._finish([job.pk], state=State.REFUSED, reason=reason)
            self._taken_back(self._refusals.add(job.pk, job.domain, reason))
        elif isinstance(error, InDoubt):
            self.sent.in_doubt += self._finish([job.pk], state=State.IN_DOUBT, reason=reason)
        else:
            self._put_off_at.add(job.domain)
            again = at + WAITS[min(job.attempts, len(WAITS) - 1)]
            put_off = {**UNSENT, "due_at": again, "attempts": job.attempts + 1, "reason": reason}
            self.sent.put_off += self._held([job.pk]).update(**put_off)

    @property
    def puts_everybody_off(self) -> bool:
        """Whether nobody was taken and readers at many domains were put off: it is the server, and not each of them."""
        return not self.sent.handed_over and len(self._put_off_at) >= AT_DOMAINS

    def _taken_back(self, rows: int) -> None:
        """Count `rows` as put off that were refused because the server means us."""
        if rows:
            self.sent.refused -= rows
            self.sent.put_off += rows
            self.sent.trouble = self._refusals.trouble

    def end(self) -> None:
        """Judge the refusals that are left, and record what was said of those readers."""
        if self._refusals:
            with self.pen.in_hand(), transaction.atomic():
                unwell = bool(self.sent.trouble) or not self.sent.handed_over
                self._taken_back(self._refusals.end(unwell=unwell))

    def _held(self, keys: list[uuid.UUID]) -> QuerySet[Delivery]:
        """Rows that this claim still holds."""
        return Delivery.objects.filter(pk__in=keys, claim=self.claim, state=State.CLAIMED)

    def _finish(self, keys: list[uuid.UUID], **facts: object) -> int:
        """Record the outcome of a hand-over; it also settles the doubt that an ended lease had cast on the row."""
        mine = Delivery.objects.filter(pk__in=keys, claim=self.claim, state__in=DOUBT_SETTLED)
        return mine.update(**facts, attempts=F("attempts") + 1, on_the_wire=False)
