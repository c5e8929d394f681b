from __future__ import annotations

import datetime as dt

import pytest

from daybreak.wire.facts.names import names_in
from daybreak.wire.facts.particulars import RULES, describe_older, older_articles
from daybreak.wire.facts.tongues import language_of
from daybreak.wire.filing import Filed, file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.models import Article, ArticleVersion, PageReading, Source

AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BODY = (
    "BAMAKO, Mali (AP) — Mali's military government said on Monday that it was ending its defence accords with France. "
    "Colonel Abdoulaye Maiga read the decision on state television; the African Union regretted it."
)


def item(**fields: str) -> Item:
    words = {"title": "Junta ends its defence accords", "body": BODY, **fields}
    return Item(url="https://sahel.example/a", source="The Sahel Courier", published=AT - HOUR, **words)


@pytest.mark.django_db
def test_an_article_is_filed_with_what_its_words_tell() -> None:
    file_items([item()], AT)
    article = Article.objects.get()
    assert (article.language, article.dateline, article.agency) == ("en", "BAMAKO, Mali", "AP")
    assert article.places == ["ML", "FR"]
    assert article.names == ["Colonel Abdoulaye Maiga", "African Union"]


@pytest.mark.django_db
def test_a_rewritten_headline_is_kept_with_its_times_and_described_anew() -> None:
    file_items([item()], AT)
    file_items([item(title="Niger follows Mali out of its accords")], AT + HOUR)
    file_items([item(title="Niger follows Mali")], AT + 2 * HOUR)
    first, second = ArticleVersion.objects.all()
    assert (first.title, first.seen_at, first.replaced_at) == (
        "Junta ends its defence accords",
        AT,
        AT + HOUR,
    )
    assert (second.seen_at, second.replaced_at) == (AT + HOUR, AT + 2 * HOUR)
    assert len(first.body_digest) == 64
    assert Article.objects.get().places[0] in ("NE", "ML")
    assert "NE" in Article.objects.get().places


@pytest.mark.django_db
def test_the_same_words_again_make_no_version() -> None:
    file_items([item()], AT)
    assert file_items([item()], AT + HOUR) == Filed(unchanged=1)
    assert not ArticleVersion.objects.exists()


@pytest.mark.django_db
def test_an_opening_does_not_replace_the_whole_text() -> None:
    file_items([item()], AT)
    file_items([item(body="BAMAKO, Mali (AP) — Subscribe to read on.")], AT + HOUR)
    assert Article.objects.get().body == BODY


@pytest.mark.django_db
def test_articles_described_by_older_rules_are_described_again() -> None:
    file_items([item()], AT)
    Article.objects.update(described=0, places=[], language="")
    assert older_articles()
    assert describe_older() == 1
    article = Article.objects.get()
    assert (article.places, article.language, article.described) == (["ML", "FR"], "en", RULES)
    assert not older_articles()


@pytest.mark.django_db
def test_only_pages_of_sources_that_allow_it_are_asked_for() -> None:
    file_items([item()], AT)
    assert not PageReading.objects.exists()
    Source.objects.update(full_text=True)
    new = Item(url="https://sahel.example/b", source="The Sahel Courier", title="Bamako waits", published=AT)
    file_items([item(), new], AT + HOUR)
    assert [page.article.title for page in PageReading.objects.all()] == ["Bamako waits"]


@pytest.mark.parametrize(
    ("title", "text", "told", "of_source", "language"),
    [
        ("Mali ends its defence accords with France", "The junta said so on Monday.", "", "", "en"),
        ("Le Mali met fin aux accords de défense", "La junte l'a annoncé lundi soir.", "", "", "fr"),
        ("Мали расторгает соглашения с Францией", "", "", "", "ru"),
        ("कीव पर रूस का हमला", "", "", "", "hi"),
        ("Kyiv", "", "", "pl", "pl"),
        ("2022", "", "", "de", "de"),
        ("Mali ends its defence accords with France", "", "en-AU", "fr", "en-AU"),
        (
            "Die Regierung beschließt neue Hilfen für die Ukraine",
            "Das Kabinett hat am Mittwoch in Berlin getagt und viel beschlossen.",
            "en-US",
            "",
            "de",
        ),
    ],
)
def test_the_language_is_told_by_words_feed_and_source(
    title: str, text: str, told: str, of_source: str, language: str
) -> None:
    assert language_of(title, text, told, of_source) == language


def test_names_are_runs_of_capitals_inside_the_text() -> None:
    text = (
        "On Monday António Guterres met the Bank of England in New York. He thanked António Guterres. "
        "The NATO chief, Jens Stoltenberg, left NEW DELHI. US officials did not."
    )
    assert names_in("Talks end", text) == (
        "António Guterres",
        "Bank of England",
        "New York",
        "NATO",
        "Jens Stoltenberg",
    )
    assert names_in("Gespräche enden", "Der Alte Mann Und Das Meer", "de") == ()
