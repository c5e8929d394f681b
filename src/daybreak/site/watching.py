"""For machines that watch: is it alive, how much of everything is there, what may be crawled."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from daybreak.circulation.models import Notice, Reader
from daybreak.delivery.models import Delivery
from daybreak.press.house import paper
from daybreak.press.models import PrintedBrief
from daybreak.press.renditions import current_runs
from daybreak.press.typesetting import edition_path
from daybreak.wire.models import Article, Story


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; anything else is a 500."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts in the Prometheus text format, for staff and for a scraper on the same machine."""
    if not (request.user.is_authenticated or _from_this_machine(request)):
        return HttpResponseForbidden("Metrics are for staff and for a scraper on this machine.\n")
    lines = [
        f"daybreak_articles {Article.objects.count()}",
        f"daybreak_stories {Story.objects.count()}",
        f"daybreak_readers {Reader.objects.count()}",
        f"daybreak_editions_printed {current_runs().count()}",
    ]
    for name, rows in (("deliveries", Delivery.objects), ("notices", Notice.objects)):
        counts = rows.values_list("state").annotate(count=Count("pk")).order_by("state")
        lines += [f'daybreak_{name}{{state="{state}"}} {count}' for state, count in counts]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _from_this_machine(request: HttpRequest) -> bool:
    # A proxy on this machine speaks from loopback for the whole world, but says for whom.
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return request.META.get("REMOTE_ADDR", "") in ("127.0.0.1", "::1") and not forwarded


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """robots.txt (RFC 9309)."""
    closed = "\n".join(
        f"Disallow: {place}" for place in ("/desk/", "/account/", "/feeds/", "/sign-in/", "/search/")
    )
    text = f"User-agent: *\n{closed}\nSitemap: {paper().site_url}/sitemap.xml\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """sitemap.xml (sitemaps.org 0.9): the front page, every edition and every brief."""
    site = paper().site_url
    places = [f"{site}/", f"{site}/archive/", f"{site}/subscribe/"]
    runs = current_runs()
    places += [site + edition_path(run.edition.date) for run in runs]
    briefs = PrintedBrief.objects.filter(run__in=runs.values("pk")).select_related("run__edition")
    places += [f"{site}{edition_path(brief.run.edition.date)}{quote(brief.slug)}/" for brief in briefs]
    body = "".join(f"<url><loc>{escape(place)}</loc></url>" for place in places)
    return HttpResponse(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{body}</urlset>\n',
        content_type="application/xml; charset=utf-8",
    )


addresses = [
    path("healthz", healthz),
    path("metrics", metrics),
    path("robots.txt", robots),
    path("sitemap.xml", sitemap),
]
