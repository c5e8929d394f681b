"""How the sources fare: which are read, which fail and why, what each has brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
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


STATES = ("failing", "new", "good", "paused", "retired")  # in the order in which somebody should look at them
_LONG_AGO = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_SORTS: dict[str, Callable[[Health], Any]] = {
    "name": lambda one: one.source.name.casefold(),
    "state": lambda one: (STATES.index(one.state), -one.source.failures),
    "last": lambda one: one.source.last_good_at or _LONG_AGO,
    "due": lambda one: one.source.next_due_at or _LONG_AGO,
    "items": lambda one: -one.items,
}
SORTS = tuple(_SORTS)


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


def choose(
    found: Iterable[Health],
    *,
    words: str = "",
    state: str = "",
    kind: str = "",
    language: str = "",
    sort: str = "name",
) -> list[Health]:
    """Those that have all the words (in name, addresses, owner, country or what is said of them) and are of the state,
    kind and language given; "" means any. An unknown `sort` means by name."""
    wanted = words.casefold().split()
    kept = [
        one
        for one in found
        if (not state or one.state == state)
        and (not kind or one.source.kind == kind)
        and (not language or one.source.language.partition("-")[0].lower() == language.lower())
        and all(word in _words_of(one) for word in wanted)
    ]
    return sorted(kept, key=_SORTS.get(sort, _SORTS["name"]))


def _words_of(one: Health) -> str:
    source = one.source
    said = (source.name, source.feed_url or "", source.owner, source.country, source.terms, one.why)
    return " ".join(said).casefold()


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
