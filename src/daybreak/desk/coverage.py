"""What the paper tells of beside what the wire does, by region, and which stories the big outlets pass over."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass

from daybreak.desk.models import Brief
from daybreak.wire.facts.regions import REGIONS, regions_of
from daybreak.wire.stories import BudgetLine, budget_at, stories_at
from daybreak.wire.weighing.coverage import UnderCovered, big_outlets, homes_of, regions_told, under_covered
from daybreak.wire.weighing.ranking import places_told, shares_of

DAY = dt.timedelta(days=1)
REACH = 4  # days of the wire that outlets and stories are judged by
EDITIONS = 30  # days of the paper
SHOWN = 20
BACKYARD = 0.15  # of the wire: a country that it tells of so much is passed over by nobody
EVEN = 5  # per cent of the whole


@dataclass(frozen=True, slots=True)
class Meter:
    """A region's share of the wire and of the briefs, each in whole per cent, and what to make of them."""

    region: str
    wire: int
    briefs: int

    @property
    def words(self) -> str:
        """The comparison in words; shares less than EVEN apart, or within half and twice of each other, are even."""
        if not self.briefs and not self.wire:
            return "told by neither"
        if abs(self.briefs - self.wire) < EVEN:
            return "about even"
        if self.briefs * 2 < self.wire:
            return "told less than the wire tells"
        if self.wire * 2 < self.briefs:
            return "told more than the wire tells"
        return "about even"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A story with the outlets that have it at home."""

    line: BudgetLine
    found: UnderCovered[uuid.UUID]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The page: `articles` and `briefs` are what the meters count; `big` the outlets that are held against."""

    meters: tuple[Meter, ...]
    articles: int
    briefs: int
    big: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]


def coverage_at(at: dt.datetime) -> Coverage:
    """Coverage as it stands at `at` (aware UTC): a day of the wire, EDITIONS days of the paper."""
    stories = {
        story: [row.sighting for row in rows] for story, rows in stories_at(at, at - REACH * DAY).items()
    }
    everything = [sighting for of in stories.values() for sighting in of]
    wire = regions_told(sighting for sighting in everything if at - DAY < sighting.published <= at)
    briefs = _briefs(at)
    big = big_outlets(stories.values())
    rare = {place for place, share in shares_of(everything).items() if share < BACKYARD}
    candidates = {story: of for story, of in stories.items() if rare.intersection(places_told(of)[:1])}
    found = {one.story: one for one in under_covered(candidates, big, homes_of(everything))}
    lines = budget_at(at, hours=REACH * 24, only=found).lines if found else ()
    return Coverage(
        tuple(Meter(region, _share(wire, region), _share(briefs, region)) for region in REGIONS),
        wire.total(),
        briefs.total(),
        big,
        tuple(PassedOver(line, found[line.id]) for line in lines[:SHOWN]),
    )


def _briefs(at: dt.datetime) -> Counter[str]:
    """The briefs of the last editions by the first region that each is about."""
    places = Brief.objects.filter(
        edition__date__gt=(at - EDITIONS * DAY).date(), edition__date__lte=(at + DAY).date()
    ).values_list("places", flat=True)
    return Counter(regions[0] for of in places if (regions := regions_of(of)))


def _share(counts: Counter[str], region: str) -> int:
    return round(100 * counts[region] / counts.total()) if counts else 0
