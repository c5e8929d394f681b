"""Hands that are on the stories at once: two editors, an editor and the filer. Each act is done whole or refused."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.db.utils import OperationalError

from daybreak.common.refusal import Refused
from daybreak.desk import briefs, editions
from daybreak.desk.models import Brief, Section
from daybreak.wire import filing
from daybreak.wire.filing import Filer, file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.lives.editing import merge_stories, split_story, undo
from daybreak.wire.lives.regrouping import living
from daybreak.wire.models import Article, Regrouping, Story

# Keeps what the migrations filled in.
pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one in at a time by itself"),
]
AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
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


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act answered, or the exception it raised; all begin together, each on a connection of its own."""
    answers: list[Any] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def do(number: int) -> None:
        ready.wait()
        try:
            answers[number] = acts[number]()
        except (Refused, OperationalError) as error:
            answers[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def check() -> None:
    assert not Article.objects.filter(story__merged_into__isnull=False).exists()
    assert not Story.kept.filter(merged_into__merged_into__isnull=False).exists()
    assert not Story.objects.filter(articles=None).exists()


def two_stories(n: int = 0) -> tuple[Story, Story]:
    words = ["Elad attack kills three", "Comet seen before dawn"]
    items = [
        Item(f"https://s{n}{k}.example/a", f"{title} {n}", f"P {k}", AT) for k, title in enumerate(words)
    ]
    file_items(items, AT)
    one, two = (Article.objects.get(url=item.url).story for item in items)
    assert one and two and one != two
    return one, two


@pytest.mark.parametrize("turned", [False, True])
def test_two_editors_who_merge_the_same_stories_merge_them_once(turned: bool) -> None:
    one, two = two_stories()
    second = (two.pk, one.pk) if turned else (one.pk, two.pk)
    answers = at_once(
        lambda: merge_stories(one.pk, two.pk, by="Ines", at=AT),
        lambda: merge_stories(*second, by="Ben", at=AT),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "Regrouping"]
    assert living(one.pk) == living(two.pk)
    assert Regrouping.objects.count() == 1
    check()


def test_two_editors_who_undo_one_act_undo_it_once() -> None:
    one, two = two_stories()
    act = merge_stories(one.pk, two.pk, by="Ines", at=AT)
    answers = at_once(*(lambda name=name: undo(act.pk, by=name, at=AT) for name in ("Ines", "Ben")))
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "Regrouping"]
    assert (one.articles.count(), two.articles.count()) == (1, 1)
    check()


def test_an_editor_merges_and_splits_while_the_filer_files() -> None:
    one, two = two_stories()
    filer = Filer()

    def batches() -> None:
        for n in range(1, 9):
            words = f"Elad attack kills three {n}" if n % 2 else f"Comet seen before dawn {n}"
            filer.file([Item(f"https://b{n}.example/a", words, f"Paper {n}", AT)], AT)

    def hands() -> None:
        for _ in range(4):
            act = merge_stories(one.pk, two.pk, by="Ines", at=AT)
            undo(act.pk, by="Ines", at=AT)
        chosen = list(Article.objects.filter(title__startswith="Comet").values_list("pk", flat=True))[:1]
        merge_stories(one.pk, two.pk, by="Ines", at=AT)
        split_story(two.pk, chosen, by="Ines", at=AT)

    assert at_once(batches, hands) == [None, None]
    assert Article.objects.count() == 10
    check()


def test_a_brief_opened_in_the_moment_its_story_is_merged_away_stays_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file_items([EARLY, *TOLD[:2]], AT)
    alone = split_story(Story.objects.get().pk, [Article.objects.get(url=EARLY.url).pk], by="I", at=AT).into
    Regrouping.objects.update(held=False, undone_at=AT)  # as if it had never been one
    edition = editions.start(dt.date(2022, 5, 6), AT, "Ines")
    section = Section.objects.get(role="lead")
    looked, opened = threading.Event(), threading.Event()
    settled_since: Callable[[dt.datetime], set[Any]] = vars(filing)["settled_since"]

    def look_then_wait(since: dt.datetime) -> set[Any]:
        settled = settled_since(since)
        looked.set()
        opened.wait(20)
        return settled

    monkeypatch.setattr(filing, "settled_since", look_then_wait)

    def open_brief() -> Brief:
        looked.wait(20)
        try:
            return briefs.add_brief_from_story(edition, section, alone, AT, "Ines")
        finally:
            opened.set()

    filed, brief = at_once(lambda: file_items([TOLD[2]], AT), open_brief)
    assert filed.new == 1
    assert Story.kept.get(pk=alone.pk).merged_into is not None, (
        "the filer had looked before the brief was there"
    )
    assert brief.story_id == alone.pk
    assert Brief.objects.get().story.living.articles.count() == 4  # type: ignore[union-attr]
    check()
