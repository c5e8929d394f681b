"""The news budget of an edition: the wire's own, with what the desk did and told, narrowed to what an editor wants."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Max, Q

from daybreak.desk import editions
from daybreak.desk.models import Brief, Edition
from daybreak.wire.facts.regions import REGIONS, region_named, regions_of
from daybreak.wire.lives.memory import predecessors
from daybreak.wire.models import Article, Story
from daybreak.wire.stories import Budget, BudgetLine, budget_at

LENGTH = 60
ASIDE = 20  # stories put aside that are listed
REACH = dt.timedelta(days=4)  # before the first morning: older stories are yesterday's news
AGES = {"12": "Last 12 hours", "30": "Last 30 hours", "": "Four days"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the budget is narrowed to, each empty for everything: `hours` is a key of AGES."""

    region: str = ""
    hours: str = ""
    language: str = ""
    text: str = ""

    def query(self, brief: str = "") -> str:
        """The query of an address that says the same; `brief` is the number of the open one."""
        named = {"brief": brief, "region": self.region, "hours": self.hours}
        named |= {"language": self.language, "text": self.text}
        return urlencode({name: value for name, value in named.items() if value})

    @property
    def anything(self) -> bool:
        """Whether it narrows at all."""
        return bool(self.query())


@dataclass(frozen=True, slots=True)
class BudgetItem:
    """A story that could run. `brief` is the one this edition has of it, `told` the dates of earlier editions that
    had it or what it goes on with."""

    line: BudgetLine
    regions: tuple[str, ...]
    brief: Brief | None
    told: tuple[dt.date, ...]

    @property
    def last_told(self) -> dt.date | None:
        """The latest edition that told of it."""
        return self.told[-1] if self.told else None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter, what it is called, how many stories it would leave."""

    value: str
    name: str
    stories: int | None


@dataclass(frozen=True, slots=True)
class DeskBudget:
    """The `items` shown, `found` that passed the filters, `total` on the wire, the choices of the filters, the
    stories put `aside`, the latest first, and `latest`, the highest number of an article when it was made."""

    items: tuple[BudgetItem, ...]
    found: int
    total: int
    regions: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    ages: tuple[Choice, ...]
    aside: tuple[Story, ...]
    latest: int


@dataclass(frozen=True, slots=True)
class News:
    """Stories that the budget shows now and did not before, and those it showed that have gained articles."""

    new: int
    grown: int


def wanted_by(query: Mapping[str, str]) -> Wanted:
    """The filters that an address names; what is none of theirs is left out."""
    hours, language = query.get("hours", ""), query.get("language", "")
    return Wanted(
        region=region_named(query.get("region", "")),
        hours=hours if hours in AGES else "",
        language=language.lower() if language.isalpha() and len(language) <= 3 else "",
        text=" ".join(query.get("text", "").split())[:100],
    )


def budget_of(edition: Edition, at: dt.datetime, wanted: Wanted | None = None) -> DeskBudget:
    """The stories that could run in an edition as it stands at `at` (aware UTC), in the wire's own order."""
    wanted = wanted or Wanted()
    latest = latest_article()
    at = stands_at(edition, at)
    reach = at - min(editions.first_morning(edition.date) - REACH, at - dt.timedelta(days=1))
    budget = budget_at(
        at,
        hours=float(wanted.hours) if wanted.hours else reach / dt.timedelta(hours=1),
        limit=LENGTH,
        region=wanted.region,
        language=wanted.language,
        text=wanted.text,
    )
    here, told = _written(edition, [line.id for line in budget.lines])
    items = tuple(
        BudgetItem(line, regions_of(line.places)[:2], here.get(line.id), told.get(line.id, ()))
        for line in budget.lines
    )
    ages = tuple(Choice(value, name, None) for value, name in AGES.items())
    return DeskBudget(
        items,
        budget.found,
        budget.total,
        _regions(budget),
        _languages(budget, wanted),
        ages,
        _put_aside(at, at - reach),
        latest,
    )


def _put_aside(at: dt.datetime, since: dt.datetime) -> tuple[Story, ...]:
    aside = Story.objects.filter(spiked_at__isnull=False, last_seen_at__gt=since, first_seen_at__lte=at)
    return tuple(aside.order_by("-spiked_at")[:ASIDE])


def stands_at(edition: Edition, at: dt.datetime) -> dt.datetime:
    """The instant by which an edition's wire is judged: `at`, or for one that is past the end of its mornings."""
    return min(at, editions.first_morning(edition.date) + dt.timedelta(days=1))


def latest_article() -> int:
    """The number of the article that came in last, 0 on an empty wire."""
    return Article.objects.aggregate(latest=Max("id"))["latest"] or 0


def news_since(budget: DeskBudget, since: int) -> News:
    """What the budget has that came in after the article numbered `since`."""
    fresh = [[article.id > since for article in item.line.articles] for item in budget.items]
    new = sum(all(of) for of in fresh)
    return News(new, sum(any(of) for of in fresh) - new)


def _written(
    edition: Edition, stories: Sequence[uuid.UUID]
) -> tuple[dict[uuid.UUID, Brief], dict[uuid.UUID, tuple[dt.date, ...]]]:
    """By story: its brief in this edition, and the dates of earlier editions that told of it or of what it continues."""
    heirs = {story: [story] for story in stories}
    for story, earlier in predecessors(stories).items():
        for before in earlier:
            heirs.setdefault(before.pk, []).append(story)
    here: dict[uuid.UUID, Brief] = {}
    told: dict[uuid.UUID, set[dt.date]] = {}
    about = Q(story__in=heirs) | Q(story__merged_into__in=heirs)
    for brief in Brief.objects.filter(about).select_related("edition", "story"):
        if brief.story is None:
            continue
        living = brief.story.living.pk
        if brief.edition_id == edition.pk:
            here[living] = brief
        elif brief.edition.date < edition.date:
            for story in heirs[living]:
                told.setdefault(story, set()).add(brief.edition.date)
    return here, {story: tuple(sorted(dates)) for story, dates in told.items()}


def _regions(budget: Budget) -> tuple[Choice, ...]:
    return tuple(Choice(region, region, budget.regions.get(region, 0)) for region in REGIONS)


def _languages(budget: Budget, wanted: Wanted) -> tuple[Choice, ...]:
    tags = {*budget.languages, *([wanted.language] if wanted.language else [])}
    counts = {tag: budget.languages.get(tag, 0) for tag in tags}
    return tuple(
        Choice(tag, tag, number) for tag, number in sorted(counts.items(), key=lambda of: (-of[1], of[0]))
    )
