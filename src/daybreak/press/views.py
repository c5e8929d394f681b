"""The press as the desk sees it: a fragment that says whether the edition is printed."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from daybreak.desk.models import Edition
from daybreak.press.failing import failure_of
from daybreak.press.pages import minutes
from daybreak.press.renditions import run_of
from daybreak.press.typesetting import edition_path


@login_required
def run_status(request: HttpRequest, date: dt.date) -> HttpResponse:
    """GET: what the press did with the edition of `date`, for the desk to show beside it."""
    run = run_of(date)
    edition = Edition.objects.filter(date=date).first()
    waiting = (
        edition is not None
        and edition.approved_at is not None
        and (run is None or run.approved_at != edition.approved_at)
    )
    audio = run.renditions.filter(name="edition.mp3").first() if run else None
    failure = failure_of(edition) if edition is not None and waiting else None
    length = minutes(float(audio.facts["duration"])) if audio else ""
    context = {
        "run": run,
        "waiting": waiting,
        "failure": failure,
        "length": length,
        "path": edition_path(date),
    }
    return render(request, "press/run_status.html", context)
