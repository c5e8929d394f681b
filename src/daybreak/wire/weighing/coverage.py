"""Whom the wire listens to: big outlets, outlets' homes, and stories that are strong at home and absent elsewhere.

Pure. Nothing here is a list of names: what is big, and where an outlet is at home, is read off the wire itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from daybreak.wire.facts.regions import region_of
from daybreak.wire.weighing.ranking import Sighting, places_told

K = TypeVar("K", bound=Hashable)

SHARED = 3  # independent outlets that make a story a shared one
CARRIED = 0.8  # of the shared stories, that the big outlets carry between them
AT_HOME = 2  # independent outlets of the story's own region
LEAST, MOSTLY = 5, 0.4  # articles with a country, and the share of one country, that tell an outlet's home


@dataclass(frozen=True, slots=True)
class UnderCovered(Generic[K]):
    """A story that the outlets `at_home` in its `region` tell and no big outlet does."""

    story: K
    region: str
    at_home: tuple[str, ...]


def big_outlets(stories: Iterable[Sequence[Sighting]]) -> tuple[str, ...]:
    """The fewest outlets, taken by how much they carry, that between them carry most (CARRIED) of the shared stories."""
    shared = [outlets for of in stories if len(outlets := _independent(of)) >= SHARED]
    carried = Counter(outlet for outlets in shared for outlet in outlets)
    big: list[str] = []
    for outlet, _ in sorted(carried.items(), key=lambda pair: (-pair[1], pair[0])):
        if sum(not outlets.isdisjoint(big) for outlets in shared) >= CARRIED * len(shared):
            break
        big.append(outlet)
    return tuple(big)


def homes_of(sightings: Iterable[Sighting]) -> dict[str, str]:
    """The country of each outlet: its own when known, else the one that it tells of most, if it clearly does."""
    own: dict[str, str] = {}
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for sighting in sightings:
        if sighting.country:
            own[sighting.outlet] = sighting.country
        elif sighting.places:
            told[sighting.outlet][sighting.places[0]] += 1
    for outlet, countries in told.items():
        country, number = countries.most_common(1)[0]
        if number >= LEAST and number >= MOSTLY * countries.total():
            own.setdefault(outlet, country)
    return own


def under_covered(
    stories: Mapping[K, Sequence[Sighting]], big: Iterable[str], homes: Mapping[str, str]
) -> list[UnderCovered[K]]:
    """The stories that AT_HOME outlets of the region that they are about tell, and none of the big ones; those with
    the most outlets at home first."""
    left = set(big)
    found = []
    for story, sightings in stories.items():
        places = places_told(sightings)
        region = region_of(places[0]) if places else ""
        outlets = _independent(sightings)
        at_home = {outlet for outlet in outlets if region and region_of(homes.get(outlet, "")) == region}
        if len(at_home) >= AT_HOME and not outlets & left:
            found.append(UnderCovered(story, region, tuple(sorted(at_home))))
    return sorted(found, key=lambda one: -len(one.at_home))


def regions_told(sightings: Iterable[Sighting]) -> Counter[str]:
    """How many articles tell first of each region; copies and those that tell of none are left out."""
    firsts = (region_of(one.places[0]) for one in sightings if one.places and not one.copy)
    return Counter(region for region in firsts if region)


def _independent(sightings: Sequence[Sighting]) -> set[str]:
    return {sighting.outlet for sighting in sightings if not sighting.copy}
