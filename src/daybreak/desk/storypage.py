"""What the page of one story shows: its timeline, who reports it, what was done to it, what may belong to it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Q

from daybreak.desk.models import Brief
from daybreak.desk.prose import read_body
from daybreak.wire.lives.alike import stories_like
from daybreak.wire.lives.editing import regroupings_of
from daybreak.wire.lives.memory import background_of
from daybreak.wire.models import Article, ArticleVersion, Regrouping, Story


@dataclass(frozen=True, slots=True)
class Report:
    """An article with the copies of its text in the same story, and the headlines it had before, the latest first."""

    article: Article
    copies: tuple[Article, ...]
    before: tuple[ArticleVersion, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The reports published on one day (UTC), in their order."""

    date: dt.date
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """An outlet with reports of its own: how many, and the first of them."""

    name: str
    country: str
    reports: int
    first: Article


@dataclass(frozen=True, slots=True)
class Told:
    """A brief that an edition had, and its first paragraph in plain words."""

    brief: Brief
    opening: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier story that this one goes on with, and what our editions told of it, the latest first."""

    story: Story
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class StoryPage:
    """Everything on the page of a story. `languages`, `countries` (of the outlets) and `places` (that it tells of) are
    codes, the most frequent first; `undoable` is the latest act that can be undone."""

    story: Story
    days: tuple[Day, ...]
    voices: tuple[Voice, ...]
    carriers: tuple[str, ...]
    languages: tuple[str, ...]
    countries: tuple[str, ...]
    places: tuple[str, ...]
    briefs: tuple[Brief, ...]
    background: tuple[Earlier, ...]
    acts: tuple[Regrouping, ...]
    undoable: int | None
    alike: tuple[Story, ...]

    @property
    def first(self) -> Voice | None:
        """Who had it first with a report of its own."""
        return self.voices[0] if self.voices else None


def page_of_story(story: Story, find: str = "") -> StoryPage:
    """The page of a living story; `find` are words to look for another story by."""
    articles = list(story.articles.select_related("source").prefetch_related("versions"))
    reports = _reports(articles)
    acts = regroupings_of(story)
    undoable = next(
        (act.pk for act in acts if act.undone_at is None and act.act != Regrouping.Act.UNDO), None
    )
    voices = _voices(reports)
    own = {voice.name for voice in voices}
    carriers = dict.fromkeys(copy.source.name for report in reports for copy in report.copies)
    return StoryPage(
        story=story,
        days=tuple(
            Day(date, tuple(day))
            for date, day in groupby(reports, lambda one: one.article.published_at.date())
        ),
        voices=voices,
        carriers=tuple(name for name in carriers if name not in own),
        languages=_frequent([article.language for article in articles]),
        countries=_frequent([article.source.country for article in articles]),
        places=_frequent([place for article in articles for place in article.places]),
        briefs=tuple(briefs_on(story)),
        background=background_reading(story),
        acts=tuple(acts),
        undoable=undoable,
        alike=tuple(stories_like(story, find)),
    )


def background_reading(story: Story) -> tuple[Earlier, ...]:
    """The earlier stories that a story goes on with, the latest first, and what our editions told of each."""
    chain = background_of(story)
    told: dict[uuid.UUID | None, list[Told]] = {}
    for brief in briefs_on(*chain):
        about = (brief.story and brief.story.merged_into_id) or brief.story_id
        opening = next((block.text for block in read_body(brief.body)), "")
        told.setdefault(about, []).append(Told(brief, opening))
    return tuple(Earlier(earlier, tuple(told.get(earlier.pk, ()))) for earlier in chain)


def briefs_on(*stories: Story) -> list[Brief]:
    """The briefs on these stories and on those they took in, the latest edition first."""
    about = Q(story__in=stories) | Q(story__merged_into__in=stories)
    return list(
        Brief.objects.filter(about).select_related("edition", "story").order_by("-edition__date", "pk")
    )


def _reports(articles: Sequence[Article]) -> list[Report]:
    """Articles in the order they were published, copies under their original; without it they stand for themselves."""
    here = {article.pk for article in articles}
    copies: dict[int | None, list[Article]] = {}
    for article in articles:
        if article.original_id in here:
            copies.setdefault(article.original_id, []).append(article)
    return [
        Report(article, tuple(copies.get(article.pk, ())), _headlines_before(article))
        for article in articles
        if article.original_id not in here
    ]


def _headlines_before(article: Article) -> tuple[ArticleVersion, ...]:
    """The versions of an article whose headline was another than the next one's, the latest first."""
    before, later = [], article.title
    for version in reversed(article.versions.all()):
        if version.title != later:
            before.append(version)
        later = version.title
    return tuple(before)


def _voices(reports: Sequence[Report]) -> tuple[Voice, ...]:
    own: dict[str, list[Article]] = {}
    for report in reports:
        own.setdefault(report.article.source.name, []).append(report.article)
    return tuple(Voice(name, its[0].source.country, len(its), its[0]) for name, its in own.items())


def _frequent(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({code for code in codes if code}, key=lambda code: (-codes.count(code), code)))
