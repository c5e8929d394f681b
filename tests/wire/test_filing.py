from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daybreak.wire.facts.tongues import language_tag
from daybreak.wire.filing import Filed, Filer, file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.lives.editing import merge_stories, pin, split_story
from daybreak.wire.models import Article, Regrouping, Source, Story
from daybreak.wire.stories import news_budget

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TEXT = (
    "Mali's military government said on Monday that it was ending its defence accords with France, accusing French "
    "forces of flagrant violations of its national sovereignty. Colonel Abdoulaye Maiga read the decision on "
    "state television and said that Bamako had watched a serious decline in cooperation for some time."
)


def item(slug: str, source: str = "The Sahel Courier", *, hours_ago: float = 3, **fields: str) -> Item:
    words = {"title": "Mali ends defence accords with France", "body": TEXT, "language": "en", **fields}
    return Item(url=f"https://{slug}.example/a", source=source, published=AT - hours_ago * HOUR, **words)


def test_filing_the_same_item_again_changes_nothing() -> None:
    assert file_items([item("one")], AT) == Filed(new=1)
    before = list(Article.objects.values())
    assert file_items([item("one")], AT + HOUR) == Filed(unchanged=1)
    assert list(Article.objects.values()) == before


def test_a_rewritten_headline_updates_and_missing_words_erase_nothing() -> None:
    file_items([item("one")], AT)
    assert file_items([item("one", title="Bamako tears up accords", body="")], AT + HOUR) == Filed(updated=1)
    article = Article.objects.get()
    assert (article.title, article.body, article.first_seen_at) == ("Bamako tears up accords", TEXT, AT)


def test_two_spellings_of_an_address_in_one_batch_are_one_article() -> None:
    twice = Item("https://WWW.one.example/a?utm_source=x#y", "Mali ends accords", "The Sahel Courier", AT)
    assert file_items([item("one"), twice], AT) == Filed(new=1, unchanged=1)


def test_copies_point_at_the_earliest_and_share_its_story_though_it_arrives_last() -> None:
    file_items([item("late", "Paper", hours_ago=1), item("later", "Daily", hours_ago=0.5)], AT)
    file_items([item("agency", "Agency", hours_ago=2)], AT)
    agency = Article.objects.get(source__name="Agency")
    assert agency.original is None
    assert set(agency.copies.values_list("source__name", flat=True)) == {"Paper", "Daily"}
    assert Article.objects.values("story").distinct().count() == 1
    assert "2 copies not counted" in Story.objects.get().reasons


def test_two_processes_go_on_with_the_same_story() -> None:
    file_items([item("one")], AT)
    own = "In Bamako the junta read out that the defence accords with France are over; Paris regretted it."
    file_items([item("two", "Levant Daily", body=own)], AT + HOUR)
    assert Story.objects.count() == 1
    assert Story.objects.get().last_seen_at == AT + HOUR


def test_nothing_is_published_after_it_was_seen() -> None:
    file_items([item("one", hours_ago=-5), Item("https://two.example/a", "No date at all here", "Paper")], AT)
    assert set(Article.objects.values_list("published_at", flat=True)) == {AT}


def test_an_address_that_is_none_is_counted_and_the_rest_is_filed() -> None:
    bad = Item("javascript:alert(1)", "Bad", "Paper", AT)
    assert file_items([bad, item("one")], AT) == Filed(new=1, refused=1)


def test_an_unknown_source_is_made_with_the_country_of_its_address() -> None:
    file_items([Item("https://paper.co.uk/a", "Polls open in Stormont", "  The   Paper ", AT)], AT)
    source = Source.objects.get()
    assert (source.name, source.country, source.feed_url) == ("The Paper", "GB", None)


def test_batches_join_across_their_borders() -> None:
    many = [
        item(f"s{n}", f"Paper {n}", title=f"Subject{n} thing{n}", body=f"Word{n} other{n} more{n}")
        for n in range(1100)
    ]
    assert (
        file_items([item("first", hours_ago=3), *many, item("last", "Copyist", hours_ago=1)], AT).copies == 1
    )
    assert (
        Article.objects.get(source__name="Copyist").story == Article.objects.get(url__contains="first").story
    )


def test_the_number_of_queries_does_not_grow_with_the_batch() -> None:
    counts = []
    for size in (5, 400):
        batch = [
            item(f"q{size}-{n}", f"Paper {n}", title=f"Subject{n} thing{n}", body=f"Word{n} other{n} more{n}")
            for n in range(size)
        ]
        with CaptureQueriesContext(connection) as queries:
            file_items(batch, AT)
        counts.append(len(queries))
    assert counts[1] < counts[0] + 40  # SQLite takes so many values a statement


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("EN_au", "en-AU"),
        ("zh-hant-TW", "zh-Hant-TW"),
        (" fr ", "fr"),
        ("", ""),
        ("english", ""),
        ("e", ""),
        ("en-*", ""),
    ],
)
def test_language_tags_are_written_one_way(text: str, tag: str) -> None:
    assert language_tag(text) == tag


def test_the_budget_is_what_stood_at_the_instant_in_one_query() -> None:
    file_items(
        [
            item("one"),
            item("two", "Levant Daily", body="Paris regrets the end of the defence accords with Mali."),
        ],
        AT,
    )
    file_items(
        [item("three", "Thames Chronicle", body="After the accords: Mali and France count the cost.")],
        AT + 6 * HOUR,
    )
    file_items(
        [Item("https://in.example/b", "Polls open in Stormont", "Belfast Mail", AT, language="en-GB")], AT
    )
    with CaptureQueriesContext(connection) as queries:
        budget = news_budget(AT)
    assert len(queries) == 1
    assert sorted(line.outlets for line in budget) == [1, 2]
    mali = next(line for line in budget if line.outlets == 2)
    assert mali.headline == "Mali ends defence accords with France"
    assert [article.source for article in mali.articles] == ["The Sahel Courier", "Levant Daily"]
    assert max(line.outlets for line in news_budget(AT + 6 * HOUR)) == 3
    assert news_budget(AT - HOUR) == []
    assert news_budget(AT + 48 * HOUR) == []
    assert [line.headline for line in news_budget(AT, language="en-gb")] == ["Polls open in Stormont"]
    assert [line.headline for line in news_budget(AT, region="ML")] == [mali.headline]


def test_a_spiked_story_leaves_the_budget() -> None:
    file_items([item("one")], AT)
    Story.objects.update(spiked_at=AT)
    assert news_budget(AT) == []


# What says little of the event when it comes first, and reports that make plain what it was about.
EARLY = ("What Bamako wants from us", "Colonel Maiga read the decision on the accords.")
TOLD = [
    ("Mali turns to the Sahel as Bamako ends the accords", "Colonel Maiga read the decision on television."),
    ("Paris regrets as Bamako ends the accords", "Colonel Maiga read the decision on the accords of 2014."),
    ("Colonel Maiga speaks as Bamako ends the accords", "The decision on the accords before the junta."),
]


def _paper(number: int) -> Item:
    title, body = [EARLY, *TOLD][number]
    return Item(f"https://paper{number}.example/a", title, f"Paper {number}", AT - HOUR, body=body)


def _early_apart_from_told() -> Story:
    """The early article in a story of its own, the first two others in another one, as if they had come in so."""
    file_items([_paper(0), _paper(1), _paper(2)], AT)
    alone, told = (
        Story.objects.create(headline=words, first_seen_at=AT, last_seen_at=AT) for words in ("Early", "Told")
    )
    Article.objects.update(story=told)
    Article.objects.filter(title=EARLY[0]).update(story=alone)
    Story.objects.filter(articles=None).delete()
    return alone


def test_an_article_that_stood_alone_moves_to_the_story_it_proves_part_of() -> None:
    alone = _early_apart_from_told()
    file_items([_paper(3)], AT)
    told = Article.objects.get(title=TOLD[2][0]).story
    assert Article.objects.get(title=EARLY[0]).story == told
    assert Story.kept.get(pk=alone.pk).living == told, "its old links lead on"
    assert not Story.objects.filter(pk=alone.pk).exists(), "and it is none of the budget's"


def test_a_story_put_aside_keeps_its_articles() -> None:
    alone = _early_apart_from_told()
    Story.objects.filter(pk=alone.pk).update(spiked_at=AT)
    file_items([_paper(3)], AT)
    assert Article.objects.get(title=EARLY[0]).story == alone


def test_what_another_process_split_is_not_merged_again() -> None:
    alone = _early_apart_from_told()
    told = Story.objects.exclude(pk=alone.pk).get()
    Regrouping.objects.create(act=Regrouping.Act.SPLIT, origin=told, into=alone, by="the wire", at=AT)
    file_items([_paper(3)], AT)
    assert Article.objects.get(title=EARLY[0]).story == alone


def _blaze(number: int, town: str) -> Item:
    """One of many reports of a supermarket fire in a town: words of the kind of event, and words of this one."""
    rng = random.Random(f"{town}{number}")
    words = rng.sample([f"fire{n}word" for n in range(40)], 15) + rng.sample(
        [f"{town}{n}" for n in range(40)], 32
    )
    rng.shuffle(words)
    return Item(
        f"https://{town}{number}.example/a", " ".join(words[:6]), f"{town} {number}", AT - HOUR,
        body=" ".join(words[6:]),
    )  # fmt: skip


def _two_blazes_in_one_story() -> Story:
    file_items([_blaze(n, town) for n in range(8) for town in ("surrey", "somerset")], AT)
    one = Story.objects.create(headline="Fire", first_seen_at=AT, last_seen_at=AT)
    Article.objects.update(story=one)
    Story.objects.filter(articles=None).delete()
    return one


def test_a_story_that_has_fallen_into_two_is_split_into_them() -> None:
    one = _two_blazes_in_one_story()
    file_items([_blaze(8, "surrey")], AT)
    towns = {
        town: set(Article.objects.filter(url__contains=town).values_list("story_id", flat=True))
        for town in ("surrey", "somerset")
    }
    assert towns["surrey"] == {one.pk}, "the larger side goes on as the story"
    assert len(towns["somerset"]) == 1
    assert towns["somerset"] != towns["surrey"]
    [act] = Regrouping.objects.filter(act=Regrouping.Act.SPLIT)
    assert act.origin_id == one.pk
    assert len(act.articles) == 8


def test_a_pinned_story_is_never_split() -> None:
    one = _two_blazes_in_one_story()
    pin(one.pk, True, by="Ines", at=AT)
    file_items([_blaze(8, "surrey")], AT)
    assert set(Article.objects.values_list("story_id", flat=True)) == {one.pk}


def test_a_pinned_story_keeps_its_articles() -> None:
    alone = _early_apart_from_told()
    pin(alone.pk, True, by="Ines", at=AT)
    file_items([_paper(3)], AT)
    assert Article.objects.get(title=EARLY[0]).story == alone


def test_a_filer_hears_what_editors_did_between_its_batches() -> None:
    filer = Filer()
    filer.file([item("one"), _about_elad(1)], AT)
    mali, elad = (Article.objects.get(url__contains=part).story_id for part in ("one", "elad1"))
    assert mali and elad and mali != elad
    merge_stories(mali, elad, by="Ines", at=AT)
    filer.file([item("two", "Levant Daily", title="Mali and France: the defence accords end")], AT)
    assert Article.objects.get(url__contains="two").story_id == elad, "the copy of what went there"
    split_story(
        elad, Article.objects.filter(url__contains="elad").values_list("id", flat=True), by="I", at=AT
    )
    filer.file([_about_elad(2), item("three", "Thames Chronicle", body="Mali ends the accords.")], AT)
    in_elad = Article.objects.get(url__contains="elad2").story_id
    assert in_elad == Article.objects.get(url__contains="elad1").story_id != elad
    assert Article.objects.get(url__contains="three").story_id == elad


def test_a_filer_hears_what_another_process_merged() -> None:
    alone = _early_apart_from_told()
    filer = Filer()
    filer.file([item("one")], AT)
    file_items([_paper(3)], AT)
    told = Story.kept.get(pk=alone.pk).living
    assert told != alone
    again = Item("https://paper9.example/a", f"{EARLY[0]}: once more", "Paper 9", AT, body=EARLY[1])
    filer.file([again], AT)
    assert Article.objects.get(url=again.url).story == told


def _about_elad(number: int) -> Item:
    title = "Three killed in stabbing attack in Elad" if number == 1 else "Elad attack: stabbing kills three"
    text = "Israeli police hunt two suspects after the stabbing attack in Elad."
    return Item(f"https://elad{number}.example/a", title, f"Elad {number}", AT - HOUR, body=text)


def test_filers_that_knew_an_article_by_its_opening_go_on_with_where_its_text_belongs() -> None:
    reading, other = Filer(), Filer()
    reading.file(
        [item("one"), item("two", "Tide"), item("late", "Courier", title="What we know", body="")], AT
    )
    other.file([item("three", "Agence")], AT)
    late = Article.objects.get(title="What we know")
    assert Story.objects.count() == 2
    Article.objects.filter(pk=late.pk).update(body=f"From our desk. {TEXT}")
    assert reading.offer([late.pk], AT + HOUR) == 1
    assert reading.offer([late.pk], AT + HOUR) == 0  # it has company now
    for number, filer in enumerate((reading, other)):
        filer.file([item(f"next-{number}", f"Outlet {number}")], AT + HOUR)
    assert set(Article.objects.values_list("story", flat=True)) == set(
        Story.objects.values_list("id", flat=True)
    )
    assert Story.objects.count() == 1


def test_of_two_articles_alone_one_joins_the_other_once_both_are_told_at_length() -> None:
    filer = Filer()
    filer.file(
        [item("one", title="What we know", body=""), item("two", "Tide", title="In brief", body="")], AT
    )
    assert Story.objects.count() == 2
    Article.objects.update(body=TEXT)
    assert filer.offer(Article.objects.values_list("id", flat=True), AT) == 1
    assert Story.objects.get().articles.count() == 2


def test_an_article_that_another_one_has_just_joined_is_not_taken_away_from_it() -> None:
    quito = (
        "Quito buried the twelve victims of the landslide that came down on La Gasca after a night of rain."
    )
    filer = Filer()
    filer.file([item("three", "Agence", title="Quito buries its dead", body=quito, hours_ago=9)], AT)
    filer.file([item("one", title="What we know", body=""), item("two", "Tide", title="In brief")], AT)
    first, second = Article.objects.filter(source__name__in=("The Sahel Courier", "Tide")).order_by("id")
    Article.objects.filter(pk=first.pk).update(body=f"From our desk. {TEXT}")
    Article.objects.filter(pk=second.pk).update(title="Quito buries its dead", body=quito)
    assert filer.offer([first.pk, second.pk], AT) == 1
    assert second.story is not None
    assert set(second.story.articles.all()) == {first, second}


def test_a_filer_that_goes_on_files_as_one_that_reads_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    filer = Filer()
    filer.file([item("one")], AT)
    file_items([item("two", "Levant Daily")], AT)  # by another process
    filer.file([item("three", "Thames Chronicle")], AT + HOUR)
    assert Story.objects.count() == 1

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr("daybreak.wire.filing.refresh", full)
        with pytest.raises(OSError, match="no space"):
            filer.file([item("four", "Lagos Star")], AT + HOUR)
    assert filer.file([item("four", "Lagos Star")], AT + HOUR).new == 1
    assert Story.objects.count() == 1
    assert set(Article.objects.values_list("story", flat=True)) == {Story.objects.get().pk}
