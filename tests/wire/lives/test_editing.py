"""The editor's hand on stories: every article stays in exactly one living story, links lead on, undo restores."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.wire.addresses import url_key
from daybreak.wire.filing import file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.lives.editing import merge_stories, move_articles, pin, regroupings_of, split_story, undo
from daybreak.wire.lives.regrouping import living
from daybreak.wire.models import Article, Regrouping, Source, Story

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def story_of(*titles: str) -> Story:
    """A story of articles with these titles; one that begins with “=” is a copy of the one before it."""
    story = Story.objects.create(headline=titles[0], first_seen_at=AT, last_seen_at=AT)
    before: Article | None = None
    for title in titles:
        url = f"https://{uuid.uuid4()}.example/a"
        outlet, _ = Source.objects.get_or_create(name=f"Paper of {title}")
        article = Article.objects.create(
            url=url, url_key=url_key(url), source=outlet, title=title, published_at=AT, first_seen_at=AT,
            story=story, original=before if title.startswith("=") else None,
        )  # fmt: skip
        before = before if title.startswith("=") else article
    return story


def articles(story: Story | uuid.UUID) -> set[str]:
    return set(Article.objects.filter(story=story).values_list("title", flat=True))


def ids(*titles: str) -> list[int]:
    return list(Article.objects.filter(title__in=titles).values_list("id", flat=True))


def test_merged_stories_are_one_and_the_old_link_leads_there() -> None:
    mali, france = story_of("Mali ends accords", "Bamako breaks"), story_of("Paris regrets", "Paris leaves")
    act = merge_stories(france.pk, mali.pk, by="Ines", at=AT)
    assert articles(mali) == {"Mali ends accords", "Bamako breaks", "Paris regrets", "Paris leaves"}
    assert living(france.pk) == mali
    assert set(Story.objects.all()) == {mali}
    entry = JournalEntry.objects.get(act="story merged")
    assert (entry.by, entry.subject, entry.detail["into"]) == ("Ines", f"story {france.pk}", str(mali.pk))
    assert len(act.articles) == 2
    assert "4 independent outlets" in Story.objects.get().reasons


def test_chains_of_merges_are_flattened_and_come_apart_again_in_their_order() -> None:
    one, two, three = story_of("One"), story_of("Two"), story_of("Three")
    first = merge_stories(one.pk, two.pk, by="Ines", at=AT)
    second = merge_stories(two.pk, three.pk, by="Ines", at=AT)
    assert living(one.pk) == living(two.pk) == three
    assert Story.kept.get(pk=one.pk).merged_into == three
    with pytest.raises(Refused, match="undo that first"):
        undo(first.pk, by="Ines", at=AT)
    undo(second.pk, by="Ines", at=AT)
    assert (living(one.pk), articles(two)) == (two, {"One", "Two"})
    undo(first.pk, by="Ines", at=AT)
    assert [articles(story) for story in (one, two, three)] == [{"One"}, {"Two"}, {"Three"}]
    with pytest.raises(Refused, match="undone already"):
        undo(first.pk, by="Ines", at=AT)


def test_what_is_one_story_already_is_not_merged_again() -> None:
    one, two = story_of("One"), story_of("Two")
    merge_stories(one.pk, two.pk, by="Ines", at=AT)
    for pair in ((one, two), (two, one), (one, one)):
        with pytest.raises(Refused, match="one story already"):
            merge_stories(pair[0].pk, pair[1].pk, by="Ben", at=AT)
    with pytest.raises(Refused, match="There is no story"):
        merge_stories(uuid.uuid4(), two.pk, by="Ben", at=AT)


def test_chosen_articles_become_a_story_of_their_own_with_their_copies() -> None:
    story = story_of("Mali ends accords", "Elad attack", "=Elad copy", "Paris regrets")
    act = split_story(story.pk, ids("=Elad copy"), by="Ines", at=AT)
    assert articles(act.into) == {"Elad attack", "=Elad copy"}
    assert articles(story) == {"Mali ends accords", "Paris regrets"}
    assert act.into.headline == "Elad attack"
    undo(act.pk, by="Ines", at=AT)
    assert len(articles(story)) == 4
    assert living(act.into_id) == story, "a link to it leads somewhere"


def test_a_split_leaves_something_and_takes_only_what_is_there() -> None:
    story, other = story_of("One", "Two"), story_of("Three")
    with pytest.raises(Refused, match="leave one"):
        split_story(story.pk, ids("One", "Two"), by="Ines", at=AT)
    for wrong in (ids("Three"), ids("One", "Three"), []):
        with pytest.raises(Refused, match="Choose articles of this story"):
            split_story(story.pk, wrong, by="Ines", at=AT)
    assert (articles(story), articles(other)) == ({"One", "Two"}, {"Three"})
    assert not Regrouping.objects.exists()


def test_one_article_moves_and_the_last_one_takes_its_story_along() -> None:
    one, two = story_of("One", "Elad attack"), story_of("Two")
    move_articles(one.pk, ids("Elad attack"), two.pk, by="Ines", at=AT)
    assert (articles(one), articles(two)) == ({"One"}, {"Two", "Elad attack"})
    assert move_articles(one.pk, ids("One"), two.pk, by="Ines", at=AT).act == "merge"
    assert living(one.pk) == two


def test_undoing_a_split_waits_for_what_was_put_into_the_new_story() -> None:
    story, other = story_of("One", "Two"), story_of("Three")
    split = split_story(story.pk, ids("Two"), by="Ines", at=AT)
    merge = merge_stories(other.pk, split.into_id, by="Ines", at=AT)
    with pytest.raises(Refused, match="undo that first"):
        undo(split.pk, by="Ines", at=AT)
    undo(merge.pk, by="Ines", at=AT)
    undo(split.pk, by="Ines", at=AT)
    assert (articles(story), articles(other)) == ({"One", "Two"}, {"Three"})


def test_nobody_acts_without_a_name() -> None:
    one, two = story_of("One"), story_of("Two")
    for name in ("", "  ", "the wire", "x" * 201):
        with pytest.raises(Misused):
            merge_stories(one.pk, two.pk, by=name, at=AT)
    assert articles(one) == {"One"}


def test_pinning_twice_is_pinning_once_and_is_noted() -> None:
    story = story_of("One")
    for _ in range(2):
        assert pin(story.pk, True, by="Ines", at=AT).pinned_at == AT
    assert pin(story.pk, False, by="Ines", at=AT).pinned_at is None
    assert [entry.act for entry in JournalEntry.objects.all()] == ["story pinned", "story unpinned"]


# What says little of the event when it comes first, and reports that make plain what it was about.
EARLY = Item(
    "https://early.example/a",
    "What Bamako wants from us",
    "Early",
    AT - HOUR,
    body="Colonel Maiga read the accords.",
)
TOLD = [
    Item(f"https://told{n}.example/a", title, f"Paper {n}", AT - HOUR, body=text)
    for n, (title, text) in enumerate(
        [
            ("Mali turns to the Sahel as Bamako ends the accords", "Colonel Maiga read the decision on television."),
            ("Paris regrets as Bamako ends the accords", "Colonel Maiga read the decision on the accords of 2014."),
            ("Colonel Maiga speaks as Bamako ends the accords", "The decision on the accords before the junta."),
        ]
    )
]  # fmt: skip


def test_what_an_editor_took_out_is_never_put_back_by_the_machine() -> None:
    file_items([EARLY, *TOLD[:2]], AT)
    assert Story.objects.count() == 1
    early = Article.objects.get(title=EARLY.title)
    act = split_story(Story.objects.get().pk, [early.pk], by="Ines", at=AT)
    file_items([TOLD[2]], AT + HOUR)
    early.refresh_from_db()
    assert early.story_id == act.into_id
    assert articles(act.into_id) == {EARLY.title}


def test_undoing_what_the_wire_merged_holds() -> None:
    file_items([EARLY], AT)
    alone = Story.objects.get()
    told = story_of(*(item.title for item in TOLD[:2]))
    Article.objects.filter(story=told).update(
        summary="Colonel Maiga read the decision on the accords of 2014."
    )
    file_items([TOLD[2]], AT)
    (act,) = Regrouping.objects.all()
    assert (act.by, act.origin, act.held) == ("the wire", alone, False)
    undo(act.pk, by="Ines", at=AT)
    again = Item(
        "https://again.example/a", "Bamako ends the accords", "Again", AT, body="Colonel Maiga, the accords."
    )
    file_items([again], AT + HOUR)
    assert articles(alone) == {EARLY.title}
    assert [row.act for row in regroupings_of(alone)] == ["undo", "merge"]


class Anything(TestCase):
    """Whatever editors do in whatever order."""

    @settings(deadline=None, max_examples=25)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["merge", "split", "move", "undo"]), st.integers(0, 9), st.integers(0, 9)
            ),
            max_size=12,
        )
    )
    def test_every_article_is_in_one_living_story_and_undoing_all_restores_all(
        self, acts: list[tuple[str, int, int]]
    ) -> None:
        stories = [story_of(f"{n} a", f"{n} b", f"=copy of {n} b") for n in range(4)]
        before = dict(Article.objects.values_list("title", "story_id"))
        for act, left, right in acts:
            try:
                self._do(act, left, right)
            except Refused:
                continue
            finally:
                self._check()
        for row in Regrouping.objects.filter(undone_at=None).exclude(act="undo").order_by("-id"):
            undo(row.pk, by="Ines", at=AT)
            self._check()
        assert dict(Article.objects.values_list("title", "story_id")) == before
        assert set(Story.objects.all()) == set(stories)

    def _do(self, act: str, left: int, right: int) -> None:
        known = list(Story.kept.order_by("pk").values_list("pk", flat=True))
        keys = list(Article.objects.order_by("pk").values_list("pk", flat=True))
        article = Article.objects.get(pk=keys[right % len(keys)])
        if act == "merge":
            merge_stories(known[left % len(known)], known[right % len(known)], by="Ines", at=AT)
        elif act == "split":
            assert article.story_id
            split_story(article.story_id, [article.pk], by="Ines", at=AT)
        elif act == "move":
            assert article.story_id
            move_articles(article.story_id, [article.pk], known[left % len(known)], by="Ines", at=AT)
        elif rows := list(Regrouping.objects.all()):
            undo(rows[left % len(rows)].pk, by="Ines", at=AT)

    def _check(self) -> None:
        assert not Article.objects.filter(story__merged_into__isnull=False).exists()
        assert not Story.kept.filter(merged_into__merged_into__isnull=False).exists()
        assert not Story.objects.filter(articles=None).exists()
        for copy in Article.objects.filter(original__isnull=False).select_related("original"):
            assert copy.original
            assert copy.story_id == copy.original.story_id
