"""Who missed the edition before: the next one tells them, in one line, that it was late and where it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import OuterRef, QuerySet, Subquery

from daybreak.common.clock import month_day
from daybreak.delivery.models import Delivery
from daybreak.desk.models import Edition
from daybreak.press.typesetting import edition_path

# Who was away longer than this has missed more than one paper and needs no word about the last.
REACH = dt.timedelta(days=14)
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Late:
    """An edition that came too late for a reader: “Yesterday’s edition” or what else it is called, and its path."""

    called: str
    path: str


@dataclass(slots=True)
class LateBefore:
    """Readers of `edition` whose last edition before it was missed. Asks the database only if anybody's was."""

    edition: Edition
    anybody: bool
    found: dict[int, Late | None] = field(default_factory=dict)

    def look_up(self, readers: list[int]) -> None:
        """Find those among `readers`, by id, together: one query."""
        if not self.anybody:
            return
        earlier = _earlier(self.edition).filter(reader=OuterRef("reader")).order_by("-edition__date")
        rows = _earlier(self.edition).filter(reader__in=readers, state=Delivery.State.MISSED)
        last = rows.filter(edition__date=Subquery(earlier.values("edition__date")[:1]))
        for reader, date in last.values_list("reader", "edition__date"):
            self.found[reader] = Late(_called(date, self.edition.date), edition_path(date))

    def for_reader(self, reader: int) -> Late | None:
        """The edition before, when this reader missed it."""
        return self.found.get(reader)


def late_before(edition: Edition) -> LateBefore:
    """Who missed the edition before `edition`."""
    missed = _earlier(edition).filter(state=Delivery.State.MISSED)
    return LateBefore(edition, missed.exists())


def _earlier(edition: Edition) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        correction=None, edition__date__lt=edition.date, edition__date__gte=edition.date - REACH
    )


def _called(date: dt.date, today: dt.date) -> str:
    """A weekday alone names one of the last six: on a Monday, “Monday’s edition” would be this one."""
    if today - date == dt.timedelta(days=1):
        return "Yesterday’s edition"
    return f"{date:%A}’s edition" if today - date < WEEK else f"The edition of {month_day(date)}"
