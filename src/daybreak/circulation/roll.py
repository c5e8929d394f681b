"""The roll of readers, in and out: after an import each reader is what the file's row says, from `at` on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction
from django.db.models.functions import Lower

from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Period, Reader
from daybreak.circulation.plans import current_plan
from daybreak.circulation.preferences import hold
from daybreak.circulation.rollfile import RollKind, Row, open_roll
from daybreak.circulation.vacation import held_until
from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.common.statistics import has_grown

A_BATCH = 1000
_PERIOD_OF = {
    "trial": Period.Kind.TRIAL,
    "subscriber": Period.Kind.SUBSCRIPTION,
    "comp": Period.Kind.COMP,
}
SAID = (
    "name",
    "time_zone",
    "delivery_time",
    "delivery_days",
    "vacation_from",
    "vacation_until",
    "confirmed_at",
)
_ROLL_KIND: dict[str, RollKind] = {"trial": "trial", "subscription": "subscriber", "comp": "comp"}


@dataclass(slots=True)
class Report:
    """What became of a file's rows. `problems` are sentences that begin with their line's number."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)
    unused_columns: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        """How many rows were taken in."""
        return self.new + self.updated + self.unchanged


@dataclass(slots=True)
class Batch:
    """Rows of the database to write together."""

    readers: list[Reader] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    dropped: list[Period] = field(default_factory=list)


def import_readers(text: str, *, at: dt.datetime, by: str) -> Report:
    """Take the readers of a CSV file's `text` in at `at` (aware UTC); the publisher vouches, so they are confirmed.

    A row that cannot be used becomes a problem and the rest goes on. A new reader whose row has no kind starts a
    trial. Written in batches of 1,000 rows, each whole: after a kill, importing the file again completes it.
    Raises Refused when the header cannot be used.
    """
    roll = open_roll(text)
    report = Report(unused_columns=roll.unused)
    trial = dt.timedelta(days=current_plan().trial_days)
    rows = _each_address_once(_usable(roll.rows(), report), report)
    while some := list(islice(rows, A_BATCH)):
        with transaction.atomic():
            _take_in(some, at, trial, report)
    for table in (Reader, Period):
        has_grown(table, report.new + report.updated)
    counts = {"new": report.new, "updated": report.updated, "problems": len(report.problems)}
    note("readers imported", "the roll", by=by, at=at, **counts)
    return report


def export_readers(at: dt.datetime) -> Iterator[Row]:
    """Every confirmed reader as a row, as entitled at `at`; importing them again changes nothing.

    The unconfirmed are left out: nobody vouches for their addresses, and an import would.
    """
    readers = Reader.objects.filter(confirmed_at__isnull=False).prefetch_related("periods")
    for reader in readers.iterator(chunk_size=A_BATCH):
        entitlement = entitlement_of(reader, at)
        yield Row(
            email=reader.email,
            name=reader.name or None,
            time_zone=reader.time_zone,
            delivery_time=reader.delivery_time,
            delivery_days=reader.delivery_days,
            kind=_ROLL_KIND.get(entitlement.reason, "lapsed"),
            ends_at=entitlement.until,
            paused_until=held_until(reader, at),
        )


def _usable(rows: Iterator[tuple[int, Row | Refused]], report: Report) -> Iterator[tuple[int, Row]]:
    for line, row in rows:
        if isinstance(row, Row):
            yield line, row
        else:
            report.problems.append(f"line {line}: {row}")


def _each_address_once(rows: Iterable[tuple[int, Row]], report: Report) -> Iterator[tuple[int, Row]]:
    seen: dict[str, int] = {}
    for line, row in rows:
        first = seen.setdefault(row.email.lower(), line)
        if first == line:
            yield line, row
        else:
            report.problems.append(f"line {line}: {row.email} stands in line {first} already: take one out.")


def _take_in(rows: list[tuple[int, Row]], at: dt.datetime, trial: dt.timedelta, report: Report) -> None:
    addresses = [row.email.lower() for _, row in rows]
    known = {
        reader.email.lower(): reader
        for reader in Reader.objects.alias(lowered=Lower("email"))
        .filter(lowered__in=addresses)
        .prefetch_related("periods")
    }
    new, changed = Batch(), Batch()
    for line, row in rows:
        reader = known.get(row.email.lower())
        try:
            if reader is None:
                _enrol(row, at, trial, new)
                report.new += 1
            elif _change(reader, row, at, trial, changed):
                report.updated += 1
            else:
                report.unchanged += 1
        except Refused as refused:
            report.problems.append(f"line {line}: {refused}")
    _write(new, changed)


def _enrol(row: Row, at: dt.datetime, trial: dt.timedelta, batch: Batch) -> None:
    reader = Reader(email=row.email, created_at=at)
    _say(reader, row, at)
    periods, _ = settle([], reader, row.kind or "trial", row.ends_at, at, trial)
    batch.readers.append(reader)
    batch.periods += periods


def _change(reader: Reader, row: Row, at: dt.datetime, trial: dt.timedelta, batch: Batch) -> bool:
    """Put what `row` changes into the batch; whether it changes anything."""
    periods: list[Period] = []
    dropped: list[Period] = []
    if row.kind is not None:
        periods, dropped = settle(list(reader.periods.all()), reader, row.kind, row.ends_at, at, trial)
    said = _say(reader, row, at)
    if said:
        batch.readers.append(reader)
    batch.periods += periods
    batch.dropped += dropped
    return bool(said or periods or dropped)


def _say(reader: Reader, row: Row, at: dt.datetime) -> bool:
    before = _what_is_said(reader)
    reader.name = reader.name if row.name is None else row.name
    reader.time_zone = row.time_zone or reader.time_zone
    reader.delivery_time = reader.delivery_time if row.delivery_time is None else row.delivery_time
    reader.delivery_days = row.delivery_days or reader.delivery_days
    if row.paused_until is not None:
        for name, value in hold(reader, row.paused_until, at).items():
            setattr(reader, name, value)
    reader.confirmed_at = reader.confirmed_at or at
    return before != _what_is_said(reader)


def _what_is_said(reader: Reader) -> tuple[object, ...]:
    return tuple(getattr(reader, name) for name in SAID)


def settle(
    periods: list[Period],
    reader: Reader,
    kind: RollKind,
    ends_at: dt.datetime | None,
    at: dt.datetime,
    trial: dt.timedelta,
) -> tuple[list[Period], list[Period]]:
    """Which periods to write and which to drop, so that from `at` on the reader is of `kind` until `ends_at`.

    The period of that kind which holds is carried on, every other is cut off; without `ends_at` a trial lasts
    `trial`, anything else until further notice. An end that has passed means lapsed since then, whatever the kind.
    Pure but for changing `periods`. Raises Refused for a trial that was had, and a lapse in the future.
    """
    if kind == "lapsed" or (ends_at is not None and ends_at <= at):
        return _lapse(periods, reader, ends_at, at)
    wanted = _PERIOD_OF[kind]
    kept = next((p for p in periods if p.kind == wanted and (kind == "trial" or _holds(p, at))), None)
    if kind == "trial" and ends_at is None:
        ends_at = _end_of_trial(kept, at, trial)
    written, dropped = _cut([p for p in periods if p is not kept], at)
    if kept is None:
        written.append(Period(reader=reader, kind=wanted, starts_at=at, ends_at=ends_at))
    elif kept.ends_at != ends_at or kept.starts_at > at:
        kept.starts_at, kept.ends_at = min(kept.starts_at, at), ends_at
        written.append(kept)
    return written, dropped


def _lapse(
    periods: list[Period], reader: Reader, ends_at: dt.datetime | None, at: dt.datetime
) -> tuple[list[Period], list[Period]]:
    end = ends_at or at
    if end > at:
        raise Refused("a lapsed reader’s ends_at is yet to come: write subscriber, or leave it empty.")
    written, dropped = _cut(periods, end)
    left = [period for period in periods if period not in dropped]
    if not left or (ends_at is not None and all(period.ends_at != end for period in left)):
        # When it began is not known; the day before its end says that it was.
        began = end - dt.timedelta(days=1)
        written.append(Period(reader=reader, kind=Period.Kind.SUBSCRIPTION, starts_at=began, ends_at=end))
    return written, dropped


def _cut(periods: list[Period], end: dt.datetime) -> tuple[list[Period], list[Period]]:
    """End at `end` what goes beyond it; what would have begun only then is dropped."""
    beyond = [period for period in periods if period.ends_at is None or period.ends_at > end]
    dropped = [period for period in beyond if period.starts_at >= end]
    written = [period for period in beyond if period.starts_at < end]
    for period in written:
        period.ends_at = end
    return written, dropped


def _end_of_trial(had: Period | None, at: dt.datetime, trial: dt.timedelta) -> dt.datetime | None:
    if had is not None:
        if not _holds(had, at):
            raise Refused("this reader’s trial is over and does not start again: write ends_at to extend it.")
        return had.ends_at
    if not trial:
        raise Refused("the plan has no trial: write ends_at.")
    return at + trial


def _holds(period: Period, at: dt.datetime) -> bool:
    return period.starts_at <= at and (period.ends_at is None or at < period.ends_at)


def _write(new: Batch, changed: Batch) -> None:
    Reader.objects.bulk_create(new.readers)
    if changed.readers:
        # An upsert on the key: many times quicker than bulk_update’s CASE for each row and column.
        Reader.objects.bulk_create(
            changed.readers, update_conflicts=True, unique_fields=["id"], update_fields=SAID
        )
    Period.objects.filter(pk__in=[period.pk for period in changed.dropped]).delete()
    kept = [period for period in changed.periods if period.pk]
    if kept:
        Period.objects.bulk_create(
            kept, update_conflicts=True, unique_fields=["id"], update_fields=["starts_at", "ends_at"]
        )
    Period.objects.bulk_create(new.periods + [period for period in changed.periods if not period.pk])
