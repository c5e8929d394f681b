"""A reader's own page: what entitles them, their morning, their private addresses, and how to stop the mail."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from daybreak.circulation.days import NAMES as DAYS
from daybreak.circulation.days import parse_days, said, written
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import change_mornings, change_name, parse_name, resume_mail, stop_mail
from daybreak.circulation.sessions import renew_if_old
from daybreak.circulation.zones import parse_hour, parse_zone, zones_to_choose_from
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.delivery.returns.suppressing import UNEXPLAINED, lift_by_reader, suppression_of
from daybreak.press.house import paper
from daybreak.site.frame import frame
from daybreak.site.visitors import Visitor, visitor

_TO_SIGN_IN = "/sign-in/?next=/account/"
_DONE = {
    "saved": "Saved.",
    "paused": "The morning mail is paused.",
    "resumed": "The morning mail is back.",
    "lapsed": "The mail is no longer paused. It comes again once you have access.",
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
    context = _context(who, _DONE.get(request.GET.get("done", "")))
    about = {**_about(who.reader, allowed=who.entitlement.allowed), **given}
    context["reader"] = about
    context["days"] = [(day, day[:3] in str(about["delivery_days"])) for day in DAYS]
    page = frame(request, at) | context | mistakes
    response = render(request, "site/account.html", page, status=422 if mistakes else 200)
    renew_if_old(request, response, who.reader, at)
    return response


@never_cache
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """No more editions by mail until they are asked for again."""
    at = now()
    reader = visitor(request, at).reader
    if reader is None:
        return redirect(_TO_SIGN_IN)
    stop_mail(reader, at, by="the reader")
    return redirect("/account/?done=paused")


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


@csrf_exempt  # the mailbox provider posts without a cookie or form (RFC 8058); the token in the address is the key
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the mail without signing in: the page asks, any POST acts at once. A plan is untouched."""
    at = now()
    reader = _addressed(token)
    if request.method != "POST":
        if reader.mail_stopped_at is not None:
            return redirect("unsubscribed", token=token)
        return render(request, "site/unsubscribe.html", frame(request, at) | {"email": reader.email})
    if request.POST.get("List-Unsubscribe") == "One-Click":
        stop_mail(reader, at, by="the reader, by one click")
        return HttpResponse("The mail has stopped.\n", content_type="text/plain; charset=utf-8")
    stop_mail(reader, at, by="the reader")
    done = reverse("unsubscribed", args=[token])
    return redirect(f"{done}?paused=yes" if request.POST.get("choice") == "pause" else done)


@csrf_exempt  # as above: who was able to stop the mail can have it back
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribed(request: HttpRequest, token: str) -> HttpResponse:
    """The mail has stopped; its button brings it back."""
    at = now()
    reader = _addressed(token)
    if request.method == "POST":
        resume_mail(reader, at, by="the reader")
        return redirect("unsubscribed", token=token)
    page = frame(request, at)
    if reader.mail_stopped_at is None:
        return render(request, "site/message.html", page | _not_stopped(reader, at))
    title, what = "The mail has stopped", f"No more editions go to {reader.email}."
    if request.GET.get("paused"):
        title = "The mail is paused"
        what = f"No editions go to {reader.email} until you have the mail back, here or in your account."
    page |= {
        "title": title,
        "sentence": f"{what} A paid plan is untouched, and receipts still come.",
        "button": "Have the mail back",
    }
    return render(request, "site/confirm.html", page)


def _not_stopped(reader: Reader, at: dt.datetime) -> dict[str, object]:
    """What a reader is told whose mail was not stopped or was asked back: that it comes, or why it does not."""
    entitlement = entitlement_of(reader, at)
    why_not = _held_back(reader) or ("" if entitlement.allowed else entitlement.sentence(reader.time_zone))
    if why_not:
        link = {"url": "/account/", "label": "Your account"}
        return {"title": "The mail is not stopped", "sentence": why_not, "link": link}
    return {
        "title": "The mail comes",
        "sentence": f"{_morning(reader, comes=True)} It goes to {reader.email}.",
        "link": {"url": "/", "label": "Today’s edition"},
    }


def _addressed(token: str) -> Reader:
    # A plain look-up is safe for 192 random bits, as with the feeds; nothing else can be done with this token.
    reader = Reader.objects.filter(unsubscribe_token=token).first()
    if reader is None:
        raise Http404
    return reader


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


def _about(reader: Reader, *, allowed: bool) -> dict[str, object]:
    held_back = _held_back(reader)
    return {
        "email": reader.email,
        "name": reader.name,
        "time_zone": reader.time_zone,
        "delivery_time": f"{reader.delivery_time:%H:%M}",
        "delivery_days": written(reader.delivery_days),
        "morning": _morning(reader, comes=allowed and reader.mail_stopped_at is None and not held_back),
        "paused": reader.mail_stopped_at is not None,
        "lapsed": not allowed,
        "held_back": held_back,
    }


def _held_back(reader: Reader) -> str:
    """Why no edition comes by mail though it was not stopped, as one sentence; "" when it comes."""
    suppression = suppression_of(reader)
    if suppression is None:
        return ""
    told = "your mailbox provider told us that you reported it as unwanted"
    if suppression.reason != suppression.Reason.COMPLAINT:
        why = "" if suppression.sentence == UNEXPLAINED else f": {suppression.sentence}"
        told = f"our mail came back from {suppression.address}{why}"
    since = suppression.since
    return f"No edition has come by mail since {since:%B} {since.day}, {since.year}, because {told}."


def _morning(reader: Reader, *, comes: bool) -> str:
    zone = reader.time_zone.replace("_", " ")
    begin = "The edition is" if comes else "When it comes by mail, the edition is"
    return f"{begin} in your inbox at {reader.delivery_time:%H:%M} {said(reader.delivery_days)}, {zone} time."


addresses = [
    path("account/", account, name="account"),
    path("account/pause/", pause, name="account-pause"),
    path("account/send-again/", send_again, name="account-send-again"),
    path("account/resume/", resume, name="account-resume"),
    path("unsubscribe/<slug:token>/", unsubscribe, name="unsubscribe"),
    path("unsubscribe/<slug:token>/done/", unsubscribed, name="unsubscribed"),
]
