"""Stories as the desk sees them: the news budget, ranked for an instant."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, NullIf, Substr

from daybreak.wire.facts.regions import region_named, regions_of
from daybreak.wire.joining.wording import clean_headline, weigh
from daybreak.wire.models import Article, Story
from daybreak.wire.weighing.ranking import Ranking, Sighting, rank, shares_of

_ABOUT = re.compile(
    r"(explaine[rd]|analysis|opinion|editorial|comment|live|watch|video|photos?|podcast|factbox|timeline|column|how|why|what|who|when)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BudgetArticle:
    """An article of a story; `copy` when it carries another article's text."""

    id: int
    url: str
    title: str
    source: str
    published_at: dt.datetime
    copy: bool


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A story that could run. `articles` stand in the order they were published; instants are aware UTC; `places`
    are the countries it is about (ISO 3166-1 alpha-2), the most telling first."""

    id: uuid.UUID
    headline: str
    score: float
    reasons: tuple[str, ...]
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    articles: tuple[BudgetArticle, ...]
    outlets: int
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """A news budget: its leading `lines`, how many stories passed the filters (`found`), how many there are at all
    (`total`), and of these how many are about each region and have an article in each language."""

    lines: tuple[BudgetLine, ...]
    found: int
    total: int
    regions: Mapping[str, int]
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """An article as the budget weighs it. `seen` is when it came in (aware UTC)."""

    key: int
    sighting: Sighting
    language: str
    seen: dt.datetime


@dataclass(frozen=True, slots=True)
class _Ranked:
    id: uuid.UUID
    ranking: Ranking
    rows: tuple[Told, ...]
    first: dt.datetime
    last: dt.datetime
    languages: frozenset[str]

    def passes(self, region: str, country: str, language: str, words: Sequence[str]) -> bool:
        places = self.ranking.places
        text = " ".join(row.sighting.title for row in self.rows).casefold() if words else ""
        return (
            (not region or region in regions_of(places))
            and (not country or country in places)
            and (not language or any(_speaks(tag, language) for tag in self.languages))
            and all(word in text for word in words)
        )


def news_budget(
    at: dt.datetime,
    *,
    hours: float = 30,
    limit: int = 60,
    region: str | None = None,
    language: str | None = None,
    text: str | None = None,
) -> list[BudgetLine]:
    """The lines of `budget_at`."""
    return list(budget_at(at, hours=hours, limit=limit, region=region, language=language, text=text).lines)


def budget_at(
    at: dt.datetime,
    *,
    hours: float = 30,
    limit: int = 60,
    region: str | None = None,
    language: str | None = None,
    text: str | None = None,
    only: Collection[uuid.UUID] | None = None,
) -> Budget:
    """The stories that had an article in the last `hours` before `at`, best first, as they stood at `at`.

    `region` (a name of `regions.REGIONS`, or an ISO 3166-1 alpha-2 code) keeps stories about it, `language` (a tag
    such as “en”) those with an article in it, `text` those that have each of its words in a title, `only` those
    stories. What the desk has spiked is left out. One query.
    """
    since = at - dt.timedelta(hours=hours)
    ranked = [story for story in _ranked(at, since) if story.last > since]
    named = region_named(region or "")
    country = "" if named else (region or "").upper()
    words = (text or "").casefold().split()
    kept = [story for story in ranked if story.passes(named, country, language or "", words)]
    if only is not None:
        kept = [story for story in kept if story.id in only]
    kept.sort(key=lambda story: (-story.ranking.score, story.first, str(story.id)))
    return Budget(
        tuple(_line(story) for story in kept[:limit]),
        len(kept),
        len(ranked),
        Counter(region for story in ranked for region in regions_of(story.ranking.places)),
        Counter(tag for story in ranked for tag in {tag.split("-")[0] for tag in story.languages}),
    )


def stories_at(at: dt.datetime, since: dt.datetime) -> dict[uuid.UUID, list[Told]]:
    """The articles, as far as they were seen at `at`, of the stories that were alive between `since` and then."""
    return _by_story(
        Article.objects.filter(
            story__last_seen_at__gt=since,
            story__first_seen_at__lte=at,
            story__spiked_at=None,
            first_seen_at__lte=at,
        )
    )


def _ranked(at: dt.datetime, since: dt.datetime) -> list[_Ranked]:
    stories = stories_at(at, since)
    shares = shares_of(row.sighting for rows in stories.values() for row in rows if row.seen > since)
    return [_rank(story, rows, at, shares) for story, rows in stories.items()]


def _rank(
    story: uuid.UUID, rows: Sequence[Told], at: dt.datetime, shares: Mapping[str, float] | None = None
) -> _Ranked:
    seen = [row.seen for row in rows]
    tags = frozenset(row.language for row in rows) - {""}
    ranking = rank([row.sighting for row in rows], at, shares)
    return _Ranked(story, ranking, tuple(rows), min(seen), max(seen), tags)


def refresh(stories: Collection[uuid.UUID], at: dt.datetime) -> None:
    """Open or bring up to date the rows of these stories from their articles, as they stand at `at`.

    What the desk decided about a story stays.
    """
    lines = [
        _line(_rank(story, rows, at))
        for story, rows in _by_story(Article.objects.filter(story__in=stories)).items()
    ]
    Story.objects.bulk_create(
        [
            Story(
                id=line.id,
                headline=line.headline,
                first_seen_at=line.first_seen_at,
                last_seen_at=line.last_seen_at,
                score=line.score,
                reasons=list(line.reasons),
            )
            for line in lines
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["headline", "first_seen_at", "last_seen_at", "score", "reasons"],
    )


def _by_story(articles: QuerySet[Article]) -> dict[uuid.UUID, list[Told]]:
    grouped: dict[uuid.UUID, list[Told]] = defaultdict(list)
    rows = (
        articles.order_by("published_at", "id")
        .annotate(opening=Substr(Coalesce(NullIf("summary", Value("")), "body"), 1, 300))
        .values_list(
            "story_id", "id", "url", "title", "source__name", "published_at", "original_id",
            "source__country", "language", "first_seen_at", "opening", "places",
        )
    )  # fmt: skip
    for story, key, url, title, name, published, original, country, language, seen, opening, places in rows:
        if story is not None:
            sighting = Sighting(
                name, country, published, title, url, original is not None, opening, tuple(places)
            )
            grouped[story].append(Told(key, sighting, language, seen))
    return grouped


def _line(story: _Ranked) -> BudgetLine:
    articles = tuple(_article(row) for row in story.rows)
    return BudgetLine(
        id=story.id,
        headline=headline_of(articles),
        score=story.ranking.score,
        reasons=story.ranking.reasons,
        first_seen_at=story.first,
        last_seen_at=story.last,
        articles=articles,
        outlets=story.ranking.outlets,
        places=story.ranking.places,
    )


def _article(row: Told) -> BudgetArticle:
    seen = row.sighting
    return BudgetArticle(row.key, seen.url, seen.title, seen.outlet, seen.published, seen.copy)


def headline_of(articles: Iterable[BudgetArticle]) -> str:
    """The title of the article that shares most of its words with the others; the earliest of equals.

    Copies have no say, nor has what only talks about the event (explainers, opinion, live pages) while there is
    a report; the outlet's name at the end of a title is taken off.
    """
    articles = list(articles)
    own = [article for article in articles if not article.copy] or articles
    reports = [article for article in own if not _ABOUT.match(article.title)] or own
    titles = [(article.title, article.source) for article in reports]
    if len(titles) > 1:
        words = [set(weigh(title, "", source)) for title, source in titles]
        spread = Counter(word for title_words in words for word in title_words)
        centrality = [sum(spread[word] - 1 for word in of) / (len(of) + 3) for of in words]
        titles = [titles[centrality.index(max(centrality))]]
    title, source = titles[0]
    return (clean_headline(title, source) or title)[:500]


def _speaks(tag: str, language: str) -> bool:
    """RFC 4647, section 3.3.1, basic filtering: “en” takes in “en-AU”."""
    return (tag + "-").lower().startswith(language.lower() + "-")
