"""When a page cannot be given: each mishap is a title, a sentence and a way on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def _message(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    context = {"title": title, "sentence": sentence, "link": {"url": "/", "label": "Today’s edition"}}
    return render(request, "site/message.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _message(request, 404, "No such page", "Nothing is printed at this address.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _message(request, 403, "Not for this account", "This page is not open to you.")


def forgery_suspected(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 when a form's token is missing: usually a page left open too long or blocked cookies."""
    return _message(
        request,
        403,
        "Please try once more",
        "The form was open too long, or cookies are blocked for this site.",
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500; uses no database, which may be what broke."""
    return _message(
        request, 500, "Something broke here", "It is our fault and has been noted. Please try again soon."
    )
