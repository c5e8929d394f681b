"""How often the mail of the last day came back or was complained of, beside the usual of the last editions.

Bounces and complaints come for hours after the last wave, so the lines belong to the house and not to one edition.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.returns.suppressing import HAND_OVER
from daybreak.delivery.watch.boardline import Line
from daybreak.desk.models import Edition

Kind = Outcome.Kind
DAY = dt.timedelta(days=1)
USUAL_EDITIONS = 20
RISEN = 2  # times the usual


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted, and when it is too much: from `few` on, above `floor` and RISEN times the usual, or from `most`.

    Shares are of the mails handed over.
    """

    outcome: Outcome.Kind
    kind: str
    name: str
    few: int
    floor: float
    most: float
    what: str
    advice: str


MEASURES = (
    # Gmail's guidelines for senders: keep complaints below 0.1 % and never let them reach 0.3 %.
    Measure(
        outcome=Kind.COMPLAINT,
        kind="complaints",
        name="Complaints",
        few=3,
        floor=0.001,
        most=0.003,
        what="were reported as unwanted",
        advice="mailbox providers block who goes on like this, so see under Suppressions who they are",
    ),
    Measure(
        outcome=Kind.HARD_BOUNCE,
        kind="bounces",
        name="Dead addresses",
        few=5,
        floor=0.02,
        most=1.0,
        what="came back from dead addresses",
        advice="see under Suppressions who they are, and where their addresses came from",
    ),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """`happened` of `mails`; `usual` is the share that is usual, 0 where the share is too small to ask."""

    happened: int
    mails: int
    usual: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.happened / self.mails if self.mails else 0.0


def return_lines(at: dt.datetime) -> list[Line]:
    """A line for each measure that has something to say."""
    rates = ((measure, rate_of(measure, at)) for measure in MEASURES)
    return [_line(measure, rate) for measure, rate in rates if rate is not None]


def rate_of(measure: Measure, at: dt.datetime) -> Rate | None:
    """The rate of the mails handed over in the day before `at`; None while too few came back to say anything."""
    # Whom a server refused at the hand-over is on the board’s line of refusals.
    told = Outcome.objects.filter(kind=measure.outcome, delivery__correction=None).exclude(via=HAND_OVER)
    today = Q(told_at__range=(at - DAY, at), delivery__handed_over_at__range=(at - DAY, at))
    happened = told.filter(today).values("delivery").distinct().count()
    if happened < measure.few:
        return None
    editions = Edition.objects.filter(date__lte=(at + DAY).date()).order_by("-date")
    handed_over = Delivery.objects.filter(correction=None, handed_over_at__isnull=False)
    mails = handed_over.filter(
        edition__in=editions.filter(date__gt=(at - 7 * DAY).date()).order_by(),
        handed_over_at__range=(at - DAY, at),
    ).count()
    if happened <= measure.floor * mails:
        return Rate(happened, mails, usual=0.0)
    last = list(editions.values_list("pk", flat=True)[: USUAL_EDITIONS + 1])
    before = handed_over.filter(edition__in=last, handed_over_at__lt=at - DAY).count()
    told_before = told.filter(delivery__edition__in=last, delivery__handed_over_at__lt=at - DAY)
    usual = told_before.values("delivery").distinct().count() / before if before else 0.0
    return Rate(happened, mails, usual)


def _line(measure: Measure, rate: Rate) -> Line:
    counted = f"{rate.happened:,} of {rate.mails:,} mails {measure.what} within a day"
    if rate.share <= max(measure.floor, RISEN * rate.usual) and rate.share < measure.most:
        return Line(measure.kind, measure.name, "well", f"{counted}, as usual.")
    shares = f"{rate.share:.2%}; usually {rate.usual:.2%}"
    return Line(measure.kind, measure.name, "late", f"{counted} ({shares}): {measure.advice}.")
