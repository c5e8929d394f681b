"""The page behind the link at a mail's foot: stop the mail, pause it, have it on fewer mornings; and each of them undone.

Its token can do this and nothing else. A GET changes nothing: link scanners open every link.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from daybreak.circulation.days import parse_days
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import (
    change_days,
    choice_of,
    choose,
    parse_choice,
    pause_mail,
    resume_mail,
    stop_mail,
)
from daybreak.circulation.vacation import held_until, parse_end, today_of
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.site.frame import frame
from daybreak.site.mailwords import day_boxes, held_back, morning, pause_choices, paused

UNTOUCHED = "A paid plan is untouched, and receipts still come."


@csrf_exempt  # the mailbox provider posts without a cookie or form (RFC 8058); the token in the address is the key
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The choices; a POST acts at once, and one that names no choice stops the mail. A plan is untouched."""
    at = now()
    reader = _addressed(token)
    if request.method != "POST":
        return _choices(request, reader, at)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        stop_mail(reader, at, by="the reader, by one click")
        return HttpResponse("The mail has stopped.\n", content_type="text/plain; charset=utf-8")
    before = choice_of(reader, at)
    try:
        _act(reader, request, at)
    except Refused as refused:
        where = "days_error" if request.POST.get("choice") == "days" else "until_error"
        return _choices(request, reader, at, {where: str(refused)})
    done = reverse("unsubscribed", args=[token])
    return redirect(done if before == choice_of(reader, at) else f"{done}?was={before.written()}")


@csrf_exempt  # as above: who was able to stop the mail can have it back
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribed(request: HttpRequest, token: str) -> HttpResponse:
    """What is chosen now, with a button that undoes the last choice; a POST brings the mail back."""
    at = now()
    reader = _addressed(token)
    if request.method == "POST":
        resume_mail(reader, at, by="the reader")
        return redirect("unsubscribed", token=token)
    was = parse_choice(request.GET.get("was", ""))
    undo = was.written() if was and was != choice_of(reader, at) else ""
    page = {"choices": reverse("unsubscribe", args=[token]), "undo": undo, "back": False}
    return render(request, "site/unsubscribed.html", frame(request, at) | page | _state(reader, at))


def _act(reader: Reader, request: HttpRequest, at: dt.datetime) -> None:
    """Do what the form says. Raises Refused; then nothing is changed."""
    by, given = "the reader", request.POST
    match given.get("choice"):
        case "pause":
            today = today_of(reader.time_zone, at)
            until = parse_end(given.get("length", ""), given.get("until", ""), today)
            pause_mail(reader, until, at, by=by)
        case "days":
            change_days(reader, parse_days(" ".join(given.getlist("delivery_days"))), at, by=by)
        case "back":
            resume_mail(reader, at, by=by)
        case "undo":
            if was := parse_choice(given.get("was", "")):
                choose(reader, was, at, by=by)
        case _:
            stop_mail(reader, at, by=by)


def _choices(
    request: HttpRequest, reader: Reader, at: dt.datetime, mistakes: dict[str, str] | None = None
) -> HttpResponse:
    days = reader.delivery_days if not mistakes or "days_error" not in mistakes else 0
    page = {
        "token": reader.unsubscribe_token,
        "email": reader.email,
        "days": day_boxes(days),
        "until": request.POST.get("until", ""),
        "allowed": entitlement_of(reader, at).allowed,
        **pause_choices(reader, at),
        **_state(reader, at),
        **(mistakes or {}),
    }
    status = 422 if mistakes else 200
    return render(request, "site/unsubscribe.html", frame(request, at) | page, status=status)


def _state(reader: Reader, at: dt.datetime) -> dict[str, Any]:
    """Title and sentence of how the mail is now; `back` says whether it was stopped or paused."""
    until = held_until(reader, at)
    entitlement = entitlement_of(reader, at)
    if reader.mail_stopped_at is not None:
        what = f"No more editions go to {reader.email}. {UNTOUCHED}"
        return {"title": "The mail has stopped", "sentence": what, "back": True, "stopped": True}
    if until is not None:
        what = (
            f"The mail to {reader.email} is {paused(reader, until, allowed=entitlement.allowed)}. {UNTOUCHED}"
        )
        return {"title": "The mail is paused", "sentence": what, "back": True}
    why_not = held_back(reader) or ("" if entitlement.allowed else entitlement.sentence(reader.time_zone))
    if why_not:
        link = {"url": "/account/", "label": "Your account"}
        return {"title": "The mail is not stopped", "sentence": why_not, "link": link}
    return {
        "title": "The mail comes",
        "sentence": f"{morning(reader, comes=True)} It goes to {reader.email}.",
        "link": {"url": "/", "label": "Today’s edition"},
    }


def _addressed(token: str) -> Reader:
    # A plain look-up is safe for 192 random bits, as with the feeds; nothing else can be done with this token.
    reader = Reader.objects.filter(unsubscribe_token=token).first()
    if reader is None:
        raise Http404
    return reader


addresses = [
    path("unsubscribe/<slug:token>/", unsubscribe, name="unsubscribe"),
    path("unsubscribe/<slug:token>/done/", unsubscribed, name="unsubscribed"),
]
