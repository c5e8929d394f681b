"""From a site's address to its feeds: the address itself, what its page declares, the usual places, and the news
sitemaps that its robots.txt names. Whatever is guessed keeps to robots.txt (RFC 9309)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from daybreak.common.refusal import Refused
from daybreak.wire.addresses import AddressError, canonical, host_of, url_key
from daybreak.wire.formats.charset import decoded
from daybreak.wire.formats.plaintext import plain_text
from daybreak.wire.formats.reading import Feed, FeedError, Item, open_feed
from daybreak.wire.network.fetching import Outcome, Request, fetch
from daybreak.wire.network.robots import Robots, robots_for
from daybreak.wire.outlets.sources import About

ANSWERS_WITHIN = 8.0  # seconds for each of a few rounds of questions; somebody waits for them
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


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was opened: its address after redirects for good, what it calls itself, how many items it holds
    and when the newest was published (aware UTC; None when it does not say)."""

    feed_url: str
    title: str
    items: int
    newest: dt.datetime | None
    about: About


@dataclass(frozen=True, slots=True)
class Asking:
    """How a site is asked: at which instant (aware UTC), and the arguments of `fetch`, `deadline` for each round."""

    at: dt.datetime
    user_agent: str
    allow: Collection[str] = ()
    deadline: float = ANSWERS_WITHIN

    def all(self, addresses: Sequence[str]) -> dict[str, Outcome]:
        """What each of these addresses answers, all asked at once."""
        requests = [Request(key, address) for key, address in enumerate(addresses)]
        outcomes = fetch(
            requests, user_agent=self.user_agent, at=self.at, allow=self.allow, deadline=self.deadline
        )
        return {addresses[outcome.key]: outcome for outcome in outcomes}

    def robots(self, addresses: Iterable[str]) -> Robots:
        """The rules for these addresses."""
        return robots_for(
            addresses, self.at, user_agent=self.user_agent, allow=self.allow, deadline=self.deadline
        )


def find_feeds(address: str, asking: Asking) -> list[Found]:
    """The feeds of a site, the likeliest first.

    `address` is that of a page, a feed or a bare host. Raises AddressError when it is none, Refused with what the
    site said when no feed was found.
    """
    address = _with_scheme(address)
    page = asking.all([address])[address]
    own = _found(address, page, asking)
    if own:
        return [own]
    candidates = _candidates(page, asking) if page.status else []  # who does not answer is asked no more
    answers = asking.all(candidates)
    found: dict[str, Found] = {}
    for candidate, outcome in sorted(answers.items(), key=lambda pair: candidates.index(pair[0])):
        feed = _found(candidate, outcome, asking)
        if feed:
            found.setdefault(url_key(feed.feed_url), feed)
    if not found:
        said = page.error or "Its page names none, and none is in the usual places."
        raise Refused(f"No feed was found at {address}. {said} Give the feed's own address.")
    return sorted(found.values(), key=lambda one: "comment" in (one.feed_url + one.title).lower())


def _candidates(page: Outcome, asking: Asking) -> list[str]:
    """What a page declares, which it invites everybody to read; else guesses, as far as robots.txt allows them."""
    html = decoded(page.body, page.content_type)[:_LONGEST_PAGE] if page.status == 200 else ""
    declared = list(_declared(html, page.url))
    guesses = _named(asking.robots([page.url]).sitemaps(page.url))
    if not declared:
        below = page.url if page.url.endswith("/") else f"{page.url}/"
        bases = dict.fromkeys((below, urljoin(page.url, "/")))
        guesses = [*(urljoin(root, path) for root in bases for path in _USUAL), *guesses]
    robots = asking.robots([page.url, *guesses])  # a sitemap may lie on a host with rules of its own
    wanted = [*declared, *(url for url in guesses if robots.may(url).answer == "yes")]
    return [url for url in dict.fromkeys(wanted) if _is_address(url)][:_MOST_CANDIDATES]


def _named(sitemaps: Iterable[str]) -> list[str]:
    """The sitemaps that may be of news: those that say so, else the first few."""
    named = [url for url in sitemaps if _is_address(url)]
    return [url for url in named if "news" in url.lower()][:_MOST_CANDIDATES] or named[:3]


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


def _found(address: str, outcome: Outcome, asking: Asking) -> Found | None:
    if outcome.status != 200 or outcome.error:
        return None
    try:
        feed = open_feed(outcome.body, outcome.url, outcome.content_type)
        items = feed.items or (_of_newest_part(feed, asking) if feed.parts else ())
    except FeedError:
        return None
    if not items and not feed.title:
        return None
    newest = max((item.published for item in items if item.published), default=None)
    title = feed.title or host_of(outcome.url)
    language = feed.language or next((item.language for item in items if item.language), "")
    site = feed.site_url if feed.site_url.startswith("http") else urljoin(address, "/")
    return Found(outcome.moved_to or address, plain_text(title), len(items), newest, About(site, language))


def _of_newest_part(feed: Feed, asking: Asking) -> tuple[Item, ...]:
    """What the newest sitemap of an index holds; raises FeedError when it holds no news."""
    outcome = asking.all(feed.parts[:1])[feed.parts[0]]
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
