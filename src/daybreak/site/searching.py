"""Search in what was printed. Visitors search headlines; the text is searched, and quoted, for readers only."""

from __future__ import annotations

import re

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from daybreak.common.clock import long_date, now
from daybreak.press.models import PrintedBrief
from daybreak.press.renditions import current_runs
from daybreak.press.typesetting import edition_path
from daybreak.site.frame import frame
from daybreak.site.visitors import visitor

MOST_RESULTS = 50
MOST_WORDS = 8
AROUND = 110  # characters of text on each side of the first hit


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Briefs that contain every word asked for, newest first."""
    asked = request.GET.get("q", "").replace("\0", "").strip()[:200]
    words = asked.split()[:MOST_WORDS]
    at = now()
    full = visitor(request, at).entitlement.allowed
    results = [_line(brief, words, full=full) for brief in _found(words, full=full)] if words else []
    response = render(request, "site/search.html", frame(request, at) | {"q": asked, "results": results})
    # What is found, and quoted, depends on who asks.
    response["Cache-Control"] = "private, no-cache"
    return response


def _found(words: list[str], *, full: bool) -> list[PrintedBrief]:
    briefs = PrintedBrief.objects.filter(run__in=current_runs().values("pk")).select_related("run__edition")
    for word in words:
        hit = Q(headline__icontains=word)
        briefs = briefs.filter(hit | Q(text__icontains=word) if full else hit)
    return list(briefs.order_by("-run__edition__date", "position")[:MOST_RESULTS])


def _line(brief: PrintedBrief, words: list[str], *, full: bool) -> dict[str, object]:
    day = brief.run.edition.date
    return {
        "headline": brief.headline,
        "path": f"{edition_path(day)}{brief.slug}/",
        "dateline": long_date(day),
        "snippet_html": _snippet(brief.text, words) if full else SafeString(""),
    }


def _snippet(text: str, words: list[str]) -> SafeString:
    hits = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    first = hits.search(text)
    start = max(0, first.start() - AROUND) if first else 0
    end = min(len(text), (first.end() if first else 0) + AROUND)
    parts, last = ["… " if start else ""], start
    for hit in hits.finditer(text, start, end):
        parts += [escape(text[last : hit.start()]), "<mark>", escape(hit.group()), "</mark>"]
        last = hit.end()
    parts += [escape(text[last:end]), " …" if end < len(text) else ""]
    return mark_safe("".join(parts))  # noqa: S308 - every piece of text in it went through escape()


addresses = [path("search/", search, name="search")]
