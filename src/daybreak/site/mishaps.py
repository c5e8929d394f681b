"""When a page cannot be given: each mishap is a title, a sentence and a way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from daybreak.common.clock import now
from daybreak.press.house import paper
from daybreak.site.frame import frame


def _message(
    request: HttpRequest, status: int, title: str, sentence: str, around: dict[str, Any]
) -> HttpResponse:
    context = {"title": title, "sentence": sentence, "link": {"url": "/", "label": "Today’s edition"}}
    return render(request, "site/message.html", around | context, status=status)


def _bare() -> dict[str, Any]:
    """The frame of a page without asking who reads it, for when that may be what fails."""
    return {"paper": paper()}


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a form that is too large or broken, or a host name that is none."""
    return _message(
        request, 400, "Not understood", "The request was too large or broken on its way.", _bare()
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _message(
        request, 404, "No such page", "Nothing is printed at this address.", frame(request, now())
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _message(
        request, 403, "Not for this account", "This page is not open to you.", frame(request, now())
    )


def forgery_suspected(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 when a form's token is missing: usually a page left open too long or blocked cookies."""
    return _message(
        request,
        403,
        "Please try once more",
        "The form was open too long, or cookies are blocked for this site.",
        frame(request, now()),
    )


def wrong_method_shown(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a 405, for which Django has no handler and only an empty page, says what to do."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and not response.streaming and not response.content:
            allowed = response["Allow"]
            sentence = "This address only does something at the press of a button."
            response = _message(request, 405, "Nothing to open here", sentence, frame(request, now()))
            response["Allow"] = allowed
        return response

    return answer


def broken(request: HttpRequest) -> HttpResponse:
    """500; uses no database, which may be what broke."""
    return _message(
        request,
        500,
        "Something broke here",
        "It is our fault and has been noted. Please try again soon.",
        _bare(),
    )
