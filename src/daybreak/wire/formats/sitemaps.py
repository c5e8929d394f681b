"""News sitemaps (sitemaps.org 0.9 with Google's news extension), and the indexes that lead to them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from daybreak.wire.formats.xmltree import XMLError, local, parse_xml, text_of

MOST_PARTS = 3  # sitemaps of one index that a round reads: the news is in the newest
_ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")


def is_sitemap(text: str) -> bool:
    """Whether a text begins like a sitemap or an index of them."""
    return bool(_ROOT.search(text[:5_000]))


def read_sitemap(text: str) -> dict[str, Any]:
    """A sitemap's news in the words that feeds use: `entries`, `feed` (title, language), `parts` (an index's
    sitemaps). Addresses without a title are no news and are left out. Raises XMLError, also when nothing is news."""
    root = parse_xml(text)
    if local(root) == "sitemapindex":
        parts = _parts(root)
        if not parts:
            raise XMLError("This index names no sitemap.")
        return {"entries": [], "parts": parts}
    found = [(url, news) for url in root if (news := _child(url, "news")) is not None]
    if not found and len(root):
        raise XMLError("This sitemap names no news: give the outlet's news sitemap or its feed.")
    publication = _child(found[0][1], "publication") if found else None
    head = {"title": _said(publication, "name"), "language": _said(publication, "language")}
    return {"feed": head, "entries": [_entry(url, news) for url, news in found]}


def _entry(url: Element, news: Element) -> dict[str, Any]:
    return {
        "link": _said(url, "loc"),
        "title": _said(news, "title"),
        "published": _said(news, "publication_date") or _said(url, "lastmod"),
        "language": _said(_child(news, "publication"), "language"),
    }


def _parts(root: Element) -> tuple[str, ...]:
    """The addresses of the sitemaps, those that are called news first, then the newest."""
    dated = [(_said(part, "lastmod"), _said(part, "loc")) for part in root]
    found = [(("news" in loc.lower()), lastmod, loc) for lastmod, loc in dated if loc]
    named = [one for one in found if one[0]] or found
    return tuple(loc for _, _, loc in sorted(named, key=lambda one: one[1], reverse=True)[:MOST_PARTS])


def _child(element: Element | None, name: str) -> Element | None:
    return next((child for child in element if local(child) == name), None) if element is not None else None


def _said(element: Element | None, name: str) -> str:
    return text_of(_child(element, name))
