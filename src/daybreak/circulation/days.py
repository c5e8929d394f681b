"""The days of the week on which a reader wants the paper, hostile until parsed.

They are kept as one number, a bit for each day: Monday 1, Tuesday 2, … Friday 16; all of them 31.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from daybreak.common.refusal import Refused

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
EVERY_DAY = 0b11111


def parse_days(text: str) -> int:
    """The days named in `text`, in full or by three letters or more. Raises Refused for none, or one that is none."""
    days = 0
    for word in re.split(r"[\s,;/+]+", text.strip()):
        days |= _day(word)
    return days


def bit_of(day: dt.date) -> int:
    """The bit of the day of the week of `day`; 0 on a weekend, when there is no paper."""
    return (1 << day.weekday()) & EVERY_DAY


def names_of(days: int) -> tuple[str, ...]:
    """The days in full, in the order of the week."""
    return tuple(name for place, name in enumerate(NAMES) if days >> place & 1)


def written(days: int) -> str:
    """The days as a file has them: “Mon Wed Fri”; `parse_days` reads it back."""
    return " ".join(name[:3] for name in names_of(days))


def said(days: int) -> str:
    """When the paper comes, for a sentence: “on weekdays”, or “on Mondays, Wednesdays and Fridays”."""
    return "on weekdays" if days == EVERY_DAY else "on " + _listed(f"{name}s" for name in names_of(days))


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _day(word: str) -> int:
    name = word.capitalize()
    for place, each in enumerate(NAMES):
        if len(name) >= 3 and each.startswith(name):
            return 1 << place
    if not word:
        raise Refused("Choose at least one day; to have no mail for a while, pause it.")
    raise Refused(f"“{word[:20]}” is no day with a paper: write Mon, Tue, Wed, Thu or Fri.")
