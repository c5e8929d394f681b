"""The audio edition and what goes with it, at the edition's address and under a reader's own."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from daybreak.common.clock import now
from daybreak.press.models import Rendition
from daybreak.press.renditions import rendition, run_of
from daybreak.site.files import send
from daybreak.site.frame import frame
from daybreak.site.visitors import Visitor, by_feed_token, visitor

FOR_READERS = ("edition.mp3", "timings.json", "chapters.json", "transcript.vtt")


@require_safe
def for_readers(request: HttpRequest, date: dt.date, name: str) -> HttpResponseBase:
    """A file of the audio edition for who is entitled; others get a 403 that says how to become so."""
    return _file(request, date, name, visitor(request, now()))


@require_safe
def by_token(request: HttpRequest, token: str, date: dt.date, name: str) -> HttpResponseBase:
    """The same under a reader's own address, for podcast apps that carry no cookie."""
    return _file(request, date, name, by_feed_token(token, now()))


@require_safe
def taste(request: HttpRequest, date: dt.date) -> HttpResponseBase:
    """The spoken headlines, for everybody."""
    return send(request, _find(date, "taste.mp3"))


def _file(request: HttpRequest, date: dt.date, name: str, who: Visitor) -> HttpResponseBase:
    if not who.entitlement.allowed:
        context = frame(request, now())
        context |= {
            "title": "The audio edition is for readers",
            "sentence": f"It opens with {context['paper'].trial}. No card is asked for.",
            "link": {"url": "/subscribe/", "label": "Start the trial"},
        }
        response = render(request, "site/message.html", context, status=403)
        response["Cache-Control"] = "private, no-cache"
        return response
    return send(request, _find(date, name))


def _find(date: dt.date, name: str) -> Rendition:
    run = run_of(date)
    if run is None:
        raise Http404
    try:
        return rendition(run, name)
    except Rendition.DoesNotExist as error:
        raise Http404 from error


addresses = [
    path("<pathday:date>/taste.mp3", taste, name="taste"),
    *(path(f"<pathday:date>/{name}", for_readers, {"name": name}) for name in FOR_READERS),
    *(path(f"feeds/<str:token>/<pathday:date>/{name}", by_token, {"name": name}) for name in FOR_READERS),
]
