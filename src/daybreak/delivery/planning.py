"""Planning: a row for each entitled reader of a printed edition, due in that reader's morning.

Planning again changes nothing but what has changed: it picks up new readers and moves those who moved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.models import Reader
from daybreak.delivery.inserting import Wave, Waves, insert_rows
from daybreak.delivery.models import Delivery
from daybreak.delivery.mornings import morning, not_after, over_everywhere
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun

# An edition dated Saturday is due on Monday, and Monday ends half a day later in the far west.
LONGEST_WAIT = dt.timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Planned:
    """How many rows were made, and how many moved because their reader had."""

    made: int = 0
    moved: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(self.made + other.made, self.moved + other.moved)


def wave(edition_date: dt.date, time_zone: str, delivery_time: dt.time) -> Wave:
    """When an edition is due to the readers of one zone and hour."""
    return Wave(
        morning(edition_date, time_zone, delivery_time), not_after(edition_date, time_zone, delivery_time)
    )


def editions_to_plan(at: dt.datetime) -> Iterator[Edition]:
    """Printed editions whose morning is not over everywhere, the oldest first."""
    printed = Edition.objects.filter(
        press_runs__isnull=False, date__gte=(at - LONGEST_WAIT).date()
    ).distinct()
    for edition in printed.order_by("date"):
        if at <= over_everywhere(edition.date):
            yield edition


def plan_all(at: dt.datetime) -> Planned:
    """Plan every printed edition that some reader still waits for."""
    return sum((plan(edition, at) for edition in editions_to_plan(at)), Planned())


def plan(printed: Edition | PressRun, at: dt.datetime) -> Planned:
    """Make the rows that are missing and move those whose reader moved; asked twice it does nothing the second time.

    Who was not entitled yet when their morning came is owed the next edition, not this one.
    """
    edition = printed.edition if isinstance(printed, PressRun) else printed
    made = sum(insert_rows(edition, readers, waves) for readers, waves in list(_missing(edition, at)))
    moved = sum(
        rows.update(due_at=now.due_at, not_after=now.not_after) for rows, now in list(_out_of_step(edition))
    )
    return Planned(made, moved)


def planning_due(at: dt.datetime) -> bool:
    """Whether planning at `at` would make or move a row."""
    return any(any(_missing(edition, at)) or any(_out_of_step(edition)) for edition in editions_to_plan(at))


def readers_without_a_row(edition: Edition, at: dt.datetime) -> QuerySet[Reader]:
    """Entitled readers, whether or not they take the mail, for whom the ledger has no row of this edition."""
    row = Delivery.objects.filter(edition=edition, reader=OuterRef("pk"))
    return entitled_readers(at).filter(~Exists(row))


def is_planned(edition: Edition, at: dt.datetime) -> bool:
    """Whether every reader who is owed the edition at `at` has a row."""
    return not any(_missing(edition, at))


def _missing(edition: Edition, at: dt.datetime) -> Iterator[tuple[QuerySet[Reader], Waves]]:
    """Readers who are owed the edition and have no row, with the waves of their zones and hours.

    Those whose morning is still to come are one group; of each morning that is past, a group for itself: who was
    not entitled yet at that instant is owed nothing.
    """
    wanting = readers_without_a_row(edition, at).filter(mail_stopped_at__isnull=True)
    groups: dict[dt.datetime, Waves] = defaultdict(dict)
    for zone, time in wanting.values_list("time_zone", "delivery_time").order_by().distinct():
        which = wave(edition.date, zone, time)
        groups[min(which.due_at, at)][zone, time] = which
    for since, waves in groups.items():
        if since == at:
            yield wanting, waves
        else:
            there = Q(*(Q(time_zone=zone, delivery_time=time) for zone, time in waves), _connector=Q.OR)
            then = entitled_readers(since).filter(confirmed_at__lte=since)
            late = wanting.filter(there, pk__in=then.values("pk"))
            if late.exists():
                yield late, waves


def _out_of_step(edition: Edition) -> Iterator[tuple[QuerySet[Delivery], Wave]]:
    """Due rows whose reader changed zone or hour, with their new wave.

    A row that was tried already keeps the instant of its next try.
    """
    untried = Delivery.objects.filter(edition=edition, state=Delivery.State.DUE, attempts=0)
    hours = untried.values_list("reader__time_zone", "reader__delivery_time", "due_at", "not_after")
    for zone, time, due_at, last in hours.order_by().distinct():
        now = wave(edition.date, zone, time)
        if (now.due_at, now.not_after) != (due_at, last):
            there = untried.filter(reader__time_zone=zone, reader__delivery_time=time)
            yield there.filter(due_at=due_at, not_after=last), now
