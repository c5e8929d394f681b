"""Planning: a row for each entitled reader of a printed edition, due in that reader's morning.

Planning again changes nothing but what has changed: it picks up new readers and moves those who moved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from daybreak.circulation.days import EVERY_DAY, bit_of
from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import not_held
from daybreak.delivery.handover.claims import UNSENT
from daybreak.delivery.inserting import Wave, Waves, insert_rows
from daybreak.delivery.mending.correcting import corrections_due, plan_corrections
from daybreak.delivery.mending.holding import stopped_rows_left, withdraw_stopped
from daybreak.delivery.mending.settling import in_doubt_since_restore, restored_at
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import (
    WEEKDAYS,
    Rules,
    first_in_hand,
    morning,
    not_after,
    over_everywhere,
    the_rules,
)
from daybreak.delivery.returns.suppressing import suppressed
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun

AT_ONCE = 1000  # rows deleted in one statement: SQLite bounds its values


@dataclass(frozen=True, slots=True)
class Planned:
    """How many rows were made, moved because their reader had, and dropped because the day is not wanted any more;
    and how many were made for corrections.
    """

    made: int = 0
    moved: int = 0
    dropped: int = 0
    corrections: int = 0

    def __add__(self, other: Planned) -> Planned:
        mine, theirs = asdict(self), asdict(other)
        return Planned(**{name: mine[name] + theirs[name] for name in mine})


def wave(edition_date: dt.date, time_zone: str, delivery_time: dt.time, rules: Rules = WEEKDAYS) -> Wave:
    """When an edition is due to the readers of one zone and hour."""
    return Wave(
        morning(edition_date, time_zone, delivery_time, rules),
        not_after(edition_date, time_zone, delivery_time, rules),
    )


def day_wanted(edition_date: dt.date, rules: Rules, of: str = "") -> Q:
    """The condition that a reader (`of` leads there) wants the mail of the day the edition goes out: it is one of
    theirs, and none of a vacation hold.
    """
    day = rules.calendar.outgoing(edition_date)
    wanted = [days for days in range(EVERY_DAY + 1) if days & bit_of(day)]
    return Q(**{f"{of}delivery_days__in": wanted}) & not_held(day, of)


def not_their_day(edition_date: dt.date, rules: Rules) -> str:
    """Why a reader who has other days does not get the edition."""
    return f"{rules.calendar.outgoing(edition_date):%A} is not one of the reader’s days."


def editions_to_plan(at: dt.datetime, rules: Rules = WEEKDAYS) -> Iterator[Edition]:
    """Printed editions whose morning is not over everywhere and that nobody stopped, the oldest first."""
    printed = Edition.objects.filter(press_runs__isnull=False, date__gte=first_in_hand(at, rules)).distinct()
    stopped = SendHold.objects.filter(kind=SendHold.Kind.STOP, lifted_at__isnull=True).values("edition")
    for edition in printed.exclude(pk__in=stopped).order_by("date"):
        if at <= over_everywhere(edition.date, rules):
            yield edition


def plan_all(at: dt.datetime) -> Planned:
    """Plan every printed edition that some reader still waits for, and the corrections that are owed."""
    withdraw_stopped()
    rules = the_rules()
    planned = sum((plan(edition, at, rules) for edition in editions_to_plan(at, rules)), Planned())
    return planned + Planned(corrections=plan_corrections(at))


def plan(printed: Edition | PressRun, at: dt.datetime, rules: Rules | None = None) -> Planned:
    """Make the rows that are missing and move those whose reader moved; asked twice it does nothing the second time.

    A row that was never tried goes again when its reader does not want the paper of that day any more.

    Who was not entitled yet when their morning came is owed the next edition, not this one.
    """
    rules = rules or the_rules()
    edition = printed.edition if isinstance(printed, PressRun) else printed
    dropped = _drop(_unwanted(edition, rules))
    made = sum(_make(edition, readers, waves) for readers, waves in list(_missing(edition, at, rules)))
    moved = sum(
        rows.update(due_at=now.due_at, not_after=now.not_after)
        for rows, now in list(_out_of_step(_untried(edition), edition, rules))
    )
    moved += sum(
        rows.update(**UNSENT, due_at=now.due_at, not_after=now.not_after, reason="")
        for rows, now in list(_missed_too_soon(edition, at, rules))
    )
    return Planned(made, moved, dropped)


def _make(edition: Edition, readers: QuerySet[Reader], waves: Waves) -> int:
    """Make the rows of some waves; in doubt where the mail may have left before the newsroom was restored."""
    restored = restored_at()
    gone = {key: each for key, each in waves.items() if restored and each.due_at <= restored}
    coming = {key: each for key, each in waves.items() if key not in gone}
    made = insert_rows(edition, readers, coming) if coming else 0
    return made + (insert_rows(edition, readers, gone, facts=in_doubt_since_restore(edition)) if gone else 0)


def planning_due(at: dt.datetime) -> bool:
    """Whether planning at `at` would make, move or drop a row."""
    rules = the_rules()
    return (
        stopped_rows_left()
        or corrections_due(at)
        or any(
            any(_missing(edition, at, rules))
            or any(_out_of_step(_untried(edition), edition, rules))
            or any(_missed_too_soon(edition, at, rules))
            or _unwanted(edition, rules).exists()
            for edition in editions_to_plan(at, rules)
        )
    )


def first_planning_due(at: dt.datetime) -> bool:
    """Whether an edition that nothing was planned of yet is owed to somebody."""
    rules = the_rules()
    unplanned = (
        edition
        for edition in editions_to_plan(at, rules)
        if not Delivery.objects.filter(edition=edition, correction=None).exists()
    )
    return any(any(_missing(edition, at, rules)) for edition in unplanned)


def readers_without_a_row(edition: Edition, at: dt.datetime) -> QuerySet[Reader]:
    """Entitled readers, whether or not they take the mail, for whom the ledger has no row of this edition."""
    row = Delivery.objects.filter(edition=edition, correction=None, reader=OuterRef("pk"))
    return entitled_readers(at).filter(~Exists(row))


def is_planned(edition: Edition, at: dt.datetime) -> bool:
    """Whether every reader who is owed the edition at `at` has a row; of one that was stopped nobody is owed one."""
    stopped = SendHold.objects.filter(
        edition=edition, kind=SendHold.Kind.STOP, lifted_at__isnull=True
    ).exists()
    return stopped or not any(_missing(edition, at, the_rules()))


def wanted_waves(edition: Edition, at: dt.datetime) -> dict[tuple[str, dt.time], int]:
    """How many readers each wave of the edition has or will have, by zone and hour, as things stand at `at`."""
    wanted = entitled_readers(at).filter(
        day_wanted(edition.date, the_rules()), ~suppressed(), mail_stopped_at__isnull=True
    )
    counted = wanted.order_by().values("time_zone", "delivery_time").annotate(readers=Count("pk"))
    return {(row["time_zone"], row["delivery_time"]): row["readers"] for row in counted}


def _missing(edition: Edition, at: dt.datetime, rules: Rules) -> Iterator[tuple[QuerySet[Reader], Waves]]:
    """Readers who are owed the edition and have no row, with the waves of their zones and hours.

    Those whose morning is still to come are one group; of each morning that is past, a group for itself: who was
    not entitled yet at that instant is owed nothing.
    """
    wanting = readers_without_a_row(edition, at).filter(
        day_wanted(edition.date, rules), ~suppressed(), mail_stopped_at__isnull=True
    )
    groups: dict[dt.datetime, Waves] = defaultdict(dict)
    for zone, time in wanting.values_list("time_zone", "delivery_time").order_by().distinct():
        which = wave(edition.date, zone, time, rules)
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


def _out_of_step(
    rows: QuerySet[Delivery], edition: Edition, rules: Rules
) -> Iterator[tuple[QuerySet[Delivery], Wave]]:
    """Those of `rows` whose reader changed zone or hour, with their new wave.

    A row that was tried already keeps the instant of its next try.
    """
    hours = rows.values_list("reader__time_zone", "reader__delivery_time", "due_at", "not_after")
    for zone, time, due_at, last in hours.order_by().distinct():
        now = wave(edition.date, zone, time, rules)
        if (now.due_at, now.not_after) != (due_at, last):
            there = rows.filter(reader__time_zone=zone, reader__delivery_time=time)
            yield there.filter(due_at=due_at, not_after=last), now


def _missed_too_soon(
    edition: Edition, at: dt.datetime, rules: Rules
) -> Iterator[tuple[QuerySet[Delivery], Wave]]:
    """Missed rows whose reader's zone or hour was mended since, with their new wave: their morning is still to come."""
    missed = Delivery.objects.filter(edition=edition, correction=None, state=Delivery.State.MISSED)
    wanted = Q(reader__mail_stopped_at__isnull=True) & day_wanted(edition.date, rules, "reader__")
    for rows, now in _out_of_step(missed, edition, rules):
        # Asked of the few alone: after a bad night as many missed it as the paper has readers.
        there = rows.filter(wanted, ~suppressed("reader"))
        if now.due_at > at and there.exists():
            yield there, now


def _unwanted(edition: Edition, rules: Rules) -> QuerySet[Delivery]:
    """Due rows, never tried, whose reader does not want the paper of that day any more."""
    return _untried(edition).exclude(day_wanted(edition.date, rules, "reader__"))


def _drop(rows: QuerySet[Delivery]) -> int:
    """Delete `rows`; how many. They are locked between the look and the act: one that a worker claimed in between would be
    gone from the ledger while its mail leaves.
    """
    dropped = 0
    while dropped or rows.exists():
        with transaction.atomic():
            some = (
                rows.order_by().select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
            )
            keys = list(some[:AT_ONCE])
            if not keys:
                break
            dropped += Delivery.objects.filter(pk__in=keys).delete()[0]
    return dropped


def _untried(edition: Edition) -> QuerySet[Delivery]:
    return Delivery.objects.filter(edition=edition, correction=None, state=Delivery.State.DUE, attempts=0)
