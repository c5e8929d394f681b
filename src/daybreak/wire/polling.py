"""The round of the feeds: those that are due are asked, filed, and told when they are due next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Q, QuerySet

from daybreak.common.refusal import Refused
from daybreak.wire.fetching import DEADLINE, Outcome, Request, fetch
from daybreak.wire.filing import Filed, Filer
from daybreak.wire.models import Source
from daybreak.wire.moving import where_it_moves
from daybreak.wire.pacing import back_off, next_interval, wait_after
from daybreak.wire.reading import Feed, open_feed


@dataclass(frozen=True, slots=True)
class Polled:
    """One round: sources asked, of them unchanged since last time, and failed; what was filed; entries skipped."""

    asked: int = 0
    unchanged: int = 0
    failed: tuple[str, ...] = ()
    filed: Filed = field(default_factory=Filed)
    skipped: int = 0


def poll(
    at: dt.datetime, *, user_agent: str, allow: Iterable[str] = (), deadline: float = DEADLINE
) -> Polled:
    """Ask every active source whose feed is due at `at` (aware UTC) and file what is new.

    A failure is a sentence in the source's `last_error` and a longer wait; it never holds up the others. `allow`
    names private endpoints (“127.0.0.1:8080”) that may be asked; `deadline` is in seconds.
    """
    sources = _claim(at)
    requests = [
        Request(source.pk, source.feed_url or "", source.etag, source.last_modified)
        for source in sources.values()
    ]
    filer = Filer()
    round_ = Polled(asked=len(requests))
    for outcome in fetch(requests, user_agent=user_agent, at=at, allow=allow, deadline=deadline):
        round_ = _settle(sources[outcome.key], outcome, at, filer, round_)
    return round_


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


def _settle(source: Source, outcome: Outcome, at: dt.datetime, filer: Filer, so_far: Polled) -> Polled:
    error = outcome.error
    feed, filed = None, Filed()
    if outcome.status == 200:
        try:
            feed = open_feed(outcome.body, outcome.url, outcome.content_type, name=source.name)
            filed = filer.file(feed.items, at)
        except Refused as refusal:
            error = str(refusal)
    if error:
        _failed(source, outcome, error, at)
        return replace(so_far, failed=(*so_far.failed, f"{source.name}: {error}"))
    _went_well(source, outcome, feed, filed.new, at)
    return replace(
        so_far,
        unchanged=so_far.unchanged + (outcome.status == 304),
        filed=so_far.filed + filed,
        skipped=so_far.skipped + (feed.skipped if feed else 0),
    )


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
