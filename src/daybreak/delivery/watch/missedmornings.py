"""Mornings that passed and nobody is known to have had a mail, and why: nobody approved in time, the mail server was
away, the newsroom itself was, or it came out of an old backup.

The board shows editions that some reader can still be sent. What is past that would go unsaid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from django.db.models import Exists, OuterRef

from daybreak.circulation.entitlement import entitled_readers
from daybreak.common.clock import long_date
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.watch.boardline import Line
from daybreak.delivery.watch.missedcauses import why_missed
from daybreak.desk.calendar import the_calendar
from daybreak.desk.editions import next_date
from daybreak.desk.models import Edition

REACH = dt.timedelta(days=31)  # a paper that has been silent for longer is not expected
DAY = dt.timedelta(days=1)
KIND = "missed mornings"
Running = Callable[[dt.datetime, dt.date], Iterable[dt.date]]


def missed_line(at: dt.datetime, still_running: Running) -> Line | None:
    """A late line for the days with a paper between the last edition that anybody got and those that still go out.

    `still_running` gives the dates before the next edition's whose mornings are not over. None when no such day, or
    nobody to get a mail, is there; so it ends by itself when an edition goes out again.
    """
    missed = _missed(at, still_running)
    readers = entitled_readers(at).filter(mail_stopped_at__isnull=True).count() if missed else 0
    if not readers:
        return None
    days = long_date(missed[0]) if len(missed) == 1 else f"{long_date(missed[0])} to {long_date(missed[-1])}"
    rows = Delivery.objects.filter(edition__date__in=missed, correction=None)
    doubtful = rows.filter(state=Delivery.State.IN_DOUBT).count()
    sentence = (
        f"{_count(len(missed), 'morning was', 'mornings were')} missed ({days}): "
        f"{_count(readers, 'reader', 'readers')} got no mail, and {_printed(missed)}. "
        f"{why_missed(missed)}"
    )
    if doubtful:
        sentence += f" {_count(doubtful, 'mail is', 'mails are')} in doubt: settle that under Deliveries."
    return Line(KIND, "Missed", "late", sentence)


def _missed(at: dt.datetime, still_running: Running) -> list[dt.date]:
    coming, calendar = next_date(at), the_calendar()
    last = _last_had(coming)
    if last is None or last < coming - REACH:
        return []
    between = (last + DAY * number for number in range(1, (coming - last).days))
    days = [day for day in between if calendar.publishes(day)]
    if not days:
        return []
    running = set(still_running(at, coming))
    stops = SendHold.objects.filter(kind=SendHold.Kind.STOP, lifted_at__isnull=True, edition__date__in=days)
    meant = set(stops.values_list("edition__date", flat=True))
    return [day for day in days if day not in running and day not in meant]


def _last_had(before: dt.date) -> dt.date | None:
    """The date of the last edition that was handed over to anybody."""
    had = Delivery.objects.filter(edition=OuterRef("pk"), correction=None, handed_over_at__isnull=False)
    return (
        Edition.objects.filter(Exists(had), date__lte=before)
        .order_by("-date")
        .values_list("date", flat=True)
        .first()
    )


def _printed(days: list[dt.date]) -> str:
    printed = Edition.objects.filter(date__in=days, press_runs__isnull=False).distinct().count()
    if not printed:
        return "no edition was printed"
    if printed == len(days):
        return "what was printed is on the site"
    return f"of the editions {printed:,} {'was' if printed == 1 else 'were'} printed"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
