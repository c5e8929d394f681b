from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from daybreak.common.refusal import Refused
from daybreak.wire.network.discovery import Asking, Found, find_feeds
from tests.wire.feedserver import FeedServer
from tests.wire.formats.test_sitemaps import INDEX, PART, news

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
FEED = """<rss version="2.0"><channel><title>{title}</title><link>https://tide.example/</link><language>fr</language><item>
<title>Accords end</title><link>https://tide.example/a</link><pubDate>Thu, 05 May 2022 17:30:00 GMT</pubDate></item></channel></rss>"""


def feed(title: str = "The Tide") -> bytes:
    return FEED.format(title=title).encode()


@pytest.fixture
def elsewhere() -> Iterator[FeedServer]:
    served = FeedServer()
    yield served
    served.close()


def look(site: FeedServer, path: str = "/") -> list[Found]:
    return find_feeds(site.base + path, Asking(AT, user_agent="Test/1", allow=[site.endpoint], deadline=2.0))


def test_the_feeds_that_a_page_declares_are_opened_and_told(site: FeedServer) -> None:
    page = b"""<html><head><base href="/en/"><LINK REL='alternate' type="application/rss+xml" href="comments.xml" title=Comments>
    <link rel="alternate" type="application/atom+xml" href="../world.xml?a=1&amp;b=2"><link rel=alternate hreflang=fr href=/fr>
    <link rel="alternate" type="application/rss+xml" href="/dead.xml"></head></html>"""
    site.pages = {"/": page, "/en/comments.xml": feed("Comments on The Tide"), "/world.xml": feed()}
    found = look(site)
    assert [one.feed_url for one in found] == [
        f"{site.base}/world.xml?a=1&b=2",
        f"{site.base}/en/comments.xml",
    ]
    assert (found[0].title, found[0].items, found[0].about.language) == ("The Tide", 1, "fr")
    assert found[0].newest == dt.datetime(2022, 5, 5, 17, 30, tzinfo=dt.UTC)
    assert found[0].about.site_url == "https://tide.example/"


def test_a_feeds_own_address_is_the_answer(site: FeedServer) -> None:
    site.pages = {"/feed": feed()}
    (one,) = look(site, "/feed")
    assert one.feed_url == f"{site.base}/feed"


def test_the_usual_places_are_tried_as_far_as_robots_txt_allows(site: FeedServer) -> None:
    site.pages = {"/news/": b"<html>Hello</html>", "/news/feed": feed(), "/rss.xml": feed("All"),
                  "/robots.txt": b"User-agent: *\nDisallow: /rss.xml"}  # fmt: skip
    assert [one.feed_url for one in look(site, "/news/")] == [f"{site.base}/news/feed"]
    assert "/rss.xml" not in site.asked


def test_the_news_sitemap_of_robots_txt_is_found_behind_its_index(site: FeedServer) -> None:
    parts = PART.format(loc=f"{site.base}/part.xml", lastmod="2022-05-05")
    site.pages = {
        "/": b"<html>Hello</html>",
        "/robots.txt": f"Sitemap: {site.base}/pages.xml\nSitemap: {site.base}/news-index.xml".encode(),
        "/news-index.xml": INDEX.format(parts=parts).encode(),
        "/part.xml": news("a", "b"),
    }
    (one,) = look(site)
    assert (one.feed_url, one.items, one.about.language) == (f"{site.base}/news-index.xml", 2, "fr")
    assert "/pages.xml" not in site.asked


def test_a_sitemap_on_another_host_is_asked_for_as_that_host_allows(
    site: FeedServer, elsewhere: FeedServer
) -> None:
    elsewhere.pages = {"/news.xml": news("a"), "/closed-news.xml": news("b"),
                       "/robots.txt": b"User-agent: *\nDisallow: /closed"}  # fmt: skip
    named = [f"Sitemap: {elsewhere.base}/{name}" for name in ("closed-news.xml", "news.xml")]
    site.pages = {
        "/": b"<html>Hello</html>",
        "/robots.txt": "\n".join([*named, "Sitemap: http://[news"]).encode(),
    }
    allow = [site.endpoint, elsewhere.endpoint]
    (one,) = find_feeds(site.base, Asking(AT, user_agent="Test/1", allow=allow, deadline=2.0))
    assert one.feed_url == f"{elsewhere.base}/news.xml"
    assert elsewhere.asked == ["/robots.txt", "/news.xml"]


def test_robots_txt_is_asked_for_once_in_a_day(site: FeedServer) -> None:
    site.pages = {"/": b"<html>Hello</html>", "/feed": feed(), "/robots.txt": b"User-agent: *\nAllow: /"}
    assert look(site) == look(site)
    assert site.asked.count("/robots.txt") == 1


def test_links_that_are_called_feeds_are_taken_when_they_are_of_the_same_site(site: FeedServer) -> None:
    site.pages = {
        "/": b'<html><a class="x" href="/rss/world">RSS</a><a href="https://other.example/feed/">Other</a></html>',
        "/rss/world": feed(),
    }
    assert [one.feed_url for one in look(site)] == [f"{site.base}/rss/world"]


@pytest.mark.parametrize(
    "page", [b"<html>Hello</html>", None, b"<html>" + b"<link " * 200_000, b"\x00" * 100]
)
def test_a_site_without_a_feed_says_so(site: FeedServer, page: bytes | None) -> None:
    site.pages = {"/": page} if page else {}
    with pytest.raises(Refused, match=r"^No feed was found at .* Give the feed.s own address\.$"):
        look(site)


def test_a_private_address_is_refused_at_the_socket(site: FeedServer) -> None:
    site.pages = {"/": feed()}
    with pytest.raises(Refused, match="private address"):
        find_feeds(site.base, Asking(AT, user_agent="Test/1"))
    with pytest.raises(Refused, match="no web address"):
        find_feeds("file:///etc/passwd", Asking(AT, user_agent="Test/1"))
