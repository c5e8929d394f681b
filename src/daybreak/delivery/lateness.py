"""Who missed the edition before: the next one tells them, in one line, that it was late and where it is.

Missed it has who has a row that says so, or who would have had one had the edition not been printed, or the newsroom
not been away, until its mornings were over everywhere: then nothing was planned.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from daybreak.circulation.days import bit_of
from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import not_held
from daybreak.common.clock import month_day
from daybreak.delivery.mending.settling import restored_at
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import morning, over_everywhere, the_rules
from daybreak.desk.models import Edition
from daybreak.press.typesetting import edition_path

# Who was away longer than this has missed more than one paper and needs no word about the last.
REACH = dt.timedelta(days=14)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Late:
    """An edition that came too late for a reader: “Yesterday’s edition” or what else it is called, and its path."""

    called: str
    path: str


@dataclass(slots=True)
class LateBefore:
    """Readers of `edition` whose last edition before it was missed. Asks the database only if anybody's was.

    `unplanned` is the latest edition before it that nobody has a row of.
    """

    edition: Edition
    anybody: bool
    unplanned: Edition | None = None
    found: dict[int, Late | None] = field(default_factory=dict)

    def look_up(self, readers: list[int]) -> None:
        """Find those among `readers`, by id, together: one query."""
        if self.unplanned is not None:
            self._look_up_unplanned(self.unplanned, readers)
        if not self.anybody:
            return
        earlier = _earlier(self.edition).filter(reader=OuterRef("reader")).order_by("-edition__date")
        rows = _earlier(self.edition).filter(reader__in=readers, state=Delivery.State.MISSED)
        last = rows.filter(edition__date=Subquery(earlier.values("edition__date")[:1]))
        for reader, date in last.values_list("reader", "edition__date"):
            self.found.setdefault(reader, Late(_called(date, self.edition.date), edition_path(date)))

    def _look_up_unplanned(self, unplanned: Edition, readers: list[int]) -> None:
        """Find those who would have had it and have no edition after it: a query for each of their mornings."""
        since = _earlier(self.edition).filter(reader__in=readers, edition__date__gt=unplanned.date)
        had_one_since = set(since.values_list("reader", flat=True))
        wanted = set(readers) - had_one_since
        late = Late(_called(unplanned.date, self.edition.date), edition_path(unplanned.date))
        self.found.update(dict.fromkeys(_owed(unplanned, wanted), late))

    def for_reader(self, reader: int) -> Late | None:
        """The edition before, when this reader missed it."""
        return self.found.get(reader)


def late_before(edition: Edition, at: dt.datetime) -> LateBefore:
    """Who missed the edition before `edition`, as things stand at `at`."""
    missed = _earlier(edition).filter(state=Delivery.State.MISSED)
    return LateBefore(edition, missed.exists(), _never_planned(edition, at))


def _never_planned(edition: Edition, at: dt.datetime) -> Edition | None:
    """The latest printed edition before `edition` that nobody stopped and nobody has a row of, its mornings over.

    None when the newsroom was restored since it was due: then nobody here knows who had it.
    """
    rules, rows = the_rules(), Delivery.objects.filter(edition=OuterRef("pk"), correction=None)
    stopped = SendHold.objects.filter(kind=SendHold.Kind.STOP, lifted_at__isnull=True).values("edition")
    before = Edition.objects.filter(date__lt=edition.date, date__gte=edition.date - REACH)
    printed = before.filter(~Exists(rows), press_runs__isnull=False).exclude(pk__in=stopped).order_by("-date")
    found = printed.first()
    if found is None or at <= over_everywhere(found.date, rules):
        return None
    restored = restored_at()
    first = dt.datetime.combine(found.date, dt.time(), dt.UTC) - DAY  # no zone is further ahead
    return None if restored and restored >= first else found


def _owed(edition: Edition, readers: set[int]) -> list[int]:
    """Those of `readers` who wanted `edition` and were entitled to it in their morning."""
    rules = the_rules()
    out = rules.calendar.outgoing(edition.date)
    there = Reader.objects.filter(not_held(out), pk__in=readers)
    wanting = there.values_list("pk", "time_zone", "delivery_time", "delivery_days")
    mornings: dict[dt.datetime, list[int]] = defaultdict(list)
    for reader, zone, time, days in wanting:
        if days & bit_of(out):
            mornings[morning(edition.date, zone, time, rules)].append(reader)
    owed: list[int] = []
    for due_at, alike in mornings.items():
        then = entitled_readers(due_at).filter(confirmed_at__lte=due_at, pk__in=alike)
        owed += then.values_list("pk", flat=True)
    return owed


def _earlier(edition: Edition) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        correction=None, edition__date__lt=edition.date, edition__date__gte=edition.date - REACH
    )


def _called(date: dt.date, today: dt.date) -> str:
    """A weekday alone names one of the last six: on a Monday, “Monday’s edition” would be this one."""
    if today - date == dt.timedelta(days=1):
        return "Yesterday’s edition"
    return f"{date:%A}’s edition" if today - date < WEEK else f"The edition of {month_day(date)}"
