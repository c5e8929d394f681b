"""Signing up, signing in and out. A mailed link's page only shows a button: link scanners open every link."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from daybreak.circulation.address import NotAnAddress, parse_address
from daybreak.circulation.joining import (
    NoEntry,
    ask_way_in,
    enter_by_code,
    enter_by_link,
    link_is_open,
    sign_up,
)
from daybreak.circulation.models import Reader
from daybreak.circulation.rates import JOINING, TooMany, knock
from daybreak.circulation.sessions import sign_in, sign_out, sign_out_everywhere, signed_in_reader
from daybreak.circulation.tasks import deliver_notices
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.press.pages import Paper
from daybreak.site.frame import frame, paper_today

_MISTAKE = {NotAnAddress: 422, TooMany: 429, NoEntry: 422}


def consent_wording(paper: Paper) -> str:
    """The words somebody agrees to with the sign-up button, as they stand beside it."""
    return (
        f"{paper.promise} It starts with {paper.trial}. After that, {paper.price}: {paper.monthly}. "
        "No card is asked for. We write to this address to confirm it."
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The sign-up form. A known address is answered alike: only the mail differs."""
    if request.method != "POST":
        return _form(request, "subscribe")
    at = now()
    try:
        # Read first: a slip of the pen is no knock, or a campus behind one address would soon be shut out.
        email = parse_address(request.POST.get("email", ""))
        knock(JOINING, remote_place(request), at)
        sign_up(
            email,
            time_zone=request.POST.get("time_zone", ""),
            wording=consent_wording(paper_today()),
            page=_page_of(request),
            at=at,
        )
    except (NotAnAddress, TooMany) as refused:
        return _form(request, "subscribe", refused)
    return _check_mail(request, email)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for a way in by mail."""
    if request.method != "POST":
        return _form(request, "sign_in")
    at = now()
    try:
        email = parse_address(request.POST.get("email", ""))
        knock(JOINING, remote_place(request), at)
        ask_way_in(email, at)
    except (NotAnAddress, TooMany) as refused:
        return _form(request, "sign_in", refused)
    return _check_mail(request, email)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: HttpRequest) -> HttpResponse:
    """Come in by a typed code."""
    if request.method != "POST":
        return redirect("/sign-in/")
    at, email = now(), request.POST.get("email", "")
    try:
        reader = enter_by_code(email, request.POST.get("code", ""), at)
    except (NoEntry, NotAnAddress) as refused:
        context = {"email": email, "code_error": str(refused), "next": request.POST.get("next", "")}
        return _answer(request, "check_mail", context, status=422)
    return _let_in(request, reader)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a mailed link: its button comes in."""
    try:
        if request.method == "POST":
            return _let_in(request, enter_by_link(token, now()))
        if not link_is_open(token, now()):
            raise NoEntry("This link has been used, or its day is over: ask for a new one.")
    except NoEntry as refused:
        link = {"url": "/sign-in/", "label": "Sign in"}
        context = {"title": "This link is spent", "sentence": str(refused), "link": link}
        return _answer(request, "message", context, status=410)
    words = {
        "title": "Good morning",
        "sentence": "One press of the button, and you are in.",
        "button": "Confirm and sign in",
    }
    return _answer(request, "confirm", words)


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out here, or with `everywhere` on every device."""
    at = now()
    reader = signed_in_reader(request, at)
    if reader is not None and request.POST.get("everywhere"):
        sign_out_everywhere(reader, at)
    response = redirect("/")
    sign_out(response)
    return response


def remote_place(request: HttpRequest) -> str:
    """The network that asks: an IPv4 address, or the /64 that one IPv6 customer has.

    Behind TLS there is a proxy in front of us, and the last address it added is the one that it saw itself; what
    stands before that anybody can write.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.CONFIG.https:
        given = request.META.get("HTTP_X_FORWARDED_FOR", given).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _let_in(request: HttpRequest, reader: Reader) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    # Not redirect(), which would take a word for the name of a view.
    response = HttpResponseRedirect(wanted if here else "/")
    sign_in(response, reader, now())
    return response


def _form(request: HttpRequest, name: str, refused: Refused | None = None) -> HttpResponse:
    context = {
        "email": request.POST.get("email", ""),
        "email_error": str(refused or ""),
        "time_zone": request.POST.get("time_zone", ""),
        "next": request.POST.get("next") or request.GET.get("next", ""),
    }
    return _answer(request, name, context, status=_MISTAKE[type(refused)] if refused else 200)


def _check_mail(request: HttpRequest, email: str) -> HttpResponse:
    # The row is the truth and the clock would find it; the task only saves the reader the wait.
    deliver_notices.enqueue()
    return _answer(request, "check_mail", {"email": email, "next": request.POST.get("next", "")})


def _answer(
    request: HttpRequest, name: str, context: Mapping[str, object], status: int = 200
) -> HttpResponse:
    return render(request, f"site/{name}.html", {**frame(request, now()), **context}, status=status)


def _page_of(request: HttpRequest) -> str:
    """The page whose form was sent, as the browser tells it, without the host."""
    referer = str(request.META.get("HTTP_REFERER", ""))
    if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return urlsplit(referer).path or "/"
    return "/subscribe/"


addresses = [
    path("subscribe/", subscribe, name="subscribe"),
    path("sign-in/", sign_in_page, name="sign-in"),
    path("sign-in/code/", by_code, name="sign-in-code"),
    path("sign-in/link/<slug:token>/", by_link, name="sign-in-link"),
    path("sign-out/", leave, name="sign-out"),
]
