"""The publication calendar in the browser: the days without a paper, added and taken out by name."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from daybreak.common.clock import now, parse_day, weekday_date
from daybreak.common.refusal import Refused
from daybreak.desk.answering import name_of
from daybreak.desk.calendar import add_holiday, holidays_from, remove_holiday, the_calendar
from daybreak.desk.models import Edition

DAYS_SHOWN_BACK = dt.timedelta(days=31)
NEXT_PAPERS = 10


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The holidays of the last month and to come, and the next papers; a POST (date, name) adds one."""
    at = now()
    given = {"date": "", "name": ""}
    if request.method == "POST":
        given = {field: request.POST.get(field, "") for field in given}
        try:
            holiday = add_holiday(parse_day(given["date"]), given["name"], by=name_of(request), at=at)
            messages.success(request, f"There is no paper on {weekday_date(holiday.date)}.")
            return redirect("desk-calendar")
        except Refused as refusal:
            messages.error(request, str(refusal))
    context = {
        "holidays": holidays_from(at.date() - DAYS_SHOWN_BACK),
        "papers": _next_papers(at.date()),
        "given": given,
    }
    return render(request, "desk/calendar.html", context, status=422 if given["date"] else 200)


@require_POST
def remove(request: HttpRequest, date: dt.date) -> HttpResponse:
    """Take a holiday out: there is a paper on that day."""
    try:
        remove_holiday(date, by=name_of(request), at=now())
        messages.success(request, f"There is a paper on {weekday_date(date)}.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("desk-calendar")


def _next_papers(day: dt.date) -> list[tuple[dt.date, Edition | None]]:
    """The next days with a paper, today among them, each with its edition when it is begun."""
    kept = the_calendar()
    days = [kept.outgoing(day)]
    while len(days) < NEXT_PAPERS:
        days.append(kept.following(days[-1]))
    begun = {edition.date: edition for edition in Edition.objects.filter(date__in=days)}
    return [(each, begun.get(each)) for each in days]
