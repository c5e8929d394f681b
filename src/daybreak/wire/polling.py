"""The round of the feeds: those that are due are asked, filed, and told when they are due next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from daybreak.common.refusal import Refused
from daybreak.wire.addresses import AddressError, url_key
from daybreak.wire.filing import BATCH, Filed, Filer
from daybreak.wire.formats.reading import Feed, open_feed
from daybreak.wire.models import Article, Source
from daybreak.wire.network.fetching import DEADLINE, Outcome, Request, fetch
from daybreak.wire.network.moving import where_it_moves
from daybreak.wire.network.pacing import back_off, next_interval, wait_after

_MOST_TOGETHER = 50  # answers that wait to be filed together
Ask = Callable[[list[Request]], Iterable[Outcome]]


@dataclass(frozen=True, slots=True)
class Polled:
    """One round: sources asked, of them unchanged since last time, and failed; what was filed; entries skipped."""

    asked: int = 0
    unchanged: int = 0
    failed: tuple[str, ...] = ()
    filed: Filed = field(default_factory=Filed)
    skipped: int = 0


def poll(
    at: dt.datetime,
    *,
    user_agent: str,
    allow: Iterable[str] = (),
    deadline: float = DEADLINE,
    filer: Filer | None = None,
) -> Polled:
    """Ask every active source whose feed is due at `at` (aware UTC) and file what is new, by `filer` if given.

    A failure is a sentence in the source's `last_error` and a longer wait; it never holds up the others. `allow`
    names private endpoints (“127.0.0.1:8080”) that may be asked; `deadline` is in seconds.
    """
    sources = _claim(at)
    requests = [
        Request(source.pk, source.feed_url or "", source.etag, source.last_modified)
        for source in sources.values()
    ]
    ask = partial(fetch, user_agent=user_agent, at=at, allow=tuple(allow), deadline=deadline)
    filer = filer or Filer()
    round_ = Polled(asked=len(requests))
    for batch in _batches(_answers(ask(requests), sources, ask)):
        round_ = _settle(batch, at, filer, round_)
    return round_


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of one source: a feed, or none when it was unchanged, or an error."""

    source: Source
    outcome: Outcome
    feed: Feed | None
    error: str


def _answers(outcomes: Iterable[Outcome], sources: dict[int, Source], ask: Ask) -> Iterator[_Answer]:
    """The answers as they come; those of sitemap indexes at the end, with what their newest sitemaps hold."""
    indexes = []
    for outcome in outcomes:
        answer = _read(outcome, sources[outcome.key])
        if answer.feed and answer.feed.parts:
            indexes.append(answer)
        else:
            yield answer
    requests = [
        Request(number, part)
        for number, index in enumerate(indexes)
        for part in (index.feed.parts if index.feed else ())
    ]
    read: dict[int, list[_Answer]] = {number: [] for number in range(len(indexes))}
    for outcome in ask(requests) if requests else ():
        read[outcome.key].append(_read(outcome, indexes[outcome.key].source))
    for number, parts in read.items():
        yield _joined(indexes[number], parts)


def _read(outcome: Outcome, source: Source) -> _Answer:
    if outcome.status != 200 or outcome.error:
        return _Answer(source, outcome, None, outcome.error)
    try:
        feed = open_feed(outcome.body, outcome.url, outcome.content_type, name=source.name)
    except Refused as refusal:
        return _Answer(source, outcome, None, str(refusal))
    return _Answer(source, replace(outcome, body=b""), feed, "")


def _joined(index: _Answer, parts: list[_Answer]) -> _Answer:
    feeds = [part.feed for part in parts if part.feed]
    if not feeds:
        why = parts[0].error if parts else "It names no sitemap."
        return replace(index, feed=None, error=f"None of its sitemaps could be read: {why}")
    items = tuple(item for feed in feeds for item in feed.items)
    feed = replace(feeds[0], items=items, skipped=sum(feed.skipped for feed in feeds))
    # An index may stay the same while its sitemaps change, so it is never asked for on condition.
    return replace(index, feed=feed, outcome=replace(index.outcome, etag="", last_modified=""))


def _claim(at: dt.datetime) -> dict[int, Source]:
    """The sources that are due, put off by their interval at once, so that a second round does not ask them too.
    A round that dies costs its sources that interval and nothing else. Those that have failed come last: of one
    host's feeds the good ones do not wait for the others."""
    with transaction.atomic():
        due = _due(at).select_for_update().order_by("failures", "next_due_at", "pk")
        sources = {source.pk: source for source in due}
        for interval in {source.interval for source in sources.values()}:
            asked = [source.pk for source in sources.values() if source.interval == interval]
            next_due_at = at + dt.timedelta(seconds=interval)
            Source.objects.filter(pk__in=asked).update(next_due_at=next_due_at, last_asked_at=at)
    return sources


def _batches(answers: Iterable[_Answer]) -> Iterator[list[_Answer]]:
    """The answers a few at a time: filing has a price for each batch that many small feeds would pay many times."""
    batch: list[_Answer] = []
    items = 0
    for answer in answers:
        batch.append(answer)
        items += len(answer.feed.items) if answer.feed else 0
        if items >= BATCH or len(batch) >= _MOST_TOGETHER:
            yield batch
            batch, items = [], 0
    if batch:
        yield batch


def _settle(batch: list[_Answer], at: dt.datetime, filer: Filer, so_far: Polled) -> Polled:
    filed = filer.file((item for answer in batch if answer.feed for item in answer.feed.items), at)
    fresh = _first_seen(batch, at)
    for answer in batch:
        if answer.error:
            _failed(answer.source, answer.outcome, answer.error, at)
        else:
            new = len(fresh & _keys(answer)) if answer.feed else 0
            _went_well(answer.source, answer.outcome, answer.feed, new, at)
    return replace(
        so_far,
        failed=(*so_far.failed, *(f"{one.source.name}: {one.error}" for one in batch if one.error)),
        unchanged=so_far.unchanged + sum(one.outcome.status == 304 for one in batch),
        filed=so_far.filed + filed,
        skipped=so_far.skipped + sum(one.feed.skipped for one in batch if one.feed),
    )


def _first_seen(batch: list[_Answer], at: dt.datetime) -> set[str]:
    """The keys of the articles that this batch brought."""
    keys = set().union(*(_keys(answer) for answer in batch))
    fresh: set[str] = set()
    ordered = sorted(keys)
    for start in range(0, len(ordered), BATCH):
        found = Article.objects.filter(url_key__in=ordered[start : start + BATCH], first_seen_at=at)
        fresh.update(found.values_list("url_key", flat=True))
    return fresh


def _keys(answer: _Answer) -> set[str]:
    keys = set()
    for item in answer.feed.items if answer.feed else ():
        with suppress(AddressError):
            keys.add(url_key(item.url))
    return keys


def _went_well(source: Source, outcome: Outcome, feed: Feed | None, new: int, at: dt.datetime) -> None:
    interval = dt.timedelta(seconds=source.interval)
    if source.last_good_at:  # all of a first answer is new, which says nothing of its pace
        interval = next_interval(interval, new, len(feed.items) if feed else 0)
    wait = wait_after(interval, feed.ttl if feed else None, outcome.fresh_for)
    fields: dict[str, object] = {
        "last_good_at": at,
        "next_due_at": at + max(wait, outcome.retry_after or wait),
        "interval": round(interval.total_seconds()),
        "failures": 0,
        "last_error": "",
        **where_it_moves(source, outcome.moved_to, at),
    }
    if outcome.status == 200:
        # A validator too long to keep is as good as none.
        fields["etag"] = outcome.etag if len(outcome.etag) <= 500 else ""
        fields["last_modified"] = outcome.last_modified if len(outcome.last_modified) <= 100 else ""
    _as_it_was_asked(source).update(**fields)


def _failed(source: Source, outcome: Outcome, error: str, at: dt.datetime) -> None:
    """Each failure doubles the wait; 410 Gone (RFC 9110, section 15.5.11) ends the asking. A pause that an editor
    asked for meanwhile stays."""
    failures = source.failures + 1
    wait = back_off(dt.timedelta(seconds=source.interval), failures)
    fields: dict[str, object] = {
        "failures": failures,
        "last_error": error[:500],
        "next_due_at": at + max(wait, outcome.retry_after or wait),
    }
    if outcome.status == 410:
        fields |= {"active": False, "retired_at": at}
    _as_it_was_asked(source).update(**fields)


def _as_it_was_asked(source: Source) -> QuerySet[Source]:
    """The source, unless somebody has given it another feed while this one was being read."""
    return Source.objects.filter(pk=source.pk, feed_url=source.feed_url)


def _due(at: dt.datetime) -> QuerySet[Source]:
    polled = Source.objects.filter(active=True, feed_url__isnull=False).exclude(feed_url="")
    return polled.filter(Q(next_due_at=None) | Q(next_due_at__lte=at))


def sources_due(at: dt.datetime) -> bool:
    """Whether a round at `at` would ask anybody."""
    return _due(at).exists()
