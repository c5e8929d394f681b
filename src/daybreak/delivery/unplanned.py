"""Readers who should have had an edition, or may have it still, and of whom the ledger has no row."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from daybreak.circulation.models import Period, Reader
from daybreak.delivery.mornings import morning, the_rules
from daybreak.delivery.planning import readers_without_a_row
from daybreak.desk.models import Edition

Hour = tuple[dt.datetime, dt.time]  # when a morning is due (UTC), and at which wall-clock time there


def readers_unplanned(edition: Edition, at: dt.datetime) -> QuerySet[Reader]:
    """`readers_without_a_row` less those who became readers after their morning of it.

    Who was a reader before its first morning is known by that alone; of the others each one's own morning is asked.
    """
    without = readers_without_a_row(edition, at)
    zones = _zones(edition)
    first = min((due for due, _ in zones), default=at)
    if first >= at:
        return without
    early = Q(confirmed_at__lte=first) & Q(Exists(_periods(first, until=at)))
    whens = [
        When(time_zone__in=there, delivery_time=time, then=Value(min(due, at)))
        for (due, time), there in zones.items()
    ]
    return without.annotate(
        morning=Case(*whens, default=Value(at), output_field=DateTimeField(null=True))
    ).filter(early | Q(confirmed_at__lte=F("morning")) & Q(Exists(_periods(OuterRef("morning")))))


def _zones(edition: Edition) -> dict[Hour, list[str]]:
    """The zones in which anybody has a morning at one instant and wall-clock time."""
    rules, zones = the_rules(), defaultdict(list)
    for zone, time in Reader.objects.values_list("time_zone", "delivery_time").order_by().distinct():
        zones[morning(edition.date, zone, time, rules), time].append(zone)
    return zones


def _periods(since: dt.datetime | Combinable, until: dt.datetime | None = None) -> QuerySet[Period]:
    """A reader's periods that hold at `since`, and with `until` at that instant too."""
    last = until or since
    return Period.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=last), reader=OuterRef("pk"), starts_at__lte=since
    )
