from __future__ import annotations

import datetime as dt

import pytest

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Refused
from daybreak.wire.filing import file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.models import Article, Source
from daybreak.wire.outlets.health import health
from daybreak.wire.outlets.sources import About, add_source
from daybreak.wire.outlets.tending import ask_now, edit, pause, remove_feed, resume

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
BY = "Ines Calloway"


@pytest.fixture
def source() -> Source:
    return add_source("Courier", "https://courier.example/rss")[0]


def test_pausing_and_resuming_are_journalled_once(source: Source) -> None:
    for _ in range(2):
        pause(source, by=BY, at=AT)
    assert health(AT)[0].state == "paused"
    with pytest.raises(Refused, match="resume it first"):
        ask_now(source, by=BY, at=AT)
    for _ in range(2):
        resume(source, by=BY, at=AT)
    assert [entry.act for entry in JournalEntry.objects.all()] == ["source paused", "source resumed"]
    ask_now(source, by=BY, at=AT)
    source.refresh_from_db()
    assert source.next_due_at == AT


def test_a_retired_feed_can_be_resumed(source: Source) -> None:
    Source.objects.update(active=False, retired_at=AT, last_error="It answered 410 Gone.", failures=1)
    (one,) = health(AT)
    assert one.state == "retired"
    assert "find its new feed" in one.why
    resume(source, by=BY, at=AT)
    assert health(AT)[0].state == "new"


def test_an_edit_is_checked_and_a_new_address_begins_anew(source: Source) -> None:
    Source.objects.update(etag='"1"', failures=4, last_error="It answered 404 Not Found.", next_due_at=AT)
    source.refresh_from_db()
    about = About(country="ML", kind="private", owner="Somebody", full_text=True, language="fr")
    edit(source, " Le  Courrier ", "https://courrier.example/rss", about, by=BY, at=AT)
    source.refresh_from_db()
    assert (source.name, source.country, source.kind, source.full_text) == (
        "Le Courrier",
        "ML",
        "private",
        True,
    )
    assert (source.etag, source.failures, source.last_error, source.next_due_at) == ("", 0, "", None)


@pytest.mark.parametrize(
    ("name", "feed", "says"),
    [("", "https://a.example/", "Name: "), ("Ledger", "https://a.example/", "Name: "), ("A", "nonsense", "no web address"),
     ("A", "https://ledger.example/rss", "Feed url: ")],
)  # fmt: skip
def test_an_edit_that_cannot_be_is_refused(source: Source, name: str, feed: str, says: str) -> None:
    add_source("Ledger", "https://ledger.example/rss")
    with pytest.raises(Refused, match=says):
        edit(source, name, feed, About(), by=BY, at=AT)
    source.refresh_from_db()
    assert (source.name, source.feed_url) == ("Courier", "https://courier.example/rss")


def test_removing_a_feed_keeps_the_outlet_of_articles(source: Source) -> None:
    file_items([Item("https://courier.example/a", "Accords end", "Courier", AT)], AT)
    assert health(AT)[0].items == 1
    assert health(AT + dt.timedelta(hours=25))[0].items == 0
    remove_feed(source, by=BY, at=AT)
    assert health(AT) == []
    assert Article.objects.get().source.name == "Courier"
    other, _ = add_source("Ledger", "https://ledger.example/rss")
    remove_feed(other, by=BY, at=AT)
    assert not Source.objects.filter(name="Ledger").exists()
