"""Corrections by mail: a row for each reader who was handed the error, and for nobody else.

Whoever was handed a press run older than the correction has the error if the brief in that run is not what it is
now: a brief that was added later, or was right at first, brought no error to those who have the earlier run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from daybreak.circulation.models import Reader
from daybreak.delivery.inserting import NOTHING, Wave, insert_rows
from daybreak.delivery.mending.settling import in_doubt_since_restore, restored_at
from daybreak.delivery.models import Delivery
from daybreak.desk.editions import manuscript_of
from daybreak.desk.models import Correction, Edition
from daybreak.press.models import PressRun

State = Delivery.State
# A correction is for those who still have the error in mind: what could not leave within a day stays on the page.
LIFE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A correction that goes by mail, in numbers: how many are owed it and how many rows are in each state."""

    correction: Correction
    owed: int
    states: dict[str, int]

    @property
    def handed_over(self) -> int:
        """How many have the correction."""
        return self.states.get(State.HANDED_OVER, 0)

    @property
    def waiting(self) -> int:
        """How many mails are due or claimed."""
        return self.states.get(State.DUE, 0) + self.states.get(State.CLAIMED, 0)

    @property
    def in_doubt(self) -> int:
        """How many mails may or may not have arrived."""
        return self.states.get(State.IN_DOUBT, 0)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values and instants."""
        told = self.correction
        return {"slug": told.slug, "note": told.note, "by": told.by, "at": told.at, "states": self.states}


def readers_with_the_error(edition: Edition, slug: str) -> QuerySet[Delivery]:
    """The ledger's rows that brought what the desk's copy of a brief ("" for any of them) now says otherwise."""
    return _handed_over(edition, _wrong_runs(edition, slug, manuscript_of(edition).to_json()))


def plan_corrections(at: dt.datetime) -> int:
    """Make a row, due at once, for everybody who has an error whose correction is printed; how many were made.

    Asked again it finds those who were handed the error meanwhile, and makes no row twice.
    """
    return sum(_plan(correction, owed, at) for correction, owed in _owed(at))


def corrections_due(at: dt.datetime) -> bool:
    """Whether planning corrections at `at` would make a row."""
    return any(owed.exists() for _, owed in _owed(at))


def correction_lines(edition: Edition) -> list[CorrectionLine]:
    """The edition's corrections by mail, the first first."""
    rows = Delivery.objects.filter(edition=edition, correction__isnull=False).order_by()
    counted: dict[int, dict[str, int]] = {}
    for key, state, number in rows.values_list("correction", "state").annotate(Count("pk")):
        counted.setdefault(key, {})[state] = number
    return [
        CorrectionLine(each, sum(counted.get(each.pk, {}).values()), counted.get(each.pk, {}))
        for each in edition.corrections.filter(by_mail=True)
    ]


def _owed(at: dt.datetime) -> Iterator[tuple[Correction, QuerySet[Reader]]]:
    """Each correction that is printed and not too old, with the readers who have the error and no row for it."""
    for correction in Correction.objects.filter(by_mail=True, at__gt=at - LIFE).select_related("edition"):
        right = PressRun.objects.filter(edition=correction.edition, approved_at=correction.at).first()
        if right is None:
            continue
        wrong = _wrong_runs(correction.edition, correction.slug, right.manuscript, before=correction.at)
        has_it = _handed_over(correction.edition, wrong).filter(reader=OuterRef("pk"))
        told = Delivery.objects.filter(correction=correction, reader=OuterRef("pk"))
        readers = Reader.objects.filter(Exists(has_it), ~Exists(told), mail_stopped_at__isnull=True)
        yield correction, readers


def _plan(correction: Correction, owed: QuerySet[Reader], at: dt.datetime) -> int:
    now = Wave(at, correction.at + LIFE)
    hours = owed.values_list("time_zone", "delivery_time").order_by().distinct()
    waves = dict.fromkeys(hours, now)
    restored = restored_at()
    gone = restored is not None and correction.at <= restored
    facts = in_doubt_since_restore(correction.edition) if gone else NOTHING
    return insert_rows(correction.edition, owed, waves, correction, facts) if waves else 0


def _handed_over(edition: Edition, runs: list[int]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(edition=edition, correction=None, state=State.HANDED_OVER, run__in=runs)


def _wrong_runs(
    edition: Edition, slug: str, right: dict[str, Any], before: dt.datetime | None = None
) -> list[int]:
    """The runs approved `before` whose brief `slug` is there and is not as in the `right` manuscript."""
    runs = PressRun.objects.filter(edition=edition, **({"approved_at__lt": before} if before else {}))
    if not slug:
        return list(runs.values_list("pk", flat=True))
    correct = _brief_in(right, slug)
    wrong = ((run.pk, _brief_in(run.manuscript, slug)) for run in runs)
    return [pk for pk, printed in wrong if printed is not None and printed != correct]


def _brief_in(manuscript: dict[str, Any], slug: str) -> dict[str, Any] | None:
    briefs = (brief for section in manuscript.get("sections", ()) for brief in section["briefs"])
    return next((brief for brief in briefs if brief["slug"] == slug), None)
