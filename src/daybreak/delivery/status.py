"""Who has an edition, who has not, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, overload

from django.db.models import Count

from daybreak.circulation.days import bit_of
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import holds, why_held
from daybreak.common.zones import hour_in
from daybreak.delivery.mending.holding import hold_of, why_stopped
from daybreak.delivery.models import Delivery, Outcome, SendHold
from daybreak.delivery.mornings import over_everywhere, the_rules
from daybreak.delivery.planning import not_their_day, readers_without_a_row, wave
from daybreak.delivery.progress import Progress, clock_there, progress_of, rows_of, zone_due
from daybreak.delivery.returns.bouncewords import SENTENCES, UNSAID
from daybreak.delivery.returns.outcomes import sentence
from daybreak.delivery.returns.suppressing import HAND_OVER, suppression_of, why
from daybreak.delivery.unplanned import readers_unplanned
from daybreak.desk.models import Edition
from daybreak.press.renditions import current_run

State = Delivery.State
Kind = Outcome.Kind
WEIGHT: list[str] = [Kind.DELIVERED, Kind.SOFT_BOUNCE, Kind.HARD_BOUNCE, Kind.UNSUBSCRIBED, Kind.COMPLAINT]
TOLD: dict[str, str] = {
    Kind.DELIVERED: "delivered",
    Kind.HARD_BOUNCE: "bounced for good",
    Kind.SOFT_BOUNCE: "bounced for now",
    Kind.COMPLAINT: "reported as unwanted",
    Kind.UNSUBSCRIBED: "unsubscribed",
}
UNPLANNED = "unplanned"
STATES = (*State.values, UNPLANNED)


@dataclass(frozen=True, slots=True)
class EditionStatus:
    """The ledger of one edition in numbers. `states` has every state, those at nought too; `run` is None unprinted.

    Who became a reader only after their morning of it is not among the unplanned.
    """

    edition: dt.date
    run: int | None
    planned: int
    states: dict[str, int]
    next_due_at: dt.datetime | None
    outcomes: dict[str, int]  # mails of which something was told since, by kind

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values, dates and instants."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """One reader's line; `state` is the row's, or "unplanned" when the ledger owes the reader nothing (yet)."""

    email: str
    state: str
    due_at: dt.datetime | None
    handed_over_at: dt.datetime | None
    attempts: int
    reason: str
    time_zone: str
    delivery_id: str
    outcome: str = ""  # what somebody told since: “Bounced: the mailbox is full.”
    not_after: dt.datetime | None = None  # nothing is sent later

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values and instants."""
        return asdict(self)

    @property
    def due_there(self) -> str:
        """The wall clock in the reader's zone when it is due: “06:00”."""
        return clock_there(self.due_at, self.time_zone) if self.due_at else ""


def status_of(
    edition: Edition, at: dt.datetime, progress: Progress | None = None, unplanned: int | None = None
) -> EditionStatus:
    """The numbers of an edition at `at`; `progress` and `unplanned` save counting them again."""
    progress = progress or progress_of(edition, at)
    run = current_run(edition)
    return EditionStatus(
        edition=edition.date,
        run=run.number if run else None,
        planned=progress.planned,
        states={
            **progress.states,
            UNPLANNED: readers_unplanned(edition, at).count() if unplanned is None else unplanned,
        },
        next_due_at=progress.next_due_at,
        outcomes=_outcomes(edition),
    )


def _outcomes(edition: Edition) -> dict[str, int]:
    # What a server said instead of taking the mail is counted by the state of its row.
    told = Outcome.objects.filter(delivery__edition=edition).exclude(via=HAND_OVER).order_by()
    counted = dict(told.values_list("kind").annotate(Count("delivery", distinct=True)))
    return {kind: counted.get(kind, 0) for kind in Kind.values}


class ReaderLines(Sequence[ReaderLine]):
    """A line for each reader with a row, then for each entitled reader without one.

    `state` keeps those of one state, as `status_of` counts them, by due instant; all of them stand in the order in which they came to the paper.
    Has a length and can be sliced, so that a page of many thousands is cheap: either order is that of an index.
    """

    def __init__(self, edition: Edition, at: dt.datetime, state: str = "") -> None:
        self.edition, self.at = edition, at
        self.printed = current_run(edition) is not None
        all_rows = Delivery.objects.filter(edition=edition, correction=None).order_by("reader_id")
        rows = rows_of(edition, the_rules()).filter(state=state) if state else all_rows
        self.rows = rows.select_related("reader").prefetch_related("outcomes")
        without = readers_without_a_row if state == "" else readers_unplanned
        self.without = without(edition, at).prefetch_related("periods")
        if state not in ("", UNPLANNED):
            self.without = self.without.none()

    @cached_property
    def more(self) -> int:
        """How many readers without a row have a line."""
        return self.without.count()

    def __len__(self) -> int:
        return self.rows.count() + self.more

    @overload
    def __getitem__(self, part: int) -> ReaderLine: ...
    @overload
    def __getitem__(self, part: slice) -> list[ReaderLine]: ...
    def __getitem__(self, part: int | slice) -> ReaderLine | list[ReaderLine]:
        if isinstance(part, int):
            at = range(len(self))[part]
            return self[at : at + 1][0]
        rows = self.rows.count()
        start, stop, _ = part.indices(len(self))
        without = self.without[max(0, start - rows) : max(0, stop - rows)]
        return [_of_row(row) for row in self.rows[start:stop]] + [
            self._of_unplanned(each) for each in without
        ]

    def __iter__(self) -> Iterator[ReaderLine]:
        yield from map(_of_row, self.rows.iterator(chunk_size=500))
        yield from map(self._of_unplanned, self.without.iterator(chunk_size=500))

    @cached_property
    def _stopped(self) -> str:
        """Why nobody more is planned; empty when the edition was not stopped."""
        hold = hold_of(self.edition)
        return why_stopped(hold) if hold and hold.kind == SendHold.Kind.STOP else ""

    def _of_unplanned(self, reader: Reader) -> ReaderLine:
        if self._stopped:
            why = self._stopped
        elif not self.printed:
            why = "The edition is not printed yet."
        else:
            why = _why_unplanned(reader, self.edition, self.at)
        return ReaderLine(reader.email, UNPLANNED, None, None, 0, why, reader.time_zone, "")


def summary(edition: Edition, at: dt.datetime, progress: Progress | None = None) -> str:
    """One sentence for the desk: “3 handed over, 2 due (next: 06:00 in Berlin, in 2 h 10 min), 0 in doubt”."""
    if current_run(edition) is None:
        return "Not printed yet, so nothing is planned."
    progress = progress or progress_of(edition, at)
    if not progress.planned:
        return "Printed; no mail is planned."
    counts = dict(progress.states)
    due = counts.pop(State.DUE) + counts.pop(State.CLAIMED)
    parts = [
        f"{counts.pop(State.HANDED_OVER):,} handed over",
        f"{due:,} due{_next(edition, at, progress)}",
        f"{counts.pop(State.IN_DOUBT):,} in doubt",
    ]
    parts += [f"{number:,} {state}" for state, number in counts.items() if number]
    told = [f"{number:,} {TOLD[kind]}" for kind, number in _outcomes(edition).items() if number]
    return _held(edition) + ", ".join(parts) + (f"; since then {', '.join(told)}" if told else "")


def _held(edition: Edition) -> str:
    hold = hold_of(edition)
    if hold is None:
        return ""
    return f"{'Stopped' if hold.kind == SendHold.Kind.STOP else 'Paused'} by {hold.by}: "


def _next(edition: Edition, at: dt.datetime, progress: Progress) -> str:
    due_at = progress.next_due_at
    zone = zone_due(edition, due_at) if due_at else None
    if due_at is None or zone is None:  # or it was claimed meanwhile
        return ""
    minutes = max(0, -int((at - due_at).total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    away = f"in {hours} h {minutes} min" if hours else f"in {minutes} min" if minutes else "now"
    return f" (next: {hour_in(due_at, zone)}, {away})"


def _of_row(row: Delivery) -> ReaderLine:
    return ReaderLine(
        email=row.reader.email,
        state=row.state,
        due_at=row.due_at,
        handed_over_at=row.handed_over_at,
        attempts=row.attempts,
        reason=row.reason,
        time_zone=row.reader.time_zone,
        delivery_id=str(row.pk),
        outcome=_told(row),
        not_after=row.not_after,
    )


def _told(row: Delivery) -> str:
    """What weighs most of what was told: a complaint, then a bounce, then the delivery."""
    refused = row.state == State.REFUSED
    about_now = (each for each in row.outcomes.all() if (each.via == HAND_OVER) == refused)
    told = sorted(about_now, key=lambda each: (WEIGHT.index(each.kind), each.told_at))
    if refused and told:
        return f"Refused: {SENTENCES.get(told[-1].meaning, SENTENCES[UNSAID])}."
    return sentence(told[-1].kind, told[-1].meaning, told[-1].final) if told else ""


def _why_unplanned(reader: Reader, edition: Edition, at: dt.datetime) -> str:
    if reader.mail_stopped_at is not None:
        return "The reader stopped the mail."
    suppression = suppression_of(reader)
    if suppression is not None:
        return why(suppression)
    rules = the_rules()
    out = rules.calendar.outgoing(edition.date)
    if reader.vacation_until is not None and holds(out, reader.vacation_from, reader.vacation_until):
        return why_held(reader.vacation_until)
    if not reader.delivery_days & bit_of(out):
        return not_their_day(edition.date, rules)
    due_at = wave(edition.date, reader.time_zone, reader.delivery_time, rules).due_at
    confirmed = reader.confirmed_at is not None and reader.confirmed_at <= due_at
    if not (confirmed and entitlement_of(reader, due_at).allowed) and due_at < at:
        return "Became a reader after this edition’s morning."
    if at > over_everywhere(edition.date, rules):
        return "The edition’s mornings were over before anything was planned."
    return "Planned at the next run."
