"""Articles' pages read for their text, for sources that allow it: asked politely, read in processes of their own.

The queue is `pagequeue.py`, the reading `pagetext.py`; here a round of what is due goes from one to the other.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from daybreak.wire.addresses import AddressError, url_key
from daybreak.wire.facts.particulars import FIELDS, describe
from daybreak.wire.facts.tongues import language_tag
from daybreak.wire.filing import Filer
from daybreak.wire.models import Article, PageReading
from daybreak.wire.network.fetching import DEADLINE, Outcome, Request, fetch
from daybreak.wire.network.robots import Robots, origin_of, robots_for
from daybreak.wire.pagetexts.pagequeue import claim, done, failed, put_off
from daybreak.wire.pagetexts.pagetext import PageText
from daybreak.wire.pagetexts.pageworker import SECONDS, Page, PageReaders, Unreadable

_A_ROUND = 40  # pages: were all to hang, their leases would still hold
_OF_ONE_HOST = 4  # pages a round; one of a host whose robots.txt asks for a delay
_BETWEEN_ROUNDS = dt.timedelta(seconds=30)
_LARGEST = 5_000_000  # bytes of a page
_SHORTEST = 250  # characters of a text that is one
_OLDEST = dt.timedelta(days=30)  # that a page's own time of publication may lie before we saw it


@dataclass(frozen=True, slots=True)
class PagesRead:
    """One round: pages asked for, read, of them such that gave a longer text than was held, of these such whose article
    went into another story for it; and refused by robots.txt."""

    asked: int = 0
    read: int = 0
    longer: int = 0
    joined: int = 0
    refused: int = 0
    failed: tuple[str, ...] = ()


def read_pages(
    at: dt.datetime,
    *,
    user_agent: str,
    allow: Iterable[str] = (),
    workers: int = 2,
    deadline: float = DEADLINE,
    seconds: float = SECONDS,
    filer: Filer | None = None,
) -> PagesRead:
    """Read the pages that are due at `at` (aware UTC), at most forty.

    `allow` is as for `fetch`; `deadline` is for fetching a page and `seconds` for reading it. A page that cannot be
    had or read is tried again later, and given up after some attempts with a reason; it never holds up the others.
    `filer` looks whether an article belongs elsewhere now that its text is there; one of its own without.
    """
    allow = tuple(allow)
    rows = {row.pk: row for row in claim(at, _A_ROUND)}
    urls = [row.article.url for row in rows.values()]
    robots = robots_for(urls, at, user_agent=user_agent, allow=allow, deadline=deadline)
    wanted, refused = _polite(rows.values(), robots, at)
    requests = [Request(row.pk, row.article.url) for row in wanted]
    outcomes = fetch(requests, user_agent=user_agent, at=at, allow=allow, deadline=deadline)
    problems: list[str] = []
    read, longer = 0, []
    with PageReaders(workers, seconds=seconds) as readers:
        for key, page in readers.read(_pages(outcomes, rows, at, problems)):
            row = rows[key]
            if isinstance(page, Unreadable):
                failed(row, str(page), at)
                problems.append(f"{row.article.url}: {page}")
                continue
            read += 1
            if _take(row, page, at):
                longer.append(key)
    joined = (filer or Filer()).offer(longer, at) if longer else 0
    return PagesRead(len(requests), read, len(longer), joined, refused, tuple(problems))


def _polite(rows: Iterable[PageReading], robots: Robots, at: dt.datetime) -> tuple[list[PageReading], int]:
    """The pages that may be asked for now, and how many robots.txt refuses; the others wait for their turn."""
    wanted: list[PageReading] = []
    refused = 0
    turns: Counter[str] = Counter()
    for row in rows:
        verdict = robots.may(row.article.url)
        host = origin_of(row.article.url)
        if verdict.answer == "no":
            failed(row, "The site's robots.txt does not allow it.", at, for_good=True)
            refused += 1
        elif verdict.answer == "not now":
            failed(row, "The site's robots.txt cannot be had.", at)
        elif turns[host] >= (1 if verdict.delay else _OF_ONE_HOST):
            put_off([row], at + max(_BETWEEN_ROUNDS, dt.timedelta(seconds=verdict.delay)))
        else:
            turns[host] += 1
            wanted.append(row)
    return wanted, refused


def _pages(
    outcomes: Iterable[Outcome], rows: Mapping[int, PageReading], at: dt.datetime, problems: list[str]
) -> Iterator[Page]:
    for outcome in outcomes:
        problem = _problem(outcome)
        if problem:
            row = rows[outcome.key]
            gone = 400 <= outcome.status < 500 and outcome.status not in (408, 425, 429)
            failed(row, problem, at, for_good=gone, wait=outcome.retry_after)
            problems.append(f"{row.article.url}: {problem}")
        else:
            yield Page(outcome.key, outcome.url, outcome.body)


def _problem(outcome: Outcome) -> str:
    if outcome.status != 200:
        return outcome.error or f"It answered {outcome.status}."
    kind = outcome.content_type.partition(";")[0].strip().lower()
    if kind and kind not in ("text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"):
        return f"It is {kind}, not a web page."
    return "It is too large for an article." if len(outcome.body) > _LARGEST else ""


def _take(row: PageReading, page: PageText, at: dt.datetime) -> bool:
    """Give the article what its page says, where that is better; whether its text is longer now."""
    with transaction.atomic():
        article = Article.objects.select_for_update(of=("self",)).select_related("source").get(pk=row.pk)
        longer = len(page.text) >= max(_SHORTEST, len(article.body) + 1)
        reason = "" if longer else "Its text is no longer than what was held."
        if not done(row, at, reason):
            return False
        if longer:
            article.body = page.text
        article.author = article.author or page.author
        article.language = article.language or language_tag(page.language)
        undated = article.published_at == article.first_seen_at
        if undated and page.published and at - _OLDEST < page.published < article.published_at:
            article.published_at = page.published
        describe([article])
        article.save(update_fields=["body", "author", "published_at", *FIELDS])
        _join_same_page(article, page.canonical)
    return longer


def _join_same_page(article: Article, canonical: str) -> None:
    """An article whose page gives another article's address as its own is a copy of that."""
    try:
        key = url_key(canonical) if canonical else article.url_key
    except AddressError:
        return
    other = Article.objects.filter(url_key=key, original=None).exclude(pk=article.pk).first()
    if other is not None and not article.copies.exists():
        Article.objects.filter(pk=article.pk, original=None).update(original=other)


def given_up(since: dt.datetime) -> Sequence[PageReading]:
    """Pages given up whose articles came since then, with their reasons."""
    rows = PageReading.objects.filter(state=PageReading.State.GIVEN_UP, article__first_seen_at__gte=since)
    return list(rows.select_related("article__source").order_by("-article__first_seen_at")[:200])
