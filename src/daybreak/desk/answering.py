"""How the desk answers: a whole page, or after an act the parts of the page that it changed.

A browser without scripts gets the same acts as plain forms, answered by a redirect back to the edition.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import quote, urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache

from daybreak.accounts.models import User
from daybreak.common.clock import long_date, now
from daybreak.common.refusal import Refused
from daybreak.desk import editions
from daybreak.desk.board import board_of
from daybreak.desk.briefs import StaleBrief
from daybreak.desk.budget import Wanted, budget_of, wanted_by
from daybreak.desk.correcting import approved_before
from daybreak.desk.models import Edition

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def staff_only(view: View[P]) -> View[P]:
    """Only signed-in active staff pass; a page leads to the sign-in, a part of a page says so in place."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated and request.user.is_active:
            return never_cache(view)(request, *args, **kwargs)
        if "HX-Request" in request.headers:
            sentence = "You have been signed out: sign in in another tab, then try again here. Your text is still here."
            return message_alone(request, sentence, status=401)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("desk-home"))

    return guarded


def do(
    request: HttpRequest,
    edition: Edition,
    act: Callable[[dt.datetime], str],
    parts: list[str],
    open_key: int | Callable[[], int | None] | None = None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Do an act and answer with the parts of the page it changed, or with the sentence that refuses it."""
    try:
        sentence = act(now())
    except Refused as refusal:
        key = open_key if isinstance(open_key, int) else None
        return _refusal(request, edition, key, refusal)
    edition.refresh_from_db()
    key = open_key() if callable(open_key) else open_key
    if "HX-Request" in request.headers:
        return parts_of(request, edition, key, sentence, parts, more)
    messages.success(request, sentence)
    return to_edition(edition, key)


def _refusal(request: HttpRequest, edition: Edition, key: int | None, refusal: Refused) -> HttpResponse:
    status = 409 if isinstance(refusal, StaleBrief) else 422
    if "HX-Request" not in request.headers:
        if isinstance(refusal, StaleBrief):
            # Without scripts the writer's text is only in this request: give it back to be copied.
            context = {"sentence": str(refusal), "text": request.POST.get("body", ""), "edition": edition}
            return render(request, "desk/stale.html", context, status=status)
        messages.error(request, str(refusal))
        return to_edition(edition, key)
    more = {"theirs": refusal.theirs} if isinstance(refusal, StaleBrief) else {}
    parts = ["conflict"] if more else (["rundown"] if isinstance(refusal, editions.NotReady) else [])
    return parts_of(request, edition, key, str(refusal), parts, {**more, "is_refusal": True}, status)


def parts_of(
    request: HttpRequest,
    edition: Edition,
    key: int | None,
    sentence: str,
    parts: list[str],
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The named parts and the message, each swapped in by its id."""
    context = _context(request, edition, key) if parts else {}
    context |= {"sentence": sentence, "swap": True, **(more or {})}
    if "budget" in parts:
        context |= budget_context(edition, wanted_in(request), now())
    templates = [f"desk/parts/{part}.html" for part in [*parts, "message"]]
    return HttpResponse(
        "\n".join(render_to_string(name, context, request) for name in templates), status=status
    )


def message_alone(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    context = {"sentence": sentence, "swap": True, "is_refusal": True}
    return HttpResponse(render_to_string("desk/parts/message.html", context, request), status=status)


def page_of(request: HttpRequest, edition: Edition, key: int | None = None) -> HttpResponse:
    asked = request.GET.get("brief", "")
    key = key or (int(asked) if asked.isdecimal() and len(asked) < 15 else None)
    budget = budget_context(edition, wanted_in(request), now())
    return render(request, "desk/edition.html", {**_context(request, edition, key), **budget})


def wanted_in(request: HttpRequest) -> Wanted:
    """What the budget is narrowed to: by the address of the page that asks for a part of it, else by this one."""
    page = request.headers.get("HX-Current-URL", "")
    return wanted_by(QueryDict(_query_of(page)) if page else request.GET)


def _query_of(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def budget_context(edition: Edition, wanted: Wanted, at: dt.datetime) -> dict[str, Any]:
    """What the template of the budget needs."""
    return {"budget": budget_of(edition, at, wanted), "wanted": wanted}


def _context(request: HttpRequest, edition: Edition, key: int | None) -> dict[str, Any]:
    board = board_of(edition, key)
    return {
        "board": board,
        "edition": edition,
        "open": board.open,
        "dateline": long_date(edition.date),
        "is_open": edition.state == Edition.State.OPEN,
        "name": name_of(request),
        "approved_before": approved_before(edition),
        "wanted": wanted_in(request),
    }


def to_edition(edition: Edition, key: int | None = None) -> HttpResponseRedirect:
    address = reverse("desk-edition", args=[edition.date])
    return redirect(f"{address}?brief={quote(str(key))}" if key else address)


def name_of(request: HttpRequest) -> str:
    return cast(User, request.user).name
