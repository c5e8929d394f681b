"""Which articles' pages are to be read, and when. The rows are the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction

from daybreak.wire.models import Article, PageReading

LEASE = dt.timedelta(minutes=10)  # a reader that died is done with by then
_MOST_ATTEMPTS = 4
_BACK_OFF = dt.timedelta(minutes=15)  # after the first failure; doubled after each


def ask_for_pages(articles: Iterable[Article], at: dt.datetime) -> None:
    """Put new articles of sources that allow their full text into the queue; in the transaction that files them."""
    PageReading.objects.bulk_create(
        (PageReading(article=article, due_at=at) for article in articles if article.source.full_text),
        ignore_conflicts=True,
    )


def pages_due(at: dt.datetime) -> bool:
    """Whether a page waits to be read at `at`."""
    return PageReading.objects.filter(due_at__lte=at).exists()


def claim(at: dt.datetime, most: int) -> list[PageReading]:
    """At most `most` pages that are due, put off by a lease at once, so that nobody else reads them too."""
    with transaction.atomic():
        due = PageReading.objects.filter(due_at__lte=at).order_by("due_at", "article_id")
        rows = list(
            due.select_for_update(skip_locked=True, of=("self",))[:most].select_related("article__source")
        )
        PageReading.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=at + LEASE)
    return rows


def put_off(rows: Sequence[PageReading], until: dt.datetime) -> None:
    """These are not asked for now; it does not count as an attempt."""
    PageReading.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=until)


def failed(
    row: PageReading,
    reason: str,
    at: dt.datetime,
    *,
    for_good: bool = False,
    wait: dt.timedelta | None = None,
) -> None:
    """A page could not be read: again after a while, or given up when it never will, or was tried often enough."""
    attempts = row.attempts + 1
    over = for_good or attempts >= _MOST_ATTEMPTS
    again = at + max(_BACK_OFF * 2 ** (attempts - 1), wait or dt.timedelta(0))
    PageReading.objects.filter(pk=row.pk, state=PageReading.State.WAITING).update(
        attempts=attempts,
        reason=reason[:300],
        state=PageReading.State.GIVEN_UP if over else PageReading.State.WAITING,
        due_at=None if over else again,
    )


def done(row: PageReading, at: dt.datetime, reason: str = "") -> bool:
    """A page was read; whether this was the first to say so."""
    waiting = PageReading.objects.filter(pk=row.pk, state=PageReading.State.WAITING)
    return bool(
        waiting.update(
            attempts=row.attempts + 1,
            reason=reason[:300],
            state=PageReading.State.READ,
            due_at=None,
            read_at=at,
        )
    )
