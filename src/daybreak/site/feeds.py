"""The feeds: stored items in a frame. A visitor's feed holds tastes; a reader's own, under a token, the whole."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from daybreak.common.clock import now
from daybreak.press.feeds import OWN_BASE
from daybreak.press.house import paper
from daybreak.press.renditions import current_runs, stored
from daybreak.site.visitors import by_feed_token

MOST_ITEMS = 20
TYPES = {
    "feed.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "podcast.xml": "application/rss+xml; charset=utf-8",
}
_STORED = {"feed.xml": "rss.xml", "feed.json": "json", "podcast.xml": "podcast.xml"}


@require_safe
def public(request: HttpRequest, name: str) -> HttpResponse:
    """A feed for everybody: each edition's opening and headlines."""
    response = _feed(name, f"{paper().site_url}/{name}", "taste", "")
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def own(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """A reader's own feed: whole editions while the reader is entitled, 403 with a sentence afterwards."""
    if not by_feed_token(token, now()).entitlement.allowed:
        return HttpResponse(
            f"This feed has ended with its subscription. Renew it at {paper().site_url}/account/.\n",
            status=403,
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "private, no-cache"},
        )
    base = f"{paper().site_url}/feeds/{token}/"
    response = _feed(name, base + name, "full", base)
    response["Cache-Control"] = "private, no-cache"
    return response


def _feed(name: str, address: str, reading: str, base: str) -> HttpResponse:
    items = [
        stored(run, f"item.{reading}.{_STORED[name]}").decode().replace(OWN_BASE, base)
        for run in current_runs()[:MOST_ITEMS]
    ]
    framed = (
        _json(address, items) if name == "feed.json" else _rss(address, items, podcast=name == "podcast.xml")
    )
    return HttpResponse(framed, content_type=TYPES[name])


def _rss(address: str, items: list[str], *, podcast: bool) -> str:
    house = paper()
    about = "The world, on weekday mornings."
    cover = f"{house.site_url}/static/site/icon-1400.png"
    more = (
        f"<itunes:author>{escape(house.name)}</itunes:author><itunes:summary>{about}</itunes:summary>"
        f'<itunes:image href={quoteattr(cover)}/><itunes:category text="News"><itunes:category text="Daily News"/>'
        "</itunes:category><itunes:explicit>false</itunes:explicit><podcast:locked>yes</podcast:locked>"
        if podcast
        else ""
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>'
        f"<title>{escape(house.name)}</title><link>{escape(house.site_url)}/</link>"
        f"<description>{about}</description><language>en</language>"
        f'<atom:link href={quoteattr(address)} rel="self" type="application/rss+xml"/>{more}'
        + "\n".join(items)
        + "</channel></rss>\n"
    )


def _json(address: str, items: list[str]) -> str:
    house = paper()
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": house.name,
        "home_page_url": f"{house.site_url}/",
        "feed_url": address,
        "language": "en",
        "items": [json.loads(item) for item in items],
    }
    return json.dumps(feed, ensure_ascii=False)


addresses = [
    *(path(name, public, {"name": name}) for name in TYPES),
    *(path(f"feeds/<str:token>/{name}", own, {"name": name}) for name in TYPES),
]
