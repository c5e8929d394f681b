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
from daybreak.wire.reading import open_feed

_LONGEST_BACK_OFF = dt.timedelta(hours=24)


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
    A round that dies costs its sources that interval and nothing else."""
    with transaction.atomic():
        sources = {source.pk: source for source in _due(at).select_for_update()}
        for interval in {source.interval for source in sources.values()}:
            asked = [source.pk for source in sources.values() if source.interval == interval]
            Source.objects.filter(pk__in=asked).update(next_due_at=at + dt.timedelta(seconds=interval))
    return sources


def _settle(source: Source, outcome: Outcome, at: dt.datetime, filer: Filer, so_far: Polled) -> Polled:
    error = outcome.error
    filed, skipped = Filed(), 0
    if outcome.status == 200:
        try:
            feed = open_feed(outcome.body, outcome.url, outcome.content_type, name=source.name)
            filed, skipped = filer.file(feed.items, at), feed.skipped
        except Refused as refusal:
            error = str(refusal)
    if error:
        _failed(source, outcome, error, at)
        return replace(so_far, failed=(*so_far.failed, f"{source.name}: {error}"))
    _went_well(source, outcome, at)
    return replace(
        so_far,
        unchanged=so_far.unchanged + (outcome.status == 304),
        filed=so_far.filed + filed,
        skipped=so_far.skipped + skipped,
    )


def _went_well(source: Source, outcome: Outcome, at: dt.datetime) -> None:
    wait = max(dt.timedelta(seconds=source.interval), outcome.retry_after or dt.timedelta(0))
    fields: dict[str, object] = {
        "last_good_at": at,
        "next_due_at": at + wait,
        "failures": 0,
        "last_error": "",
    }
    if outcome.status == 200:
        # A validator too long to keep is as good as none.
        fields["etag"] = outcome.etag if len(outcome.etag) <= 500 else ""
        fields["last_modified"] = outcome.last_modified if len(outcome.last_modified) <= 100 else ""
    Source.objects.filter(pk=source.pk).update(**fields)


def _failed(source: Source, outcome: Outcome, error: str, at: dt.datetime) -> None:
    """Each failure doubles the wait, up to a day; 410 Gone (RFC 9110, section 15.5.11) ends the asking."""
    failures = source.failures + 1
    back_off = min(dt.timedelta(seconds=source.interval) * 2 ** min(failures, 12), _LONGEST_BACK_OFF)
    Source.objects.filter(pk=source.pk).update(
        failures=failures,
        last_error=error[:500],
        next_due_at=at + max(back_off, outcome.retry_after or dt.timedelta(0)),
        active=outcome.status != 410,
    )


def _due(at: dt.datetime) -> QuerySet[Source]:
    polled = Source.objects.filter(active=True, feed_url__isnull=False).exclude(feed_url="")
    return polled.filter(Q(next_due_at=None) | Q(next_due_at__lte=at))


def sources_due(at: dt.datetime) -> bool:
    """Whether a round at `at` would ask anybody."""
    return _due(at).exists()
