"""How much a story asks to be told, and why, in words. Pure: sightings and an instant in, a score out.

A night's budget is led by what many independent outlets, in many countries, report now. Copies of one text are
one voice. What a single outlet has, and service copy (sport, pastime, gadgets, share tips),
sinks.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

HALF_LIFE = 18.0  # hours after its latest article until a story is worth half
GROWTH = dt.timedelta(hours=2)
_SOFT_SECTIONS = frozenset(
    """sport sports cricket football soccer nfl nba mlb nhl ipl tennis golf rugby f1 formula1 motorsport olympics
    entertainment celebrity celebrities movies movie film films tv television music bollywood hollywood tollywood
    showbiz lifestyle life-style fashion beauty food recipes travel horoscope horoscopes astrology puzzles games
    gaming crossword wordle gadgets deals reviews auto cars photos gallery videos web-stories trending viral""".split()
)
_SOFT_WORDS = re.compile(
    r"\b(ipl|t20|odi|wickets?|innings|batsman|bowler|premier league|champions league|la liga|serie a|grand prix|nba|nfl|"
    r"mlb|nhl|playoffs?|wimbledon|semi-?finals?|quarter-?finals?|touchdowns?|wordle|horoscopes?|zodiac|crossword|"
    r"box office|trailer|bollywood|red carpet|met gala|kardashian|recipe|lottery|powerball|your stars|smartphones?|"
    r"iphones?|galaxy [a-z]?\d+|redmi|oneplus|xiaomi|playstation|xbox|nintendo|share price|price target|grey market|"
    r"stocks? to (?:buy|watch)|q[1-4] (?:results?|net|profit|consolidated))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One article of a story, as far as ranking needs it. `country` is ISO 3166-1 alpha-2 or ""."""

    outlet: str
    country: str
    published: dt.datetime
    title: str
    url: str
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """A story's place: a higher `score` leads; `reasons` are its grounds in words; `outlets` are independent ones."""

    score: float
    reasons: tuple[str, ...]
    outlets: int


def rank(sightings: Sequence[Sighting], at: dt.datetime) -> Ranking:
    """Rank one story of at least one sighting, as seen at the instant `at` (aware UTC).

    Score: log2(1 + independent outlets), raised for further countries, copies and growth; then halved for each
    HALF_LIFE since the latest article, halved again for a single outlet, and cut for service copy.
    """
    independent = [sighting for sighting in sightings if not sighting.copy]
    outlets = len({sighting.outlet for sighting in independent}) or 1
    countries = len({sighting.country for sighting in independent} - {""})
    copies = len(sightings) - len(independent)
    lately = sum(1 for sighting in sightings if at - GROWTH < sighting.published <= at)
    score = math.log2(1 + outlets) + 0.25 * (min(max(countries, 1), 5) - 1)
    score += 0.15 * math.log2(1 + copies) + 0.3 * math.log2(1 + lately)
    latest = max(sighting.published for sighting in sightings)
    score *= 0.5 ** (max(0.0, (at - latest).total_seconds()) / 3600.0 / HALF_LIFE)
    soft = sum(map(is_soft, sightings)) / len(sightings)
    score *= (0.5 if outlets == 1 else 1.0) * (1.0 - 0.75 * soft)
    reasons = [_outlets_in_words(outlets, countries), _first_in_words(sightings, at)]
    if lately >= 3 and _quickening(sightings, lately, at):
        reasons.append(f"quickening: {lately} in the last 2 hours")
    if copies:
        reasons.append(f"{copies} {'copy' if copies == 1 else 'copies'} not counted")
    if soft >= 0.5:
        reasons.append("service copy: sport, pastime, gadgets or share tips")
    return Ranking(round(score, 4), tuple(reasons), outlets)


def is_soft(sighting: Sighting) -> bool:
    """Whether the section in its address, or a telling word in its title, makes an article service copy."""
    try:
        parts = urlsplit(sighting.url.lower())
        sections = {*(parts.hostname or "").split("."), *parts.path.split("/")[:-1]}
    except ValueError:
        sections = set()
    return bool(sections & _SOFT_SECTIONS) or _SOFT_WORDS.search(sighting.title) is not None


def _quickening(sightings: Sequence[Sighting], lately: int, at: dt.datetime) -> bool:
    """Whether the last hours brought more than twice the articles that the story's pace before would have."""
    earlier = [sighting.published for sighting in sightings if sighting.published <= at - GROWTH]
    if not earlier:
        return True
    spans = max((at - GROWTH - min(earlier)) / GROWTH, 1.0)
    return lately > 2 * len(earlier) / spans


def _outlets_in_words(outlets: int, countries: int) -> str:
    voices = "1 outlet only" if outlets == 1 else f"{outlets} independent outlets"
    return f"{voices} in {countries} countries" if countries > 1 else voices


def _first_in_words(sightings: Sequence[Sighting], at: dt.datetime) -> str:
    first = min(sighting.published for sighting in sightings)
    day = "" if first.date() == at.date() else f"{first.day} {first:%b} "
    return f"first {day}{first:%H:%M} UTC"
