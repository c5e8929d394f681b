"""People and organisations that an article speaks of, by the shape of their names. For languages that write names, and
little else, with a capital."""

from __future__ import annotations

import re
from collections import Counter

MOST = 12  # names of one article
_READ = 3_000  # characters
_LONGEST = 60  # characters of a name
_RUN = re.compile(
    r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]*(?:\s(?:(?:of|the|for|and|de|del|da|dos|van|von|der|den|bin|bint|al|el|ibn|y|la|le)\s){0,2}"
    r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]*){1,4}|\b[A-Z]{2,6}\b"
)
_OPENERS = frozenset(
    """The A An In On At But And As If When While After Before For From With This That These Those It He She They We
    His Her Their Its What Who Why How Where Mr Mrs Ms Dr Sen Gov Rep Monday Tuesday Wednesday Thursday Friday Saturday
    Sunday January February March April May June July August September October November December Yet So Since Although
    Meanwhile Also Now Then There Here Former President Minister Prime""".split()
)
_NO_NAMES = frozenset(
    "US UK EU UN CEO TV AM PM GMT EST EDT IST COVID GDP AP AFP PTI ANI READ MORE LIVE NEW II III".split()
)
_CAPITALS_ARE_NAMES = frozenset("en es fr it pt nl ca ro pl cs sk hr sv da no fi tr id ms".split())


def names_in(title: str, text: str, language: str = "en") -> tuple[str, ...]:
    """Names of two words or more, and initials, most often used first; at most a dozen, each once.

    Read from `text`, since headlines may capitalise every word; none in languages that capitalise nouns or have no
    capitals. A name that is the end of a longer one (“Guterres” of “António Guterres”) is counted with it.
    """
    if language and language.split("-")[0] not in _CAPITALS_ARE_NAMES:
        return ()
    counted: Counter[str] = Counter()
    for line in text[:_READ].split("\n"):
        for match in _RUN.finditer(line):
            if name := _trimmed(match[0]):
                counted[name] += 1 + (name in title)
    return tuple(name for name, _ in counted.most_common(MOST))


def _trimmed(run: str) -> str:
    """A run of capitals without the words that only open a sentence or a title; "" when no name is left."""
    words = run.removesuffix("’s").removesuffix("'s").split()
    while words and words[0] in _OPENERS:
        words = words[1:]
    while words and words[-1] in _OPENERS:
        words = words[:-1]
    name = " ".join(words)
    # One word is a name only as initials; several in capitals throughout are a dateline or a shout.
    if name.isupper() != (len(words) < 2) or name in _NO_NAMES:
        return ""
    return name if 2 <= len(name) <= _LONGEST else ""
