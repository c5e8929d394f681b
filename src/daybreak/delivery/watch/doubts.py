"""Mails in doubt, as lines of the board: they wait for a person until they are settled, however long ago they were due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container

from django.db.models import Count

from daybreak.delivery.models import Delivery
from daybreak.delivery.watch.boardline import Line

KIND = "doubts"
REACH = dt.timedelta(days=31)  # after that nobody knows any more what arrived


def doubt_line(number: int) -> Line | None:
    """The line of an edition of which `number` mails are in doubt; None of none."""
    if not number:
        return None
    mails = "1 mail is" if number == 1 else f"{number:,} mails are"
    return Line(KIND, "In doubt", "late", f"{mails} in doubt: settle each under Deliveries.")


def doubts_left(at: dt.datetime, shown: Container[dt.date]) -> dict[dt.date, str]:
    """What is still in doubt of editions that have left the board, whose dates are not among `shown`; by their date."""
    rows = Delivery.objects.filter(state=Delivery.State.IN_DOUBT, due_at__gte=at - REACH).order_by()
    counted = rows.values_list("edition__date").annotate(Count("pk")).order_by("edition__date")
    lines = ((date, doubt_line(number)) for date, number in counted if date not in shown)
    return {date: f"Edition of {date}: {line.sentence}" for date, line in lines if line}
