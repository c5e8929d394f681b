"""Stories as the desk sees them: the news budget, ranked for an instant."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from daybreak.wire.models import Article, Story
from daybreak.wire.ranking import Ranking, Sighting, rank
from daybreak.wire.wording import clean_headline, weigh

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
    """A story that could run. `articles` stand in the order they were published; instants are aware UTC."""

    id: uuid.UUID
    headline: str
    score: float
    reasons: tuple[str, ...]
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    articles: tuple[BudgetArticle, ...]
    outlets: int


@dataclass(frozen=True, slots=True)
class _Row:
    article: BudgetArticle
    country: str
    language: str
    seen: dt.datetime


def news_budget(
    at: dt.datetime,
    *,
    hours: float = 30,
    limit: int = 60,
    region: str | None = None,
    language: str | None = None,
) -> list[BudgetLine]:
    """The stories that had an article in the last `hours` before `at`, best first, as they stood at `at`.

    `region` (ISO 3166-1 alpha-2) keeps stories that an outlet of that country reports, `language` those with an
    article in it. What the desk has spiked is left out. One query.
    """
    since = at - dt.timedelta(hours=hours)
    stories = Article.objects.filter(
        story__last_seen_at__gt=since,
        story__first_seen_at__lte=at,
        story__spiked_at=None,
        first_seen_at__lte=at,
    )
    lines = []
    for story, rows in _by_story(stories).items():
        if (
            max(row.seen for row in rows) <= since
            or (region and region.upper() not in {row.country for row in rows})
            or (language and not any(_speaks(row.language, language) for row in rows))
        ):
            continue
        lines.append(_line(story, rows, at))
    lines.sort(key=lambda line: (-line.score, line.first_seen_at, str(line.id)))
    return lines[:limit]


def refresh(stories: Collection[uuid.UUID], at: dt.datetime) -> None:
    """Open or bring up to date the rows of these stories from their articles, as they stand at `at`.

    What the desk decided about a story stays.
    """
    lines = [
        _line(story, rows, at) for story, rows in _by_story(Article.objects.filter(story__in=stories)).items()
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


def _by_story(articles: QuerySet[Article]) -> dict[uuid.UUID, list[_Row]]:
    grouped: dict[uuid.UUID, list[_Row]] = defaultdict(list)
    rows = articles.order_by("published_at", "id").values_list(
        "story_id", "id", "url", "title", "source__name", "published_at", "original_id",
        "source__country", "language", "first_seen_at",
    )  # fmt: skip
    for story, key, url, title, source, published, original, country, language, seen in rows.iterator():
        if story is not None:
            article = BudgetArticle(key, url, title, source, published, original is not None)
            grouped[story].append(_Row(article, country, language, seen))
    return grouped


def _line(story: uuid.UUID, rows: Sequence[_Row], at: dt.datetime) -> BudgetLine:
    articles = tuple(row.article for row in rows)
    ranking: Ranking = rank([_sighting(row) for row in rows], at)
    return BudgetLine(
        id=story,
        headline=headline_of(articles),
        score=ranking.score,
        reasons=ranking.reasons,
        first_seen_at=min(row.seen for row in rows),
        last_seen_at=max(row.seen for row in rows),
        articles=articles,
        outlets=ranking.outlets,
    )


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


def _sighting(row: _Row) -> Sighting:
    article = row.article
    return Sighting(
        article.source, row.country, article.published_at, article.title, article.url, article.copy
    )


def _speaks(tag: str, language: str) -> bool:
    """RFC 4647, section 3.3.1, basic filtering: “en” takes in “en-AU”."""
    return (tag + "-").lower().startswith(language.lower() + "-")
