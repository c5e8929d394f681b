"""RSS and Atom by two parsers: a fast one, and for the old and the broken a tolerant one."""

from __future__ import annotations

import re
from typing import Any

import fastfeedparser
import feedparser

from daybreak.common.refusal import Refused

# The tolerant parser is some seventy times slower: what it is given must be small.
_LARGEST_FOR_FALLBACK = 2_000_000  # bytes
_MOST_TAGS_FOR_FALLBACK = 40_000
_MOST_OPENED = 50_000  # entries that even the fast parser is asked to look at
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_PROLOG = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)
_ODDITIES = re.compile(r"""\sxml:base\s*=|\s(?:mode|type)\s*=\s*["']base64["']""")


class FeedError(Refused):
    """The bytes are no feed that can be read; the message says what they are."""


def xml_feed(text: str, base_url: str) -> dict[str, Any]:
    """An RSS or Atom text in the words that feedparser uses: `feed`, `entries`. Raises FeedError with a sentence."""
    text = _without_doctype(_DECLARATION.sub("", text, count=1).lstrip())
    if _is_page(text):
        raise FeedError("This is a web page, not a feed: give its RSS or Atom feed.")
    data = b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace")
    if text.count("<item") + text.count("<entry") > _MOST_OPENED:
        raise FeedError(f"The feed has more than {_MOST_OPENED:,} entries: give one with fewer.")
    fast = _fast(data)
    entries = fast.get("entries") or ()
    # Only the tolerant parser knows xml:base, base64, titles in markup, and the old and the broken.
    whole = entries and all(str(entry.get("title") or "").strip() and entry.get("link") for entry in entries)
    if whole and not _ODDITIES.search(text):
        return fast
    if entries and _too_much_for_tolerance(data):
        return fast
    tolerant = _tolerant(data, base_url)
    return tolerant if tolerant.get("entries") else fast or tolerant


def _fast(data: bytes) -> dict[str, Any]:
    try:
        feed: dict[str, Any] = fastfeedparser.parse(
            data, include_tags=False, include_media=False, include_enclosures=False
        )
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        return {}  # broken: the tolerant parser has its turn
    return feed


def _tolerant(data: bytes, base_url: str) -> dict[str, Any]:
    problem = "This is no feed that can be read: check that it is RSS, Atom or JSON Feed."
    if _too_much_for_tolerance(data):
        raise FeedError(problem)
    try:
        feed: dict[str, Any] = feedparser.parse(
            data,
            response_headers={"content-location": base_url, "content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
        )
    except Exception as error:  # a parser of strangers' bytes may fail in any way; all of them mean this
        raise FeedError(problem) from error
    if not feed.get("version") and not feed.get("entries"):
        raise FeedError(problem)
    return feed


def _too_much_for_tolerance(data: bytes) -> bool:
    return len(data) > _LARGEST_FOR_FALLBACK or data.count(b"<") > _MOST_TAGS_FOR_FALLBACK


def _without_doctype(text: str) -> str:
    """Entities are never wanted (bombs, files of this machine), so the internal subset goes unread."""
    prolog = _PROLOG.match(text, 0, 65_536)
    start = prolog.end() if prolog else 0
    if not text.startswith("<!DOCTYPE", start):
        return text  # what stands later is an article's own
    opening = text.find("[", start, start + 1_000)
    tag_end = text.find(">", start)
    if tag_end < 0:
        return text
    if 0 <= opening < tag_end:
        closing = re.compile(r"\]\s*>").search(text, opening)
        return text[:start] + text[closing.end() :] if closing else text[:start]
    if text[start:tag_end].lower().startswith("<!doctype html"):
        return text
    return text[:start] + text[tag_end + 1 :]


def _is_page(text: str) -> bool:
    start = text[:2_000].lower()
    if any(mark in text[:20_000].lower() for mark in ("<rss", "<feed", "<rdf:rdf", ":feed", "<channel")):
        return False
    return "<!doctype html" in start or "<html" in start or "<body" in start
