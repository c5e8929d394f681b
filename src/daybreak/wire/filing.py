"""Items to articles: filed once each by address, joined with their copies, put into their stories.

A batch is one transaction, and the wire has one filer at a time; what happened in it has happened whole or not
at all. Filing the same item again updates its words and nothing else.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Substr

from daybreak.wire.addresses import LONGEST, AddressError, canonical, url_key
from daybreak.wire.facts.particulars import FIELDS, describe
from daybreak.wire.facts.tongues import language_tag
from daybreak.wire.facts.versions import keep_versions
from daybreak.wire.formats.reading import Item
from daybreak.wire.joining.copies import CopyFinder, Family
from daybreak.wire.joining.grouping import Grouper, GroupItem, Merge, Split
from daybreak.wire.joining.wording import telling_text
from daybreak.wire.lives.regrouping import (
    BY_THE_WIRE,
    carry,
    last_regrouping,
    parted_since,
    regrouped_after,
    settled_since,
)
from daybreak.wire.models import Article, Regrouping, Story
from daybreak.wire.outlets.sources import name_of, sources_named
from daybreak.wire.pagetexts.pagequeue import ask_for_pages
from daybreak.wire.stories import refresh
from daybreak.wire.turns import wait_for_turn

BATCH = 500
_WINDOW = dt.timedelta(hours=72)
_TEXT = 2_000  # characters of a body that copies are told by
_STUB = 0.6  # of a text that is held: what is shorter is its opening, or a paywall's
_MOST_RECALLED = 30_000  # articles
_MOST_KNOWN = 100_000  # articles that one filer has seen
_RECALLED = (
    "id", "url_key", "title", "summary", "opening", "published_at", "source__name", "original__url_key", "story_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of the items: `new` articles (of them `copies` of another), `updated` ones, those `unchanged`,
    and those `refused` for their address."""

    new: int = 0
    copies: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: Filed) -> Filed:
        return Filed(
            self.new + other.new,
            self.copies + other.copies,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )

    @property
    def taken(self) -> int:
        """Items that are now held as articles."""
        return self.new + self.updated + self.unchanged


def file_items(items: Iterable[Item], at: dt.datetime) -> Filed:
    """File items as seen at `at` (aware UTC); a publication after `at` is taken as `at`. Streams in batches."""
    return Filer().file(items, at)


@cache
def filer_of_this_process() -> Filer:
    """The filer of a process that files again and again: what it remembers need not be read anew each round."""
    return Filer()


class Filer:
    """Files batch after batch, remembering the last days' stories and texts, rebuilt from the database.

    What others have filed or regrouped meanwhile it hears of before each batch. A batch that fails, and too much
    to remember, make it begin anew.
    """

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._grouper = Grouper()
        self._copies = CopyFinder()
        self._known: set[str] = set()
        self._last_id = 0
        self._heard = 0  # the latest regrouping that this filer knows of
        self._span: tuple[dt.datetime, dt.datetime] | None = None

    def file(self, items: Iterable[Item], at: dt.datetime) -> Filed:
        """See `file_items`."""
        total = Filed()
        remaining = iter(items)
        while batch := list(islice(remaining, BATCH)):
            if len(self._known) > _MOST_KNOWN:
                self._begin_anew()
            with self._turn():
                total += self._file_batch(batch, at)
        return total

    def offer(self, articles: Collection[int], at: dt.datetime) -> int:
        """Look once more where these articles belong, whose whole text came after they were filed; how many went into
        another story. One that does not lie alone in its story stays, and so does what an editor has settled."""
        with self._turn():
            rows = list(_alone(articles))
            into = self._offer(rows, at) if rows else []
            refresh(into, at)
        return len(into)

    def _offer(self, rows: Sequence[tuple[Any, ...]], at: dt.datetime) -> list[uuid.UUID]:
        published = [row[5] for row in rows]
        self._catch_up(min(published), max(published))
        staying = settled_since(min(published)).union(*parted_since(min(published)))
        taken: list[uuid.UUID] = []
        for row_id, key, title, summary, body, when, source, original, story in rows:
            if story in staying or story in taken:
                continue
            item = GroupItem(key, title, telling_text(summary, body), when.timestamp(), source, original)
            into = self._grouper.offer(item, story)
            if into != story:
                carry(Regrouping.Act.MERGE, story, into, [row_id], by=BY_THE_WIRE, at=at)
                taken.append(into)
        self._heard = last_regrouping()
        return taken

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The turn at the stories, in a transaction."""
        try:
            with transaction.atomic():
                wait_for_turn()
                yield
        except BaseException:
            self._begin_anew()  # the database has taken back what the memory has not
            raise

    def _file_batch(self, batch: Sequence[Item], at: dt.datetime) -> Filed:
        drafts, refused = _drafts(batch, at)
        held = {
            article.url_key: article
            for article in Article.objects.filter(url_key__in=drafts.keys()).select_related("source")
        }
        updated = _update(held, drafts, at)
        new = sorted(
            (draft for key, draft in drafts.items() if key not in held), key=lambda draft: draft.published_at
        )
        describe(new)
        copies = self._place(new, at) if new else 0
        ask_for_pages(new, at)
        again = len(batch) - refused - len(drafts)  # one address twice in a batch
        return Filed(len(new), copies, updated, len(held) - updated + again, refused)

    def _place(self, new: Sequence[Article], at: dt.datetime) -> int:
        """Give new articles their copies and stories, and store them; answers how many are copies."""
        self._catch_up(new[0].published_at, new[-1].published_at)
        families: dict[int, Family] = {}
        for article in new:
            text = telling_text(article.summary, article.body[:_TEXT])
            key, published, outlet = article.url_key, article.published_at, article.source.name
            family = self._copies.add(key, article.title, text, published, outlet)
            sibling = next((member for _, member in family.members if member != key), None)
            article.story_id = self._grouper.add(
                GroupItem(key, article.title, text, published.timestamp(), outlet, sibling)
            )
            if len(family.members) > 1:
                families[id(family)] = family
        changes = self._grouper.look_again(settled_since(new[0].published_at - _WINDOW))
        for change in changes:
            for article in new:
                if (
                    article.url_key in change.keys
                    if isinstance(change, Split)
                    else article.story_id == change.gone
                ):
                    article.story_id = change.into
        touched = {article.story_id for article in new if article.story_id}
        # A new story's row is made from its articles, after them: foreign keys are checked at the commit.
        Article.objects.bulk_create(new)
        self._known.update(article.url_key for article in new)
        self._last_id = max(self._last_id, *(article.pk for article in new))
        _join_copies(families.values())
        touched |= _split_stories([change for change in changes if isinstance(change, Split)], at)
        touched |= _merge_stories([change for change in changes if isinstance(change, Merge)], at)
        self._heard = last_regrouping()
        refresh(touched, at)
        own = {article.url_key for article in new}
        return sum(key in own and key != f.original for f in families.values() for _, key in f.members)

    def _catch_up(self, earliest: dt.datetime, latest: dt.datetime) -> None:
        """Recall the articles of the days around, as far as they are not known: those of a first batch from the
        database, later also what other processes have filed meanwhile."""
        low, high = earliest - _WINDOW, latest + _WINDOW
        wanted = Q(published_at__range=(low, high))
        if self._span is None:
            self._heard = last_regrouping()
        else:
            self._hear_of_regroupings()
            was_low, was_high = self._span
            beyond = Q(published_at__lt=was_low) | Q(published_at__gt=was_high)
            wanted = (wanted & beyond) | Q(id__gt=self._last_id)
            low, high = min(low, was_low), max(high, was_high)
        self._span = (low, high)
        rows = Article.objects.filter(wanted).order_by("-id").annotate(opening=Substr("body", 1, _TEXT))
        for row in reversed(list(rows.values_list(*_RECALLED)[:_MOST_RECALLED])):
            self._recall(*row)
        for one, other in parted_since(low):
            self._grouper.keep_apart(one, other)

    def _hear_of_regroupings(self) -> None:
        """Take in what editors and other processes did to the stories since the last look."""
        stories = regrouped_after(self._heard)
        if not stories:
            return
        self._heard = last_regrouping()
        for story in stories:
            self._grouper.forget(story)
        rows = Article.objects.filter(story__in=stories).order_by("published_at", "id")
        for row in rows.annotate(opening=Substr("body", 1, _TEXT)).values_list(*_RECALLED):
            _, key, title, summary, body, published, source, original, story = row
            if key in self._known:  # the others are recalled with what is new
                text = telling_text(summary, body)
                self._grouper.restore(
                    GroupItem(key, title, text, published.timestamp(), source, original), story
                )

    def _recall(
        self, row_id: int, key: str, title: str, summary: str, body: str, published: dt.datetime,
        source: str, original: str | None, story: uuid.UUID | None,
    ) -> None:  # fmt: skip
        self._last_id = max(self._last_id, row_id)
        if key in self._known:
            return
        self._known.add(key)
        text = telling_text(summary, body)
        self._copies.restore(key, title, text, published, source, original or key)
        if story is not None:
            self._grouper.restore(GroupItem(key, title, text, published.timestamp(), source, original), story)


def _alone(articles: Collection[int]) -> Iterable[tuple[Any, ...]]:
    """Of these articles those that lie alone in their stories, as they are recalled."""
    rows = Article.objects.filter(id__in=articles).annotate(beside=Count("story__articles")).filter(beside=1)
    return rows.annotate(opening=Substr("body", 1, _TEXT)).order_by("id").values_list(*_RECALLED)


def _drafts(batch: Sequence[Item], at: dt.datetime) -> tuple[dict[str, Article], int]:
    """Unsaved articles by key, the last of one address winning, and how many items have no usable address."""
    named = sources_named({name_of(item): item.url for item in batch})
    drafts: dict[str, Article] = {}
    refused = 0
    for item in batch:
        try:
            key = url_key(item.url)
        except AddressError:
            refused += 1
            continue
        drafts[key] = Article(
            url=item.url if len(item.url) <= LONGEST else canonical(item.url),
            url_key=key,
            source=named[name_of(item)],
            title=item.title[:500],
            summary=item.summary,
            body=item.body,
            language=language_tag(item.language),
            published_at=min(item.published or at, at),
            first_seen_at=at,
        )
    return drafts, refused


def _update(held: dict[str, Article], drafts: dict[str, Article], at: dt.datetime) -> int:
    """Bring held articles up to the words of their drafts and keep what they said before; words once held are never
    replaced by none, nor a text by its mere opening."""
    changed: list[Article] = []
    rewritten: dict[int, tuple[str, str, str]] = {}
    for key, article in held.items():
        before = (article.title, article.summary, article.body)
        news = {
            field: words
            for field in ("title", "summary", "body")
            if (words := getattr(drafts[key], field)) and words != getattr(article, field)
        }
        if len(news.get("body", "")) < _STUB * len(article.body):
            news.pop("body", None)
        for field, words in news.items():
            setattr(article, field, words)
        if news:
            changed.append(article)
        if "title" in news or ("summary" in news and before[1]):
            rewritten[article.pk] = before
    keep_versions(rewritten, at)
    describe(changed)
    Article.objects.bulk_update(changed, ["title", "summary", "body", *FIELDS], batch_size=100)
    return len(changed)


def _join_copies(families: Iterable[Family]) -> None:
    """Point every member of a family at its earliest published one, which may have arrived last."""
    for family in families:
        keys = [key for _, key in family.members]
        rows = {
            key: (row_id, original)
            for row_id, key, original in Article.objects.filter(url_key__in=keys).values_list(
                "id", "url_key", "original_id"
            )
        }
        ids = {row_id for row_id, _ in rows.values()}
        row_id, original = rows[family.original]
        # An original older than what is remembered stays the original.
        root = original if original is not None and original not in ids else row_id
        others = ids - {root}
        Article.objects.filter(id=root).update(original=None)
        Article.objects.filter(Q(id__in=others) | Q(original__in=others)).update(original=root)


def _split_stories(splits: Sequence[Split], at: dt.datetime) -> set[uuid.UUID]:
    """Let the articles that were filed earlier follow into the new stories; answers all that gave or took some."""
    for split in splits:
        articles = Article.objects.filter(story=split.story, url_key__in=split.keys)
        if ids := list(articles.values_list("id", flat=True)):
            carry(Regrouping.Act.SPLIT, split.story, split.into, ids, by=BY_THE_WIRE, at=at)
    return {story for split in splits for story in (split.story, split.into)}


def _merge_stories(merges: Sequence[Merge], at: dt.datetime) -> set[uuid.UUID]:
    """Take the articles of stories that are gone to those that they are part of in the end; answers the latter."""
    finally_into: dict[uuid.UUID, uuid.UUID] = {}
    for merge in reversed(merges):
        finally_into[merge.gone] = finally_into.get(merge.into, merge.into)
    # A story that was opened in this batch has no row yet, and needs none: nobody has seen it.
    for gone in Story.objects.filter(id__in=finally_into).values_list("id", flat=True):
        articles = Article.objects.filter(story=gone).values_list("id", flat=True)
        carry(Regrouping.Act.MERGE, gone, finally_into[gone], articles, by=BY_THE_WIRE, at=at)
    return set(finally_into.values())
