"""Who may read: one pure decision for the web, the mail, the feeds and the audio alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from daybreak.circulation.models import Period, Reader
from daybreak.common.clock import long_date, weekday_date
from daybreak.common.zones import zone_of

Kind = Literal["trial", "subscription", "comp"]
Reason = Literal["trial", "subscription", "comp", "staff", "lapsed", "unconfirmed", "visitor"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of entitlement [starts_at, ends_at), aware UTC; without an end it lasts until further notice."""

    kind: Kind
    starts_at: dt.datetime
    ends_at: dt.datetime | None = None

    def holds(self, at: dt.datetime) -> bool:
        """Whether `at` lies inside."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Whether somebody may read and why. `until` is when that ends, or ended; None when it does not or never was."""

    allowed: bool
    reason: Reason
    until: dt.datetime | None = None

    def sentence(self, zone: str) -> str:
        """What the reader is told, with days as they fall in `zone` (an IANA name)."""
        if self.until is None:
            return _WITHOUT_END[self.reason]
        # The end is outside the period: one that ends at midnight has its last moment on the day before.
        last = (self.until - dt.timedelta(microseconds=1)).astimezone(zone_of(zone))
        day = weekday_date(last)
        if self.reason == "trial":
            return f"Your trial ends on {day}. Nothing happens unless you subscribe."
        words = {
            "subscription": "Your subscription runs until",
            "comp": "You read with our compliments until",
        }
        return f"{words.get(self.reason, 'Your access ended on')} {long_date(last)}."


_WITHOUT_END: dict[Reason, str] = {
    "trial": "You are on trial. Nothing happens unless you subscribe.",
    "subscription": "Your subscription has no end date.",
    "comp": "You read with our compliments.",
    "staff": "You are signed in at the desk, so everything is open to you.",
    "lapsed": "You have no subscription at the moment.",
    "unconfirmed": "Your address is not confirmed yet: open the link in our mail, or type the code from it.",
    "visitor": "You are not signed in.",
}


def decide(spans: Iterable[Span], at: dt.datetime, *, confirmed: bool, staff: bool = False) -> Entitlement:
    """What the spans of one confirmed or unconfirmed reader allow at `at` (aware UTC).

    Of spans that hold together the one that lasts longest counts, and one that follows without a gap carries on.
    """
    if staff:
        return Entitlement(True, "staff")
    if not confirmed:
        return Entitlement(False, "unconfirmed")
    in_order = sorted(spans, key=_end)
    holding = [span for span in in_order if span.holds(at)]
    if not holding:
        ended = [span.ends_at for span in in_order if span.ends_at is not None and span.ends_at <= at]
        return Entitlement(False, "lapsed", max(ended, default=None))
    last = holding[-1]
    for span in in_order:
        if _end(span) > _end(last) and last.ends_at is not None and span.starts_at <= last.ends_at:
            last = span
    return Entitlement(True, last.kind, last.ends_at)


def _end(span: Span) -> tuple[dt.datetime, int]:
    """The order of lasting; of two that end together, what was paid for names the reason."""
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    return span.ends_at or never, ("trial", "comp", "subscription").index(span.kind)


def entitlement_of(reader: Reader | None, at: dt.datetime, *, staff: bool = False) -> Entitlement:
    """What `reader` may read at `at`; None is a visitor. Reads `reader.periods`, prefetched or not."""
    if reader is None:
        return Entitlement(True, "staff") if staff else Entitlement(False, "visitor")
    spans = (Span(period.kind, period.starts_at, period.ends_at) for period in reader.periods.all())  # type: ignore[arg-type]
    return decide(spans, at, confirmed=reader.confirmed_at is not None, staff=staff)


def entitled_readers(at: dt.datetime) -> QuerySet[Reader]:
    """Every reader whom `decide` lets read at `at`, whether or not they take the mail: the same rule, said in SQL."""
    holding = Period.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=at), reader=OuterRef("pk"), starts_at__lte=at
    )
    return Reader.objects.filter(Exists(holding), confirmed_at__isnull=False)
