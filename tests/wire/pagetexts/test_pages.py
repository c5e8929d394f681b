from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from daybreak.wire.filing import file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.lives.editing import pin
from daybreak.wire.models import Article, PageReading, Regrouping, Source, Story
from daybreak.wire.pagetexts.pagequeue import LEASE, claim, pages_due
from daybreak.wire.pagetexts.pages import PagesRead, read_pages
from tests.wire.pageserver import PARAGRAPHS, PageServer

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
AGENT = "Daybreak/0 (+https://paper.example)"


@pytest.fixture
def site() -> Iterator[PageServer]:
    served = PageServer()
    yield served
    served.close()


def file(site: PageServer, *paths: str, full_text: bool = True, **fields: Any) -> None:
    Source.objects.get_or_create(name="The Niger Bend", defaults={"full_text": full_text})
    items = [
        Item(
            url=f"{site.base}{path}",
            source="The Niger Bend",
            **{"title": f"A bridge at Mopti {path}", **fields},
        )
        for path in paths
    ]
    file_items(items, AT)


def read(site: PageServer, at: dt.datetime = AT) -> PagesRead:
    return read_pages(at, user_agent=AGENT, allow=[site.endpoint], workers=1)


def test_a_page_gives_its_article_text_author_and_time(site: PageServer) -> None:
    file(site, "/articles/bridge", summary="The bridge at Mopti was known to be weak.")
    done = read(site)
    assert (done.asked, done.read, done.longer, done.failed) == (1, 1, 1, ())
    article = Article.objects.get()
    assert article.body == "\n".join(PARAGRAPHS)
    assert (article.author, article.published_at) == (
        "Awa Traoré",
        dt.datetime(2022, 5, 3, 3, 30, tzinfo=dt.UTC),
    )
    assert article.places == ["ML"]
    assert PageReading.objects.get().state == "read"
    assert not pages_due(AT + 10 * HOUR)
    assert read(site, AT + HOUR).asked == 0


@pytest.fixture
def told_by_others() -> Story:
    """A story that two other outlets tell in full, some of it in the words of the site's page."""
    items = [
        Item(
            url=f"https://{outlet.lower()}.example/mopti",
            source=outlet,
            title="Commission blames builders for Mopti bridge",
            body="\n".join(PARAGRAPHS[n : n + 2]),
        )
        for n, outlet in enumerate(("Tide", "Courier"))
    ]
    file_items(items, AT)
    return Story.objects.get()


def test_an_article_alone_in_its_story_is_joined_once_its_text_is_there(
    site: PageServer, told_by_others: Story
) -> None:
    file(site, "/articles/bridge", title="What we know so far", summary="Our reporters explain.")
    alone = Article.objects.get(title="What we know so far").story
    assert alone is not None
    assert alone != told_by_others
    assert read(site).joined == 1
    assert Article.objects.get(title="What we know so far").story == told_by_others
    assert Story.kept.get(pk=alone.pk).living == told_by_others
    assert Regrouping.objects.get().by == "the wire"
    told_by_others.refresh_from_db()
    assert "2 independent outlets" in told_by_others.reasons  # the other two carry one text


def test_an_article_whose_story_is_pinned_stays_when_its_text_comes(
    site: PageServer, told_by_others: Story
) -> None:
    file(site, "/articles/bridge", title="What we know so far", summary="Our reporters explain.")
    alone = Article.objects.get(title="What we know so far").story
    assert alone is not None
    pin(alone.pk, True, by="Ines", at=AT)
    assert (read(site).longer, PageReading.objects.get(state="read").article.story) == (1, alone)


def test_an_article_that_has_company_stays_when_its_text_comes(
    site: PageServer, told_by_others: Story
) -> None:
    file(
        site,
        "/articles/bridge",
        "/articles/other",
        title="What we know so far",
        summary="Our reporters explain.",
    )
    together = set(Article.objects.filter(title="What we know so far").values_list("story", flat=True))
    assert len(together) == 1
    done = read(site)
    assert (done.longer, done.joined) == (2, 0)


def test_a_source_that_does_not_allow_its_text_is_not_asked(site: PageServer) -> None:
    file(site, "/a", full_text=False)
    assert read(site) == PagesRead()
    assert site.asked == []


def test_a_paywalls_stub_does_not_replace_a_longer_text(site: PageServer) -> None:
    held = "The whole text that the feed gave. " * 20
    site.pages["/a"] = (
        200,
        "text/html",
        b"<html><body><article><p>Subscribe to read.</p></article></body></html>",
    )
    file(site, "/a", body=held.strip())
    assert read(site).longer == 0
    assert Article.objects.get().body == held.strip()
    assert "no longer than what was held" in PageReading.objects.get().reason


def test_robots_txt_is_kept_to_and_asked_for_once_a_day(site: PageServer) -> None:
    site.robots = "User-agent: *\nDisallow: /private/\n"
    file(site, "/private/a", "/b")
    assert (read(site).read, Article.objects.exclude(body="").count()) == (1, 1)
    assert "/private/a" not in site.asked
    assert PageReading.objects.get(article__url__contains="private").state == "given up"
    file(site, "/c")
    assert read(site, AT + HOUR).read == 1
    assert site.asked.count("/robots.txt") == 1


def test_a_robots_txt_that_fails_means_not_now(site: PageServer) -> None:
    site.robots = 503
    file(site, "/a")
    assert read(site).asked == 0
    assert not pages_due(AT + dt.timedelta(minutes=5))
    site.robots = 404
    assert read(site, AT + 2 * HOUR).read == 1


def test_a_delay_in_robots_txt_is_one_page_at_a_time(site: PageServer) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 600\n"
    file(site, "/a", "/b")
    assert read(site).asked == 1
    assert read(site, AT + dt.timedelta(seconds=599)).asked == 0
    assert read(site, AT + dt.timedelta(seconds=600)).asked == 1


def test_a_page_that_fails_is_tried_again_and_then_given_up_with_a_reason(site: PageServer) -> None:
    site.pages["/a"] = (500, "text/html", b"")
    file(site, "/a")
    at = AT
    for _ in range(3):
        assert "It answered 500" in read(site, at).failed[0]
        assert not pages_due(at)
        at += dt.timedelta(days=1)
    read(site, at)
    page = PageReading.objects.get()
    assert (page.state, page.attempts, page.due_at) == ("given up", 4, None)
    assert "It answered 500" in page.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, "text/html", b""), "It answered 404"),
        ((200, "application/pdf", b"%PDF"), "It is application/pdf"),
    ],
)
def test_what_is_no_page_or_gone_says_so(
    site: PageServer, answer: tuple[int, str, bytes], reason: str
) -> None:
    site.pages["/a"] = answer
    file(site, "/a")
    read(site)
    assert PageReading.objects.get().reason.startswith(reason)


def test_a_private_address_is_not_fetched(site: PageServer) -> None:
    file(site, "/a")
    done = read_pages(AT, user_agent=AGENT)
    assert done.read == 0
    assert site.asked == []


def test_a_claim_holds_for_its_lease_and_no_longer(site: PageServer) -> None:
    file(site, "/a")
    assert len(claim(AT, 10)) == 1
    assert claim(AT, 10) == []
    assert len(claim(AT + LEASE, 10)) == 1


def test_two_addresses_of_one_page_are_copies(site: PageServer) -> None:
    file(site, "/articles/bridge", "/mobile/bridge?id=1")
    Article.objects.update(original=None)
    read(site)
    second = Article.objects.get(url__contains="mobile")
    assert second.original is not None
    assert second.original.url.endswith("/articles/bridge")
