"""The pages of the news budget: narrowed, live, and held against what the wire tells of. All of it only reads."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from daybreak.common.clock import long_date, now
from daybreak.desk.answering import budget_context
from daybreak.desk.budget import budget_of, latest_article, news_since, stands_at, wanted_by
from daybreak.desk.coverage import coverage_at
from daybreak.desk.models import Edition


@require_safe
def budget(request: HttpRequest, date: dt.date) -> HttpResponse:
    """The news budget alone: narrowed anew, or with what has come in."""
    edition = get_object_or_404(Edition, date=date)
    wanted, opened = wanted_by(request.GET), request.GET.get("open", "")
    context = {"edition": edition, "fresh": True, **budget_context(edition, wanted, now())}
    response = render(request, "desk/parts/budget.html", context)
    query = wanted.query(brief=opened if opened.isdecimal() else "")
    response["HX-Replace-Url"] = reverse("desk-edition", args=[date]) + (f"?{query}" if query else "")
    return response


@require_safe
def budget_news(request: HttpRequest, date: dt.date) -> HttpResponse:
    """How much the budget has gained since it was shown, up to `since`; 204 when nothing came in after `looked`."""
    edition = get_object_or_404(Edition, date=date)
    since, looked = (int(text) if text.isdecimal() and len(text) < 19 else 0 for text in _marks(request))
    latest = latest_article()
    if latest <= looked:
        return HttpResponse(status=204)
    wanted = wanted_by(request.GET)
    news = news_since(budget_of(edition, now(), wanted), since)
    context = {"edition": edition, "wanted": wanted, "news": news, "since": since, "looked": latest}
    return render(request, "desk/parts/budget_news.html", context)


@require_safe
def coverage(request: HttpRequest, date: dt.date) -> HttpResponse:
    """What the wire tells of, what the paper told of, and what the big outlets pass over."""
    edition = get_object_or_404(Edition, date=date)
    context = {"coverage": coverage_at(stands_at(edition, now())), "edition": edition}
    return render(request, "desk/coverage.html", context | {"dateline": long_date(date)})


def _marks(request: HttpRequest) -> tuple[str, str]:
    return request.GET.get("since", ""), request.GET.get("looked", "")
