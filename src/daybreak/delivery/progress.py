"""How far the sending of an edition has come, and how long it will take: asked every few seconds by every desk.

A million rows are counted from one index alone. That index begins with state and instant, not with the edition, so
each question names the stretch of instants in which the edition can be due.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Count, F, Min, Q, QuerySet

from daybreak.circulation.models import Reader
from daybreak.common.zones import hour_in, place_of, zone_of
from daybreak.delivery.models import Delivery
from daybreak.delivery.mornings import Rules, over_everywhere, the_rules
from daybreak.desk.models import Edition

State = Delivery.State
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
RATE_OVER = 5 * MINUTE
SAMPLE = 40


@dataclass(frozen=True)
class Progress:
    """The sending of an edition as of `at`, in rows by when they are due and by state.

    `rate` is mails a second over the last minutes.
    """

    by_due: dict[dt.datetime, dict[str, int]]
    at: dt.datetime
    rate: float

    @cached_property
    def states(self) -> dict[str, int]:
        """Every state with its rows, those at nought too."""
        found = dict.fromkeys(State.values, 0)
        for states in self.by_due.values():
            for state, number in states.items():
                found[state] += number
        return found

    @property
    def waiting(self) -> int:
        """Rows that are due by now, or claimed."""
        return self.states[State.CLAIMED] + sum(
            states.get(State.DUE, 0) for due_at, states in self.by_due.items() if due_at <= self.at
        )

    @property
    def next_due_at(self) -> dt.datetime | None:
        """The earliest instant at which a row is due."""
        return min((due_at for due_at, states in self.by_due.items() if State.DUE in states), default=None)

    @property
    def planned(self) -> int:
        """All rows."""
        return sum(self.states.values())

    @property
    def seconds_left(self) -> float | None:
        """Seconds until everything that waits now has gone at that rate; None when nothing waits or nothing moves."""
        return self.waiting / self.rate if self.waiting and self.rate else None

    @property
    def stands_still(self) -> bool:
        """Whether mails are due for more than a minute and none has left lately."""
        overdue = (states for due_at, states in self.by_due.items() if due_at < self.at - MINUTE)
        return not self.rate and any(State.DUE in states or State.CLAIMED in states for states in overdue)

    @property
    def moving(self) -> bool:
        """Whether somebody who looks on should look again soon."""
        return self.waiting > 0 or self.rate > 0


@dataclass(frozen=True, slots=True)
class WaveLine:
    """Mornings that begin together: `places` are zones with their wall clocks, “06:00 in Berlin”, a few of many.

    Rows that wait for another try have no places; `due_at` is then the next try, or the last when none waits, and
    `there` what a reader's clock shows at the next one, “06:05 in Berlin”.
    """

    due_at: dt.datetime
    places: tuple[str, ...]
    planned: int
    handed_over: int
    waiting: int
    there: str = ""

    @property
    def elsewhere(self) -> int:
        """Rows that are neither handed over nor waiting: refused, in doubt, missed or withdrawn."""
        return self.planned - self.handed_over - self.waiting


def progress_of(edition: Edition, at: dt.datetime, rules: Rules | None = None) -> Progress:
    """How far the sending of an edition has come at `at`."""
    by_due: dict[dt.datetime, dict[str, int]] = defaultdict(dict)
    rows = rows_of(edition, rules or the_rules()).order_by()
    # Of all rows and not of a column: the index has no ids, and a million would be looked up.
    numbers = rows.values_list("due_at", "state").annotate(number=Count("*"))
    for due_at, state, number in numbers.iterator():
        by_due[due_at][state] = number
    return Progress(dict(by_due), at, _rate(edition, at))


def waves(edition: Edition, progress: Progress) -> list[WaveLine]:
    """The waves of an edition in the order of their mornings; last, in one line, what was put off to be tried again."""
    # A morning falls on a whole second, and a further try on whatever moment the last one failed at.
    mornings = sorted(due_at for due_at in progress.by_due if not due_at.microsecond)
    lines = [_line(due_at, _places(edition, due_at), progress.by_due[due_at]) for due_at in mornings]
    put_off = sorted(progress.by_due.keys() - set(mornings))
    again: dict[str, int] = defaultdict(int)
    for due_at in put_off:
        for state, number in progress.by_due[due_at].items():
            again[state] += number
    if not put_off:
        return lines
    next_try = next((due_at for due_at in put_off if State.DUE in progress.by_due[due_at]), put_off[-1])
    zone = zone_due(edition, next_try)
    return [*lines, replace(_line(next_try, (), again), there=hour_in(next_try, zone) if zone else "")]


def zone_due(edition: Edition, due_at: dt.datetime) -> str | None:
    """The zone of a reader who is due at `due_at`; None when none is (any more)."""
    due = _by_due(edition).filter(state=State.DUE, due_at=due_at).order_by()
    return next(iter(due.values_list("reader__time_zone", flat=True)[:1]), None)


def clock_there(at: dt.datetime, time_zone: str) -> str:
    """The wall clock of a zone at an instant, “06:00”."""
    return f"{at.astimezone(zone_of(time_zone)):%H:%M}"


def _line(due_at: dt.datetime, places: tuple[str, ...], states: dict[str, int]) -> WaveLine:
    waiting = states.get(State.DUE, 0) + states.get(State.CLAIMED, 0)
    return WaveLine(due_at, places, sum(states.values()), states.get(State.HANDED_OVER, 0), waiting)


def _places(edition: Edition, due_at: dt.datetime) -> tuple[str, ...]:
    """The zones of the first few readers of a wave: asking them all would read every row."""
    # Two questions: asked in one, the database may walk all readers to find forty.
    few = list(_by_due(edition).filter(due_at=due_at).order_by().values_list("reader", flat=True)[:SAMPLE])
    zones = Reader.objects.filter(pk__in=few).values_list("time_zone", flat=True)
    said = {hour_in(due_at, zone): place_of(zone) for zone in zones}
    return tuple(sorted(said, key=said.__getitem__))


def rows_of(edition: Edition, rules: Rules) -> QuerySet[Delivery]:
    """The ledger's rows of an edition, without its corrections, found by when they can be due."""
    first = dt.datetime.combine(edition.date, dt.time(), dt.UTC) - DAY
    # A zone that skipped the day has its morning on the next one with a paper.
    last = rules.calendar.following(rules.calendar.outgoing(edition.date))
    return _by_due(edition).filter(due_at__gte=first, due_at__lte=over_everywhere(last, rules) + DAY)


def _by_due(edition: Edition) -> QuerySet[Delivery]:
    # With an offset of nothing the database does not take the index on edition and reader, which knows no states.
    rows = Delivery.objects.alias(of=F("edition_id") + 0)
    return rows.filter(of=edition.pk, correction=None, state__in=State.values)


def _rate(edition: Edition, at: dt.datetime) -> float:
    """Mails a second in the last minute, or in the last five when none left in it; 0 when none left at all.

    Over five alone, the quiet between two waves would halve the rate of the second.
    """
    lately = Delivery.objects.filter(
        edition=edition, correction=None, handed_over_at__gt=at - RATE_OVER, handed_over_at__lte=at
    )
    now = Q(handed_over_at__gt=at - MINUTE)
    found = lately.aggregate(
        all=Count("handed_over_at"),
        first=Min("handed_over_at"),
        now=Count("handed_over_at", filter=now),
        first_now=Min("handed_over_at", filter=now),
    )
    number, first = (found["now"], found["first_now"]) if found["now"] else (found["all"], found["first"])
    return float(number / max(1.0, (at - first).total_seconds())) if number else 0.0
