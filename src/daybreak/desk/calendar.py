"""The publication calendar: a paper on every weekday that is no holiday. The desk keeps the holidays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from daybreak.common.clock import long_date
from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.desk.models import Holiday
from daybreak.desk.prose import tidy_line

DAY = dt.timedelta(days=1)
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which days the paper comes out: Monday to Friday, without `holidays`."""

    holidays: frozenset[dt.date] = frozenset()

    def publishes(self, day: dt.date) -> bool:
        """Whether there is a paper on `day`."""
        return day.weekday() < 5 and day not in self.holidays

    def outgoing(self, date: dt.date) -> dt.date:
        """When an edition dated `date` goes out: that day, or the next on which there is a paper."""
        while not self.publishes(date):
            date += DAY
        return date

    def following(self, day: dt.date) -> dt.date:
        """The first day after `day` on which there is a paper."""
        return self.outgoing(day + DAY)

    def preceding(self, day: dt.date) -> dt.date:
        """The last day before `day` on which there was a paper."""
        day -= DAY
        while not self.publishes(day):
            day -= DAY
        return day


EVERY_WEEKDAY = Calendar()


def the_calendar() -> Calendar:
    """The calendar as the desk keeps it now."""
    return Calendar(frozenset(Holiday.objects.values_list("date", flat=True)))


def moved(date: dt.date) -> str:
    """The sentence that an edition dated `date` goes out on another day; empty when it does not."""
    out = the_calendar().outgoing(date)
    if out == date:
        return ""
    holiday = Holiday.objects.filter(date=date).first()
    what = holiday.name if holiday else f"a {date:%A}"
    return f"{date} is {what}: this edition goes out on {long_date(out)}."


def holidays_from(day: dt.date) -> list[Holiday]:
    """The holidays from `day` on, the next first."""
    return list(Holiday.objects.filter(date__gte=day))


@transaction.atomic
def add_holiday(date: dt.date, name: str, *, by: str, at: dt.datetime) -> Holiday:
    """No paper on `date`, and why. An edition dated so goes out on the next day that has a paper.

    Raises Misused for a name or date that cannot be, Refused when there is none on that day anyhow or it is over.
    """
    _refuse_past(date, at)
    name = tidy_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise Misused(f"A holiday has a name: write one of at most {LONGEST_NAME} characters.")
    if date.year >= 2200:
        raise Misused(f"{date} is too far away for a paper: write a year from 1900 to 2199.")
    if date.weekday() > 4:
        raise Refused(f"{date} is a {date:%A}, which has no paper anyhow.")
    try:
        with transaction.atomic():
            holiday = Holiday.objects.create(date=date, name=name)
    except IntegrityError as error:
        raise Refused(f"{date} is a holiday already: take it out to name it anew.") from error
    note("holiday added", "the calendar", by=by, at=at, date=str(date), name=name)
    return holiday


@transaction.atomic
def remove_holiday(date: dt.date, *, by: str, at: dt.datetime) -> None:
    """A paper on `date` after all. Raises Refused when it is no holiday, or over."""
    _refuse_past(date, at)
    removed, _ = Holiday.objects.filter(date=date).delete()
    if not removed:
        raise Refused(f"{date} is no holiday: `daybreak calendar list` shows them.")
    note("holiday removed", "the calendar", by=by, at=at, date=str(date))


def _refuse_past(date: dt.date, at: dt.datetime) -> None:
    # What went out then went out by the calendar as it was; yesterday is still today somewhere.
    if date < at.date() - DAY:
        raise Refused(f"{date} is over: the calendar of days that are over stays as it was.")
