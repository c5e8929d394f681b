"""What is known of an article beyond its words: language, dateline and agency, the countries and names it tells of."""

from __future__ import annotations

from collections.abc import Iterable

from daybreak.wire.facts.dateline import dateline_of
from daybreak.wire.facts.names import names_in
from daybreak.wire.facts.places import places_of
from daybreak.wire.facts.tongues import language_of
from daybreak.wire.models import Article

RULES = 1  # counted up when the rules change, so that articles described by older ones are described again
FIELDS = ("language", "dateline", "agency", "places", "names", "described")
_BATCH = 500


def describe(articles: Iterable[Article]) -> None:
    """Fill the particulars of articles from their words; stores nothing. Their sources must be at hand."""
    for article in articles:
        text = article.body or article.summary
        article.language = language_of(
            article.title, article.summary or article.body, article.language, article.source.language
        )
        told = dateline_of(text, article.language)
        if not told.place and not told.agency and article.summary:
            told = dateline_of(article.summary, article.language)
        article.dateline, article.agency = told.place[:100], told.agency[:40]
        words = _telling(article, told.rest)
        article.places = list(places_of(article.title, words, article.language, told.place))
        article.names = list(names_in(article.title, words, article.language))
        article.described = RULES


def _telling(article: Article, rest: str) -> str:
    """Summary and text without the dateline, the summary left out where the text begins with it."""
    summary = article.summary
    if not summary or rest.startswith(summary[:60].rstrip("…. ")) or summary.endswith(rest):
        return rest
    return f"{dateline_of(summary, article.language).rest}\n{rest}"


def older_articles() -> bool:
    """Whether there are articles that older rules, or none, described."""
    return Article.objects.filter(described__lt=RULES).exists()


def describe_older() -> int:
    """Describe the articles that older rules, or none, described, batch by batch; answers how many."""
    done = 0
    while batch := list(Article.objects.filter(described__lt=RULES).select_related("source")[:_BATCH]):
        describe(batch)
        Article.objects.bulk_update(batch, FIELDS, batch_size=100)
        done += len(batch)
    return done
