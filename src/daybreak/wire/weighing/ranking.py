"""How much a story asks to be told, and why, in words. Pure: sightings and an instant in, a score out.

A night's budget is led by what independent outlets report now, of places that the wire does not tell of all day
long, on the pages where outlets print the world, in the words of public affairs. Copies of one text are one voice.
Service copy (sport, pastime, gadgets, share tips), news of the wire's own backyard, and yesterday's sink.

The score is a product of these five and of three small ones: for a quickening story, and against what one outlet
alone has or what is mere comment. The strengths of the five were found by a logistic model over nights of which it is
known what an encyclopedia recorded, and rounded; `bench/ranking.py` says what they are worth.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daybreak.wire.weighing.newsiness import is_comment, newsiness, on_foreign_pages

GROWTH = dt.timedelta(hours=2)
AGE, FADING = 12.0, 2.2  # hours; the power with which a story fades
FOREIGN = 4.0  # times as much, printed as news of the world by all
NEWS = 0.25  # of the log-odds of being news
BACKYARD = 4.0  # how steeply a country's share of the wire weighs its news down
QUICKENING = 1.2
ALONE = 0.7  # of what only one outlet has
COMMENT = 0.5  # of what is all comment
FEW = 30  # articles with a country: on a smaller wire shares say little
TOLD = 0.25  # the least share of a story's articles that tell of a country it is about


@dataclass(frozen=True, slots=True)
class Sighting:
    """One article of a story, as far as ranking needs it. `country` (of the outlet) is ISO 3166-1 alpha-2 or "";
    `places` are the countries it tells of, the most telling first; `opening` is how its text begins."""

    outlet: str
    country: str
    published: dt.datetime
    title: str
    url: str
    copy: bool = False
    opening: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """A story's place: a higher `score` leads; `reasons` are its grounds in words; `outlets` are independent ones;
    `places` are the countries it is about, the most telling first."""

    score: float
    reasons: tuple[str, ...]
    outlets: int
    places: tuple[str, ...] = ()


def rank(
    sightings: Sequence[Sighting], at: dt.datetime, shares: Mapping[str, float] | None = None
) -> Ranking:
    """Rank one story of at least one sighting, as seen at the instant `at` (aware UTC).

    `shares` says how much of the wire tells of each country (`shares_of`). Score: independent outlets and one, divided
    by its age in AGE hours and one, to the power FADING; times FOREIGN as far as it is printed on world pages, times
    e to the NEWS of what its words say, divided by e to the BACKYARD of its first country's share; then the small ones.
    """
    shares = shares or {}
    independent = [sighting for sighting in sightings if not sighting.copy] or list(sightings)
    outlets = len({sighting.outlet for sighting in independent})
    news = sum(_news(sighting) for sighting in independent) / len(independent)
    foreign = sum(on_foreign_pages(sighting.url) for sighting in independent) / len(independent)
    places = places_told(sightings)
    share = shares.get(places[0], 0.0) if places else max(shares.values(), default=0.0)
    latest = max(sighting.published for sighting in sightings)
    age = max(0.0, (at - latest).total_seconds()) / 3600.0
    quickening = _quickening(sightings, at)
    score = (1 + outlets) / (1.0 + age / AGE) ** FADING
    score *= FOREIGN**foreign * math.exp(NEWS * news - BACKYARD * share) * (QUICKENING if quickening else 1.0)
    comment = sum(is_comment(sighting.title, sighting.url) for sighting in independent) / len(independent)
    score *= (ALONE if outlets == 1 else 1.0) * COMMENT**comment
    reasons = [_outlets_in_words(independent)]
    if quickening:
        reasons.append(f"quickening: {quickening} in the last 2 hours")
    if copies := len(sightings) - len(independent):
        reasons.append(f"{copies} {'copy' if copies == 1 else 'copies'} not counted")
    if foreign >= 0.5:
        reasons.append("printed as world news")
    if comment >= 0.5:
        reasons.append("mostly comment")
    if news <= -1.0:
        reasons.append("reads like service copy: sport, pastime, gadgets or share tips")
    elif news >= 2.0:
        reasons.append("public affairs")
    if places and share >= 0.15:
        reasons.append(f"home news: {share:.0%} of this wire tells of its country")
    return Ranking(round(score, 4), tuple(reasons), outlets, places)


def shares_of(sightings: Iterable[Sighting]) -> dict[str, float]:
    """How much of the wire tells of each country first, 0 to 1; FEW more articles are reckoned to tell of none."""
    told = Counter(sighting.places[0] for sighting in sightings if sighting.places)
    total = sum(told.values()) + FEW
    return {place: number / total for place, number in told.items()}


def places_told(sightings: Sequence[Sighting]) -> tuple[str, ...]:
    """The countries that a story is about: those a good part of its articles tells of, first ones counting twice."""
    told: Counter[str] = Counter()
    for sighting in sightings:
        for number, place in enumerate(sighting.places[:3]):
            told[place] += 1 if number else 2
    return tuple(place for place, number in told.most_common() if number >= 2 * TOLD * len(sightings))


def _news(sighting: Sighting) -> float:
    return newsiness(sighting.title, sighting.opening, sighting.url, sighting.outlet)


def _quickening(sightings: Sequence[Sighting], at: dt.datetime) -> int:
    """How many articles the last hours brought, when they are three or more, and more than twice what the story's
    pace before would have brought; else 0."""
    lately = sum(1 for sighting in sightings if at - GROWTH < sighting.published <= at)
    earlier = [sighting.published for sighting in sightings if sighting.published <= at - GROWTH]
    if lately < 3:
        return 0
    spans = max((at - GROWTH - min(earlier)) / GROWTH, 1.0) if earlier else 1.0
    return lately if lately > 2 * len(earlier) / spans else 0


def _outlets_in_words(independent: Sequence[Sighting]) -> str:
    outlets = len({sighting.outlet for sighting in independent})
    countries = len({sighting.country for sighting in independent} - {""})
    voices = "1 outlet only" if outlets == 1 else f"{outlets} independent outlets"
    return f"{voices} in {countries} countries" if countries > 1 else voices
