"""From a site's address to its feeds: the address itself, what its page declares, the usual places, and the news
sitemaps that its robots.txt names. Whatever is guessed keeps to robots.txt (RFC 9309)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from protego import Protego

from daybreak.common.refusal import Refused
from daybreak.wire.addresses import AddressError, canonical, host_of, url_key
from daybreak.wire.formats.charset import decoded
from daybreak.wire.formats.plaintext import plain_text
from daybreak.wire.formats.reading import Feed, FeedError, Item, open_feed
from daybreak.wire.network.fetching import Outcome, Request, fetch
from daybreak.wire.outlets.sources import About

ANSWERS_WITHIN = 8.0  # seconds for each of the two or three rounds of questions; somebody waits for them
_MOST_CANDIDATES = 16
_USUAL = (
    "feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feeds/all", "arc/outboundfeeds/rss/", "news-sitemap.xml",
    "sitemap-news.xml",
)  # fmt: skip
_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "text/xml",
)
_TAG = re.compile(r"<(link|a|base)\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_FEEDISH = re.compile(r"(?:^|[/._-])(?:rss|feeds?|atom)(?:[/._?-]|$)|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_LONGEST_PAGE = 1_000_000  # characters
Ask = Callable[[Sequence[str]], dict[str, Outcome]]


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was opened: its address after redirects for good, what it calls itself, how many items it holds
    and when the newest was published (aware UTC; None when it does not say)."""

    feed_url: str
    title: str
    items: int
    newest: dt.datetime | None
    about: About


def asking(
    at: dt.datetime, *, user_agent: str, allow: Iterable[str] = (), deadline: float = ANSWERS_WITHIN
) -> Ask:
    """Asks many addresses at once; answers by address. The arguments are those of `fetch`."""
    allowed = tuple(allow)

    def ask(addresses: Sequence[str]) -> dict[str, Outcome]:
        requests = [Request(key, address) for key, address in enumerate(addresses)]
        outcomes = fetch(requests, user_agent=user_agent, at=at, allow=allowed, deadline=deadline)
        return {addresses[outcome.key]: outcome for outcome in outcomes}

    return ask


def find_feeds(address: str, ask: Ask) -> list[Found]:
    """The feeds of a site, the likeliest first.

    `address` is that of a page, a feed or a bare host. Raises AddressError when it is none, Refused with what the
    site said when no feed was found.
    """
    address = _with_scheme(address)
    robots_url = urljoin(address, "/robots.txt")
    answers = ask([address, robots_url])
    page = answers[address]
    own = _found(address, page, ask)
    if own:
        return [own]
    candidates = _candidates(address, page, _Robots(answers[robots_url]))
    found: dict[str, Found] = {}
    for candidate, outcome in sorted(ask(candidates).items(), key=lambda pair: candidates.index(pair[0])):
        feed = _found(candidate, outcome, ask)
        if feed:
            found.setdefault(url_key(feed.feed_url), feed)
    if not found:
        said = page.error or "Its page names none, and none is in the usual places."
        raise Refused(f"No feed was found at {address}. {said} Give the feed's own address.")
    return sorted(found.values(), key=lambda one: "comment" in (one.feed_url + one.title).lower())


class _Robots:
    """What a site's robots.txt allows and names; a site without one allows all, one that fails allows no guesses."""

    def __init__(self, outcome: Outcome) -> None:
        text = decoded(outcome.body[:500_000], outcome.content_type) if outcome.status == 200 else ""
        self._rules = Protego.parse(text)
        self._known = outcome.status == 200 or 400 <= outcome.status < 500

    def allows(self, url: str) -> bool:
        return self._known and bool(self._rules.can_fetch(url, "Daybreak"))

    def news_sitemaps(self) -> list[str]:
        named = list(self._rules.sitemaps)
        return [one for one in named if "news" in one.lower()] or named[:3]


def _candidates(address: str, page: Outcome, robots: _Robots) -> list[str]:
    html = decoded(page.body, page.content_type)[:_LONGEST_PAGE] if page.status == 200 else ""
    base = page.url or address
    wanted = list(_declared(html, base))
    if not wanted:
        bases = dict.fromkeys((base if base.endswith("/") else f"{base}/", urljoin(base, "/")))
        wanted = [url for root in bases for path in _USUAL if robots.allows(url := urljoin(root, path))]
    wanted += [url for url in robots.news_sitemaps() if robots.allows(url)]
    return [url for url in dict.fromkeys(wanted) if _is_address(url)][:_MOST_CANDIDATES]


def _declared(html: str, base: str) -> Iterator[str]:
    """What a page links to as its feeds: `link rel=alternate` first, then links that are called feeds."""
    links = []
    for tag, text in _TAG.findall(html):
        said = {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}
        href = said.get("href", "").strip()
        if tag.lower() == "base" and href:
            base = _joined(base, href)
        elif tag.lower() == "a" and _FEEDISH.search(href):
            links.append(_joined(base, href))
        elif "alternate" in said.get("rel", "").lower().split() and said.get("type", "").lower() in _TYPES:
            yield _joined(base, href)
    yield from (link for link in links if host_of(link).endswith(_site(base)))


def _found(address: str, outcome: Outcome, ask: Ask) -> Found | None:
    if outcome.status != 200 or outcome.error:
        return None
    try:
        feed = open_feed(outcome.body, outcome.url, outcome.content_type)
        items = feed.items or (_of_newest_part(feed, ask) if feed.parts else ())
    except FeedError:
        return None
    if not items and not feed.title:
        return None
    newest = max((item.published for item in items if item.published), default=None)
    title = feed.title or host_of(outcome.url)
    language = feed.language or next((item.language for item in items if item.language), "")
    site = feed.site_url if feed.site_url.startswith("http") else urljoin(address, "/")
    return Found(outcome.moved_to or address, plain_text(title), len(items), newest, About(site, language))


def _of_newest_part(feed: Feed, ask: Ask) -> tuple[Item, ...]:
    """What the newest sitemap of an index holds; raises FeedError when it holds no news."""
    outcome = ask(feed.parts[:1])[feed.parts[0]]
    return open_feed(outcome.body, outcome.url, outcome.content_type).items if outcome.status == 200 else ()


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _site(url: str) -> str:
    """The last two labels of the host: enough to tell a site's own links from those to others."""
    return ".".join(host_of(url).split(".")[-2:])


def _is_address(url: str) -> bool:
    try:
        return bool(canonical(url))
    except AddressError:
        return False


def _with_scheme(text: str) -> str:
    text = text.strip()
    text = text if "://" in text else f"https://{text}"
    canonical(text)
    return urlsplit(text)._replace(fragment="").geturl()
