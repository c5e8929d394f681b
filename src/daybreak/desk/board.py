"""What the desk's pages show of one edition beside the budget: the rundown, the open brief with its ledger."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from daybreak.desk import editions
from daybreak.desk.checking import SentenceCheck
from daybreak.desk.models import Brief, Citation, Edition, Section
from daybreak.desk.prose import Block, read_body, word_count
from daybreak.desk.storypage import Earlier, background_reading
from daybreak.wire.models import Article, Story

READING_SPEED = 230  # words a minute


@dataclass(frozen=True, slots=True)
class RundownRow:
    """A brief in the rundown: its length in words, how many sentences block and how many want a look."""

    brief: Brief
    words: int
    blocking: int
    warnings: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class RundownSection:
    section: Section
    rows: tuple[RundownRow, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A citation with its article; `linked` when the text itself names it."""

    citation: Citation
    article: Article | None
    linked: bool


@dataclass(frozen=True, slots=True)
class OpenBrief:
    """The brief in the third column."""

    brief: Brief
    checks: tuple[SentenceCheck, ...]
    sources: tuple[Source, ...]
    preview: tuple[tuple[str, tuple[Block, ...]], ...]
    words: int
    story: Story | None
    background: tuple[Earlier, ...]

    @property
    def blocking(self) -> int:
        """How many of its sentences stand in the way of approval."""
        return sum(checked.blocks for checked in self.checks)


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page of an edition. `minutes` is the reading time, `closes_at` the first readers' morning;
    the briefs `taken_out` wait to be put back, the latest first."""

    edition: Edition
    sections: tuple[RundownSection, ...]
    hindrances: tuple[editions.Hindrance, ...]
    taken_out: tuple[Brief, ...]
    open: OpenBrief | None
    words: int
    closes_at: dt.datetime

    @property
    def minutes(self) -> int:
        """Minutes to read the edition."""
        return max(1, round(self.words / READING_SPEED)) if self.words else 0

    @property
    def briefs(self) -> int:
        """How many briefs it has."""
        return sum(len(section.rows) for section in self.sections)


def board_of(edition: Edition, open_key: int | None = None) -> Board:
    """The board of an edition with the brief `open_key` open, when it is one of its briefs."""
    checks = editions.check_edition(edition)
    by_slug: dict[str, list[SentenceCheck]] = {}
    for checked in checks:
        by_slug.setdefault(checked.brief, []).append(checked)
    briefs = list(edition.briefs.select_related("section"))
    rows = [_row(brief, by_slug.get(brief.slug, []), open_key) for brief in briefs]
    opened = next((brief for brief in briefs if brief.pk == open_key), None)
    return Board(
        edition=edition,
        sections=tuple(
            RundownSection(section, tuple(row for row in rows if row.brief.section_id == section.pk))
            for section in Section.objects.all()
        ),
        hindrances=tuple(editions.hindrances(edition, checks)),
        taken_out=tuple(edition.briefs(manager="kept").exclude(removed_at=None).order_by("-removed_at")),
        open=_open(opened, by_slug.get(opened.slug, [])) if opened else None,
        words=sum(row.words for row in rows),
        closes_at=editions.first_morning(edition.date),
    )


def _row(brief: Brief, checks: list[SentenceCheck], open_key: int | None) -> RundownRow:
    return RundownRow(
        brief=brief,
        words=word_count(brief.body),
        blocking=sum(checked.blocks for checked in checks),
        warnings=sum(bool(checked.warnings) for checked in checks),
        is_open=brief.pk == open_key,
    )


def _open(brief: Brief, checks: list[SentenceCheck]) -> OpenBrief:
    story = brief.story.living if brief.story else None
    linked = Counter(url for checked in checks if checked.verdict == "cited" for url in checked.citations)
    return OpenBrief(
        brief=brief,
        checks=tuple(checks),
        sources=tuple(
            Source(row, row.article, row.url in linked)
            for row in brief.citations.select_related("article", "article__source")
        ),
        preview=tuple(_by_kind(read_body(brief.body))),
        words=word_count(brief.body),
        story=story,
        background=background_reading(story) if story else (),
    )


def _by_kind(blocks: tuple[Block, ...]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        yield kind, tuple(group)
