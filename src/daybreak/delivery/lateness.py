"""Who missed the edition before: the next one tells them, in one line, that it was late and where it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import OuterRef, QuerySet, Subquery

from daybreak.delivery.models import Delivery
from daybreak.desk.models import Edition
from daybreak.press.typesetting import edition_path

# Who was away longer than this has missed more than one paper and needs no word about the last.
REACH = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Late:
    """An edition that came too late for a reader: the word for its day, “Yesterday” or “Friday”, and its path."""

    day: str
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
            self.found[reader] = Late(_day(date, self.edition.date), edition_path(date))

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


def _day(date: dt.date, today: dt.date) -> str:
    return "Yesterday" if today - date == dt.timedelta(days=1) else f"{date:%A}"
