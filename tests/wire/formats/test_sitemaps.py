from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest

from daybreak.wire.formats.reading import FeedError, open_feed
from daybreak.wire.formats.wirefiles import import_file
from daybreak.wire.models import Article, Source
from daybreak.wire.outlets.sources import add_source
from daybreak.wire.polling import poll
from tests.wire.feedserver import FeedServer

AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
{urls}<url><loc>https://tide.example/about</loc></url></urlset>"""
URL = """<url><loc>https://tide.example/{slug}</loc><news:news><news:publication><news:name>The Tide</news:name>
<news:language>fr</news:language></news:publication><news:publication_date>2022-05-05T19:30:00+02:00</news:publication_date>
<news:title>{slug} &amp; more</news:title></news:news></url>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>"""
PART = "<sitemap><loc>{loc}</loc><lastmod>{lastmod}</lastmod></sitemap>"


def news(*slugs: str) -> bytes:
    return NEWS.format(urls="".join(URL.format(slug=slug) for slug in slugs)).encode()


@pytest.mark.parametrize("data", [news("a", "b"), gzip.compress(news("a", "b"))])
def test_a_news_sitemap_is_read_like_a_feed(data: bytes) -> None:
    feed = open_feed(data, "https://tide.example/news.xml")
    assert [item.title for item in feed.items] == ["a & more", "b & more"]
    item = feed.items[0]
    assert (item.url, item.source, item.language) == ("https://tide.example/a", "The Tide", "fr")
    assert item.published == dt.datetime(2022, 5, 5, 17, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("data", "says"),
    [(NEWS.format(urls="").encode(), "names no news"), (INDEX.format(parts="").encode(), "names no sitemap"),
     (news("a")[:300], "broken XML"), (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + news("a")[39:], "entities"),
     (b"<urlset>" + b"<a>" * 5000, "200 deep"), (b"<urlset>" + b"<a/>" * 700_000, "more than 600,000 elements")],
)  # fmt: skip
def test_a_sitemap_without_news_says_so(data: bytes, says: str) -> None:
    with pytest.raises(FeedError, match=says):
        open_feed(data, "https://tide.example/sitemap.xml")


def test_an_index_names_its_news_first_and_then_the_newest() -> None:
    days = {"https://t.example/sitemap-1.xml": "2022-05-01", "/b.xml": "2022-05-05", "https://t.example/c.xml": "2022-05-03",
            "https://t.example/d.xml": "2022-05-04"}  # fmt: skip
    parts = "".join(PART.format(loc=loc, lastmod=day) for loc, day in days.items())
    feed = open_feed(INDEX.format(parts=parts).encode(), "https://t.example/sitemap.xml")
    assert feed.parts == ("https://t.example/b.xml", "https://t.example/d.xml", "https://t.example/c.xml")
    parts += PART.format(loc="https://t.example/news.xml", lastmod="2020-01-01")
    feed = open_feed(INDEX.format(parts=parts).encode(), "https://t.example/sitemap.xml")
    assert feed.parts == ("https://t.example/news.xml",)


@pytest.mark.django_db
def test_an_index_is_polled_through_its_sitemaps(site: FeedServer) -> None:
    parts = [f"{site.base}/{name}" for name in ("one.xml", "two.xml.gz", "missing.xml")]
    index = INDEX.format(parts="".join(PART.format(loc=loc, lastmod="2022-05-05") for loc in parts))
    site.pages = {
        "/index.xml": index.encode(),
        "/one.xml": news("a"),
        "/two.xml.gz": gzip.compress(news("b")),
    }
    add_source("Tide", f"{site.base}/index.xml")
    done = poll(AT, user_agent="Test/1", allow=[site.endpoint], deadline=2.0)
    assert (done.filed.new, done.failed) == (2, ())
    assert {article.source.name for article in Article.objects.all()} == {"Tide"}
    site.pages = {"/index.xml": index.encode()}
    Source.objects.update(next_due_at=None)
    done = poll(AT, user_agent="Test/1", allow=[site.endpoint], deadline=2.0)
    assert done.failed == ("Tide: None of its sitemaps could be read: It answered 404 Not Found.",)


@pytest.mark.django_db
def test_a_saved_sitemap_is_imported(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_bytes(news("a", "b", "c"))
    assert import_file(tmp_path / "news.xml", AT, print).filed.new == 3
