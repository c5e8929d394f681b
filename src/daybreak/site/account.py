"""A reader's own page: what entitles them, their morning, their private addresses, and how to pause or stop the mail."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from daybreak.circulation.days import NAMES as DAYS
from daybreak.circulation.days import parse_days, written
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import (
    change_mornings,
    change_name,
    parse_name,
    pause_mail,
    resume_mail,
    stop_mail,
)
from daybreak.circulation.sessions import renew_if_old
from daybreak.circulation.vacation import held_until, parse_end, today_of
from daybreak.circulation.zones import parse_hour, parse_zone, zones_to_choose_from
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.delivery.returns.suppressing import lift_by_reader
from daybreak.press.house import paper
from daybreak.site.frame import frame
from daybreak.site.mailwords import held_back, morning, pause_choices, paused
from daybreak.site.visitors import Visitor, visitor

_TO_SIGN_IN = "/sign-in/?next=/account/"
_DONE = {
    "saved": "Saved.",
    "paused": "The morning mail is paused.",
    "stopped": "The morning mail has stopped.",
    "resumed": "The morning mail is back.",
    "lapsed": "The mail is no longer held. It comes again once you have access.",
    "too-soon": "Your mailbox refused our mail within the last day: try again tomorrow.",
}
_PARSERS = {
    "name": parse_name,
    "time_zone": parse_zone,
    "delivery_time": parse_hour,
    "delivery_days": parse_days,
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The account; a POST saves name, time zone, hour and days, all or none."""
    at = now()
    who = visitor(request, at)
    if who.reader is None:
        return redirect(_TO_SIGN_IN)
    # Of the days each has a box of its own: they come as several values.
    given = {name: " ".join(request.POST.getlist(name)) for name in _PARSERS if request.method == "POST"}
    mistakes = _mistakes(given)
    if given and not mistakes:
        change_name(who.reader, given["name"])
        change_mornings(who.reader, given["time_zone"], given["delivery_time"], given["delivery_days"])
        return redirect("/account/?done=saved")
    response = _page(request, who, given, mistakes, at)
    renew_if_old(request, response, who.reader, at)
    return response


def _page(
    request: HttpRequest, who: Visitor, given: dict[str, str], mistakes: dict[str, str], at: dt.datetime
) -> HttpResponse:
    """The account, with what was `given` in place of what is saved, and what is wrong with it."""
    assert who.reader is not None
    context = _context(who, _DONE.get(request.GET.get("done", "")))
    about = {**_about(who.reader, at, allowed=who.entitlement.allowed), **given}
    context["reader"] = about
    context["days"] = [(day, day[:3] in str(about["delivery_days"])) for day in DAYS]
    page = frame(request, at) | context | pause_choices(who.reader, at) | given | mistakes
    return render(request, "site/account.html", page, status=422 if mistakes else 200)


@never_cache
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """No editions by mail until a day of the reader's choice."""
    at = now()
    who = visitor(request, at)
    if who.reader is None:
        return redirect(_TO_SIGN_IN)
    given = {"until": request.POST.get("until", "")}
    try:
        until = parse_end(request.POST.get("length", ""), given["until"], today_of(who.reader.time_zone, at))
    except Refused as refused:
        return _page(request, who, given, {"until_error": str(refused)}, at)
    pause_mail(who.reader, until, at, by="the reader")
    return redirect("/account/?done=paused")


@never_cache
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """No more editions by mail until they are asked for again."""
    at = now()
    reader = visitor(request, at).reader
    if reader is None:
        return redirect(_TO_SIGN_IN)
    stop_mail(reader, at, by="the reader")
    return redirect("/account/?done=stopped")


@never_cache
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Editions by mail again."""
    at = now()
    reader = visitor(request, at).reader
    if reader is None:
        return redirect(_TO_SIGN_IN)
    resume_mail(reader, at, by="the reader")
    return _resumed(reader, at)


def _resumed(reader: Reader, at: dt.datetime) -> HttpResponse:
    done = "resumed" if entitlement_of(reader, at).allowed else "lapsed"
    return redirect(f"/account/?done={done}")


@never_cache
@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    """The reader's mailbox is well again, or the reader wants the mail after all: editions by mail again."""
    at = now()
    reader = visitor(request, at).reader
    if reader is None:
        return redirect(_TO_SIGN_IN)
    try:
        lift_by_reader(reader, at)
    except Refused:
        return redirect("/account/?done=too-soon")
    resume_mail(reader, at, by="the reader")  # paused before or after: who asks for the mail wants it
    return _resumed(reader, at)


def _mistakes(given: dict[str, str]) -> dict[str, str]:
    """What is wrong with each field, under the name that the page shows it by."""
    mistakes = {}
    for name, text in given.items():
        try:
            _PARSERS[name](text)
        except Refused as refused:
            mistakes[f"{name}_error"] = str(refused)
    return mistakes


def _context(who: Visitor, done: str | None) -> dict[str, object]:
    assert who.reader is not None
    private = f"{paper().site_url}/feeds/{who.reader.feed_token}"
    feeds = [("RSS", "feed.xml"), ("JSON Feed", "feed.json"), ("Podcast", "podcast.xml")]
    zones = zones_to_choose_from()
    return {
        "entitlement": who.entitlement.sentence(who.reader.time_zone),
        "feeds": [{"label": label, "url": f"{private}/{name}"} for label, name in feeds]
        if who.entitlement.allowed
        else [],
        "time_zones": zones if who.reader.time_zone in zones else (who.reader.time_zone, *zones),
        "done": done,
    }


def _about(reader: Reader, at: dt.datetime, *, allowed: bool) -> dict[str, object]:
    held, until = held_back(reader), held_until(reader, at)
    stopped = reader.mail_stopped_at is not None
    return {
        "email": reader.email,
        "name": reader.name,
        "time_zone": reader.time_zone,
        "delivery_time": f"{reader.delivery_time:%H:%M}",
        "delivery_days": written(reader.delivery_days),
        "morning": morning(reader, comes=allowed and not stopped and until is None and not held),
        "stopped": stopped,
        "paused": paused(reader, until, allowed=allowed) if until and not stopped else "",
        "lapsed": not allowed,
        "held_back": held,
    }


addresses = [
    path("account/", account, name="account"),
    path("account/pause/", pause, name="account-pause"),
    path("account/stop/", stop, name="account-stop"),
    path("account/send-again/", send_again, name="account-send-again"),
    path("account/resume/", resume, name="account-resume"),
]
