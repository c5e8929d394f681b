"""Feed bytes to items: RSS 0.9x to 2.0, Atom 0.3 and 1.0, JSON Feed 1.1, news sitemaps.

Everything that comes out is plain text and absolute addresses; nothing of a feed's markup, entities or scripts
survives. Bytes are brought into UTF-8 first, so that one wrong charset is met in one place.
"""

from __future__ import annotations

import calendar
import datetime as dt
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from daybreak.wire.addresses import AddressError, canonical, host_of
from daybreak.wire.formats.charset import decoded
from daybreak.wire.formats.feedxml import FeedError as FeedError
from daybreak.wire.formats.feedxml import xml_feed
from daybreak.wire.formats.plaintext import plain_text, tidied
from daybreak.wire.formats.sitemaps import is_sitemap, read_sitemap
from daybreak.wire.formats.xmltree import XMLError

LARGEST = 10_000_000  # bytes of a decoded feed
_MOST_ITEMS = 5_000
_CHANNEL_LANGUAGE = re.compile(r"<(?:dc:)?language>\s*([A-Za-z-]{2,16})\s*</")
_TTL = re.compile(r"<ttl>\s*(\d{1,7})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(r"<sy:updatePeriod>\s*(hourly|daily|weekly|monthly|yearly)\s*<", re.IGNORECASE)
_FREQUENCY = re.compile(r"<sy:updateFrequency>\s*(\d{1,4})\s*<", re.IGNORECASE)
_HOURS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
_OLDEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed or file, in plain text. `published` is aware UTC, None when it does not say."""

    url: str
    title: str
    source: str
    published: dt.datetime | None = None
    summary: str = ""
    body: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read: `skipped` counts entries without an address or any words; `ttl` is how long it says that
    it stays the same; `parts` are the sitemaps that an index names instead of items."""

    title: str
    site_url: str
    language: str
    items: tuple[Item, ...]
    skipped: int
    ttl: dt.timedelta | None = None
    parts: tuple[str, ...] = ()


def read_feed(data: bytes, base_url: str, content_type: str = "") -> list[Item]:
    """The items of a feed, in its order; see `open_feed`. Raises FeedError."""
    return list(open_feed(data, base_url, content_type).items)


def open_feed(data: bytes, base_url: str, content_type: str = "", name: str = "") -> Feed:
    """Read a feed's bytes, as they were sent or as a gzip file holds them.

    `base_url` resolves relative links, `content_type` is the HTTP header, `name` is the source to give items
    that name none themselves (by default the feed's own title, then the host). Raises FeedError with a sentence
    when the bytes are too large, a web page, or nothing that can be read.
    """
    feed = read_entries(data, base_url, content_type, name)
    items = tuple(item for item in feed.items if item.url and item.title)
    return replace(feed, items=items, skipped=len(feed.items) - len(items))


def read_entries(data: bytes, base_url: str, content_type: str = "", name: str = "") -> Feed:
    """As `open_feed`, with the entries that have no address or no words still in it, those fields empty."""
    data = _unpacked(data)
    if len(data) > LARGEST:
        raise FeedError(f"The feed is larger than {LARGEST // 1_000_000} MB: give a feed with fewer entries.")
    text = decoded(data, content_type).lstrip("\ufeff \t\r\n\x00")
    if not text:
        raise FeedError("The feed is empty: check its address.")
    raw = _raw(text, base_url)
    head = raw.get("feed") or {}
    site_url = _absolute(base_url, _plain(head.get("link")))
    title = plain_text(_plain(head.get("title")))[:200]
    language = _plain(head.get("language")) or _channel_language(text)
    source = name or title or host_of(base_url) or host_of(site_url)
    entries = (raw.get("entries") or [])[:_MOST_ITEMS]
    items = tuple(_item(entry, base_url or site_url, source, language) for entry in entries)
    return Feed(
        title=title,
        site_url=site_url,
        language=language,
        items=items,
        skipped=0,
        ttl=_ttl(text),
        parts=_parts(raw, base_url),
    )


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return file.read(LARGEST + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise FeedError("The feed is a damaged gzip file: check its address.") from error


def _raw(text: str, base_url: str) -> dict[str, Any]:
    if text.startswith("{"):
        return _json_feed(text)
    if is_sitemap(text):
        try:
            return read_sitemap(text)
        except XMLError as error:
            raise FeedError(str(error)) from error
    return xml_feed(text, base_url)


def _parts(raw: dict[str, Any], base: str) -> tuple[str, ...]:
    return tuple(_absolute(base, part) for part in raw.get("parts", ()))


def _json_feed(text: str) -> dict[str, Any]:
    try:
        feed = json.loads(text)
        entries = feed["items"]
        assert isinstance(entries, list)
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError) as error:
        raise FeedError("This is JSON, but no JSON Feed: check the address.") from error
    head = {"title": feed.get("title"), "link": feed.get("home_page_url"), "language": feed.get("language")}
    return {"feed": head, "entries": [_from_json(entry) for entry in entries if isinstance(entry, dict)]}


def _from_json(entry: dict[str, Any]) -> dict[str, Any]:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) in the words the XML parsers use."""
    return {
        "link": entry.get("url") or entry.get("external_url") or entry.get("id"),
        "title": entry.get("title"),
        "published": entry.get("date_published") or entry.get("date_modified"),
        "summary": entry.get("summary"),
        "content": [{"value": entry.get("content_html")}],
        "text": entry.get("content_text"),
        "language": entry.get("language"),
    }


def _item(entry: dict[str, Any], base: str, source: str, language: str) -> Item:
    """An entry as an item; `url` is "" when it has no address of its own, `title` when it has no words."""
    summary = plain_text(_plain(entry.get("summary") or entry.get("description")))
    body = plain_text(_content(entry)) or tidied(_plain(entry.get("text")))
    title = plain_text(_plain(entry.get("title"))).replace("\n", " ") or _opening(summary or body)
    own_source = entry.get("source")
    named = plain_text(_plain(own_source.get("title"))) if isinstance(own_source, dict) else ""
    return Item(
        url=_address(entry, base),
        title=title[:500],
        source=(named or source)[:200],
        published=_instant(entry),
        summary="" if summary == body else summary,
        body=body,
        language=_plain(entry.get("language")) or language,
    )


def _address(entry: dict[str, Any], base: str) -> str:
    for candidate in _candidates(entry):
        address = _absolute(base, candidate)
        try:
            canonical(address)
        except AddressError:
            continue
        return address
    return ""


def _candidates(entry: dict[str, Any]) -> Iterator[str]:
    yield _plain(entry.get("link")).strip()
    for link in entry.get("links") or ():
        if isinstance(link, dict) and link.get("rel") in (None, "alternate"):
            yield _plain(link.get("href")).strip()
    identifier = _plain(entry.get("id")).strip()
    if identifier.startswith(("http://", "https://")):
        yield identifier


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""


def _content(entry: dict[str, Any]) -> str:
    parts = entry.get("content")
    if not isinstance(parts, list):
        return ""
    return max((_plain(part.get("value")) for part in parts if isinstance(part, dict)), key=len, default="")


def _instant(entry: dict[str, Any]) -> dt.datetime | None:
    for field in ("published", "updated", "created"):
        # Past feedparser's own `get`, which answers for one date with another.
        parsed = dict.get(entry, f"{field}_parsed")
        try:
            if parsed:  # feedparser's struct_time, in UTC
                instant = dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC)
            else:
                instant = _moment(_plain(dict.get(entry, field)).strip())
        except (ValueError, OverflowError, TypeError, OSError):
            continue
        if instant >= _OLDEST:
            return instant
    return None


def _moment(text: str) -> dt.datetime:
    """An instant as ISO 8601 or, where a format asks for that and gets the other, as RFC 5322. Raises ValueError."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        instant = parsedate_to_datetime(text)
    return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC)


def _channel_language(text: str) -> str:
    found = _CHANNEL_LANGUAGE.search(text, 0, 5_000)
    return found[1] if found else ""


def _ttl(text: str) -> dt.timedelta | None:
    """RSS 2.0's `ttl`, in minutes, or the period of RSS 1.0's syndication module divided by its frequency."""
    head = text[:5_000]
    if minutes := _TTL.search(head):
        return dt.timedelta(minutes=min(int(minutes[1]), 525_600))
    if period := _PERIOD.search(head):
        times = _FREQUENCY.search(head)
        return dt.timedelta(hours=_HOURS[period[1].lower()] / max(int(times[1]) if times else 1, 1))
    return None


def _opening(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 100 else line[:100].rsplit(" ", 1)[0] + "…"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""
