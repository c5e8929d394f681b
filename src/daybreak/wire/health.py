"""How the sources fare: which are read, which fail and why, what each has brought."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from daybreak.wire.models import Article, Source

DAY = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Health:
    """A source with a feed as of an instant. `state` is good, failing, new (not asked yet), paused or retired; `why`
    is a sentence where there is something to say; `items` were first seen in the last 24 hours."""

    source: Source
    state: str
    why: str
    items: int


def state_of(source: Source) -> str:
    """See `Health.state`."""
    if source.retired_at:
        return "retired"
    if not source.active:
        return "paused"
    if source.failures:
        return "failing"
    return "good" if source.last_good_at else "new"


def health(at: dt.datetime) -> list[Health]:
    """Every source with a feed, by name, as of `at` (aware UTC)."""
    return [_health(source, items) for source, items in _with_items(at)]


def _with_items(at: dt.datetime) -> list[tuple[Source, int]]:
    lately = Article.objects.filter(first_seen_at__gt=at - DAY, first_seen_at__lte=at)
    counts = dict(lately.values_list("source").annotate(Count("pk")).values_list("source", "pk__count"))
    sources = Source.objects.filter(feed_url__isnull=False).exclude(feed_url="")
    return [(source, counts.get(source.pk, 0)) for source in sources]


def _health(source: Source, items: int) -> Health:
    state = state_of(source)
    why = source.last_error
    if state == "retired":
        why = f"{why} It is not asked any more: find its new feed, or remove it.".strip()
    elif state == "new":
        why = "Not asked yet."
    elif source.moved_to:
        why = f"{why} It redirects for good to {source.moved_to}.".strip()
    return Health(source, state, why, items)


def as_json(one: Health) -> dict[str, Any]:
    """A source's health as plain values; instants are aware UTC."""
    source = one.source
    named = (
        "name", "site_url", "feed_url", "country", "language", "kind", "owner", "full_text", "terms", "active",
        "interval", "last_asked_at", "last_good_at", "next_due_at", "failures", "last_error", "moved_to",
    )  # fmt: skip
    values = {name: getattr(source, name) for name in named}
    return {**values, "state": one.state, "why": one.why, "items_24h": one.items}
