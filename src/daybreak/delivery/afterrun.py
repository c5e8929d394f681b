"""What is to be said after a run besides its counts: mails that wait for another try, and editions that are held."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from daybreak.delivery.handover.ledger import WAITS
from daybreak.delivery.lateness import REACH
from daybreak.delivery.mending.holding import hold_sentence, something_to_hold
from daybreak.delivery.models import Delivery, SendHold

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails that a server put off, as of an instant: how many, when the first is due again, and why that one waits."""

    mails: int = 0
    next_at: dt.datetime | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.next_at is None:
            return ""
        mails = "1 mail waits" if self.mails == 1 else f"{self.mails:,} mails wait"
        return f"{mails} for another try, due at {self.next_at:%Y-%m-%d %H:%M:%S}Z or later. {self.reason}"


@dataclass(frozen=True, slots=True)
class Held:
    """An edition that a person holds while some of its mails wait or could still come to."""

    edition: dt.date
    kind: str
    by: str
    at: dt.datetime
    reason: str
    waiting: int
    sentence: str

    def to_json(self) -> dict[str, object]:
        """A dictionary of plain values, dates and instants."""
        return asdict(self)

    def __str__(self) -> str:
        mails = "1 mail waits" if self.waiting == 1 else f"{self.waiting:,} mails wait"
        return f"The edition of {self.edition} is held{f', {mails}' if self.waiting else ''}. {self.sentence}"


def waiting_for_a_try(at: dt.datetime) -> Waiting:
    """Mails that were tried and are due again within the longest wait after `at`."""
    rows = Delivery.objects.filter(
        ~SendHold.on_rows(), state=State.DUE, due_at__gt=at, due_at__lte=at + WAITS[-1], attempts__gt=0
    )
    first = rows.order_by("due_at").first()
    return Waiting(rows.count(), first.due_at, first.reason) if first else Waiting()


def held_editions(at: dt.datetime) -> list[Held]:
    """The editions of the last two weeks that are paused or stopped before their mornings are over."""
    holds = SendHold.objects.filter(lifted_at__isnull=True, edition__date__gte=(at - REACH).date())
    holds = holds.select_related("edition").order_by("edition__date")
    return [_held(hold) for hold in holds if something_to_hold(hold.edition, at)]


def _held(hold: SendHold) -> Held:
    waiting = Delivery.objects.filter(edition=hold.edition, state=State.DUE)
    if hold.kind == SendHold.Kind.STOP:
        waiting = waiting.filter(correction=None)
    return Held(
        edition=hold.edition.date,
        kind=hold.kind,
        by=hold.by,
        at=hold.at,
        reason=hold.reason,
        waiting=waiting.count(),
        sentence=hold_sentence(hold),
    )
