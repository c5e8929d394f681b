"""The pages of editions, as the press stored them: whole for who is entitled, a taste for everybody else."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from daybreak.circulation.sessions import renew_if_old
from daybreak.common.clock import long_date, month_of, now
from daybreak.press.models import PressRun, Rendition
from daybreak.press.renditions import current_runs, run_of, stored
from daybreak.press.typesetting import edition_path
from daybreak.site.frame import frame
from daybreak.site.slots import fill
from daybreak.site.visitors import visitor


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The latest edition printed."""
    run = current_runs().first()
    if run is None:
        return render(request, "site/empty.html", frame(request, now()))
    return _page(request, run, "page")


@require_safe
def edition(request: HttpRequest, date: dt.date) -> HttpResponse:
    """The edition of a day."""
    return _page(request, _printed(date), "page")


@require_safe
def brief(request: HttpRequest, date: dt.date, slug: str) -> HttpResponse:
    """One brief at its own address."""
    return _page(request, _printed(date), f"brief.{slug}")


def _printed(date: dt.date) -> PressRun:
    run = run_of(date)
    if run is None:
        raise Http404
    return run


def _page(request: HttpRequest, run: PressRun, name: str) -> HttpResponse:
    at = now()
    who = visitor(request, at)
    reading = "full" if who.entitlement.allowed else "taste"
    try:
        page = stored(run, f"{name}.{reading}.html")
    except Rendition.DoesNotExist as error:
        raise Http404 from error
    response = HttpResponse(fill(page, request, who, at))
    # Two people share an address and not a page: no cache between us and the reader may keep it.
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    if who.reader is not None:
        renew_if_old(request, response, who.reader, at)
    return response


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """Every edition by month, newest first; headlines are for everybody."""
    runs = current_runs().prefetch_related("printed_briefs")
    months = [
        {"label": label, "editions": [_archive_line(run) for run in group]}
        for label, group in groupby(runs, key=lambda run: month_of(run.edition.date))
    ]
    return render(request, "site/archive.html", frame(request, now()) | {"months": months})


def _archive_line(run: PressRun) -> dict[str, object]:
    return {
        "dateline": long_date(run.edition.date),
        "path": edition_path(run.edition.date),
        "title": run.manuscript["title"],
        "headlines": [brief.headline for brief in run.printed_briefs.all()],
    }


addresses = [
    path("", today, name="today"),
    path("archive/", archive, name="archive"),
    path("<pathday:date>/", edition, name="edition"),
    path("<pathday:date>/<slug:slug>/", brief, name="brief"),
]
