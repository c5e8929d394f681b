"""Sending: what is due is claimed, handed over once, and its outcome recorded on its row.

The order is the proof. A row says “on the wire” before the first byte leaves, so a process that dies leaves at most
one row of which nobody can know; that row is in doubt and is never sent again by itself. Every other row of the
dead process was certainly not sent and is due again. Each step is one conditional UPDATE of its own: there is no
moment at which two workers may hand over the same row.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from django.conf import settings

from daybreak.circulation.entitlement import entitled_readers, entitlement_of
from daybreak.common.config import Config
from daybreak.common.post import AddressRefused, InDoubt, Post, ServerAway, TryLater
from daybreak.delivery.claims import (
    LEASE,
    UNSENT,
    abandoned,
    give_back,
    give_up_late,
    new_claim,
    recover,
    take,
)
from daybreak.delivery.letters import Letter, NoAddress, letter_of
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import planning_due
from daybreak.delivery.suppressing import suppressed
from daybreak.desk.models import Edition
from daybreak.press.renditions import current_run

State = Delivery.State
Clock = Callable[[], dt.datetime]
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (2, 5, 15, 30))
# A batch starts no new mail in the last minute of its lease: a slow server must not outlive it.
LAST_START = LEASE - dt.timedelta(minutes=1)


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
        """Count another sending in."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def deliver_due(
    open_post: Callable[[], AbstractContextManager[Post]],
    at: dt.datetime | Clock,
    config: Config | None = None,
) -> Sent:
    """Hand over everything that is due, batch after batch, until nothing is or the mail server is unwell.

    `at` is an instant to rehearse, or the clock, which is asked before each mail so that none leaves after its last
    instant however long the sending took. `config` is the newsroom's own unless another is given. Any number of
    workers may run this at once. Raises Refused when the press lost a mail.
    """
    config = config or settings.CONFIG
    clock = at if callable(at) else lambda: at
    total = Sent(recovered=recover(clock()))
    with open_post() as post:
        while not total.trouble:
            total.missed += give_up_late(clock())
            row = (
                Delivery.objects.filter(state=State.DUE, due_at__lte=clock()).order_by("due_at", "id").first()
            )
            if row is None:
                break
            total.add(_deliver_batch(row.edition, post, clock, config))
    return total


def mornings_due(at: dt.datetime) -> bool:
    """Whether there is anything to plan, to hand over, to give up or to recover at `at`."""
    waiting = Delivery.objects.filter(state=State.DUE, due_at__lte=at)
    return waiting.exists() or bool(abandoned(at)) or planning_due(at)


def _deliver_batch(edition: Edition, post: Post, clock: Clock, config: Config) -> Sent:
    run = current_run(edition)
    assert run is not None, "only printed editions are planned"
    letter = letter_of(run, config)
    with new_claim() as claim:
        started = clock()
        sent = Sent()
        if take(claim, edition.pk, started):
            sent.withdrawn = _withdraw(claim, started)
            batch = _Batch(claim, run.pk, letter, post, clock, sent)
            for row in _claimed(claim):
                if sent.trouble or clock() - started > LAST_START:
                    break
                batch.deliver(row)
            if sent.put_off and not sent.handed_over and not sent.trouble:
                sent.trouble = "The mail server put off every mail of a batch: the next run tries again."
            give_back(claim, sent.trouble)
        return sent


def _claimed(claim: uuid.UUID) -> list[Delivery]:
    rows = Delivery.objects.filter(claim=claim, state=State.CLAIMED).order_by("due_at", "id")
    return list(rows.select_related("reader").prefetch_related("reader__periods"))


def _withdraw(claim: uuid.UUID, at: dt.datetime) -> int:
    """Ask again who is entitled and takes the mail: days may lie between the planning and the morning."""
    held = Delivery.objects.filter(claim=claim, state=State.CLAIMED)
    stopped = held.filter(reader__mail_stopped_at__isnull=False)
    withdrawn = stopped.update(state=State.WITHDRAWN, reason="The reader stopped the mail.")
    dead = held.filter(suppressed("reader_id"))
    withdrawn += dead.update(state=State.WITHDRAWN, reason="No mail goes to this address: it is suppressed.")
    lapsed = held.exclude(reader__in=entitled_readers(at))
    return withdrawn + lapsed.update(state=State.WITHDRAWN, reason="The reader is no longer entitled.")


@dataclass(slots=True)
class _Batch:
    """One claim being worked off: the run's letter, the line to the mail server, and the counts so far."""

    claim: uuid.UUID
    run_id: int
    letter: Letter
    post: Post
    clock: Clock
    sent: Sent

    def deliver(self, row: Delivery) -> None:
        """Bring one row to its outcome."""
        at = self.clock()
        if at > row.not_after:
            self._record(row, **UNSENT)  # the sweep that follows each batch marks it as missed
            return
        try:
            message = self._message(row, at)
        except NoAddress as error:
            self.sent.refused += self._record(row, state=State.REFUSED, reason=str(error))
            return
        if not self._record(row, on_the_wire=True, run_id=self.run_id):
            return  # the lease ended and another worker has it
        try:
            self.post.hand_over(self.letter.sender, row.reader.email, message)
        except ServerAway as error:
            self._record(row, **UNSENT, reason=str(error)[:300])
            self.sent.trouble = str(error)
        except TryLater as error:
            wait = WAITS[min(row.attempts, len(WAITS) - 1)]
            again = {**UNSENT, "due_at": self.clock() + wait, "attempts": row.attempts + 1}
            self.sent.put_off += self._record(row, **again, reason=str(error)[:300])
        except AddressRefused as error:
            self.sent.refused += self._finish(row, state=State.REFUSED, reason=str(error)[:300])
        except InDoubt as error:
            self.sent.in_doubt += self._finish(row, state=State.IN_DOUBT, reason=str(error)[:300])
        else:
            done = {"state": State.HANDED_OVER, "handed_over_at": self.clock(), "reason": ""}
            self.sent.handed_over += self._finish(row, **done)

    def _message(self, row: Delivery, at: dt.datetime) -> bytes:
        entitlement = entitlement_of(row.reader, at)
        on_trial = entitlement.allowed and entitlement.reason == "trial"
        note = entitlement.sentence(row.reader.time_zone) if on_trial else ""
        return self.letter.to(row.reader, row.pk, at, note)

    def _record(self, row: Delivery, **facts: object) -> int:
        """Write to the row while this claim holds it; 1 when it did, 0 when the lease had ended."""
        return Delivery.objects.filter(pk=row.pk, claim=self.claim, state=State.CLAIMED).update(**facts)

    def _finish(self, row: Delivery, **facts: object) -> int:
        """Record the outcome of a hand-over; it also settles the doubt that an ended lease had cast on the row."""
        mine = Delivery.objects.filter(
            pk=row.pk, claim=self.claim, on_the_wire=True, state__in=(State.CLAIMED, State.IN_DOUBT)
        )
        return mine.update(**facts, attempts=row.attempts + 1, on_the_wire=False)
