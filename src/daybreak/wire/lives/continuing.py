"""Whether a story goes on with an earlier one: the next day's development of the same affair.

Pure. A story is its few most telling terms. What two stories share beyond the two strongest terms (a person's name
is two, and a person is in many affairs) and the days between them give a likelihood by a logistic model (Cox, 1958);
Nallapati et al., 2004, “Event threading within news topics”, weigh likeness by time too. `bench/continuing.py` fits
and measures it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from daybreak.wire.joining.commonness import RARE, shares
from daybreak.wire.joining.evidence import Vector, unit
from daybreak.wire.joining.wording import terms_of

K = TypeVar("K", bound=Hashable)

TERMS = 16  # kept of a story
LEAST = 0.35  # the least likelihood that links
STRONGEST = 2  # terms in common that say nothing
SHARED, AGE, BIAS = 8.56, -0.46, -1.33  # of what is shared, of ln(1 + days), and of nothing
NAME, STEEP, TEXT = 1.3, 1.25, 600  # weight of a name, power of rarity, characters looked at of an article


def telling_terms(articles: Iterable[tuple[str, str, str]]) -> Vector:
    """The TERMS most telling terms of articles (title, text, source) with their weights, together of length 1."""
    total: Vector = {}
    for title, text, source in articles:
        for term, weight in unit(_weighed(title, text[:TEXT], source)).items():
            total[term] = total.get(term, 0.0) + weight
    strongest = heapq.nlargest(TERMS, total.items(), key=lambda pair: (pair[1], pair[0]))
    return unit({term: weight for term, weight in strongest if weight > 0})


def continued(story: Vector, held: Mapping[K, Vector], days: Mapping[K, float]) -> K | None:
    """Which earlier story a story most likely continues, None when none is likely enough.

    `held` are the terms in which the earlier stories agree with it, `days` how long before its beginning each ended.
    """
    likely = {
        key: likelihood(shared(story, terms), days[key])
        for key, terms in held.items()
        if len(terms) > STRONGEST
    }
    best = max(likely, key=likely.__getitem__, default=None)
    return best if best is not None and likely[best] >= LEAST else None


def shared(story: Vector, earlier: Vector) -> float:
    """What two stories have in common beyond their STRONGEST common terms, 0 to 1."""
    common = sorted(
        (weight * earlier[term] for term, weight in story.items() if term in earlier), reverse=True
    )
    return sum(common[STRONGEST:])


def likelihood(in_common: float, days: float) -> float:
    """How likely, 0 to 1, a story continues one that ended so many days before it began."""
    return 1.0 / (1.0 + math.exp(-(SHARED * in_common + AGE * math.log1p(max(days, 0.0)) + BIAS)))


def _weighed(title: str, text: str, source: str) -> Vector:
    terms = terms_of(title, text, source)
    common = shares().get
    return {
        term: weight
        * max(0.0, -math.log(common(term, RARE) + RARE)) ** STEEP
        * (NAME if term in terms.names else 1.0)
        for term, weight in terms.weights.items()
        if len(term) <= 64
    }
