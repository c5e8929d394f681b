"""Whether an article tells of a story's event: what is compared, and how much each comparison says.

Nine comparisons, each about 0 to 1, go into one logistic model (Cox, 1958). `bench/fit_wire.py` finds its weights
on labelled sets, from what the grouper sees when each article arrives, and prints them as they stand here.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

Vector = dict[str, float]

NAMES = (
    "close", "core", "rarest", "length", "headline", "template", "names", "figures", "owned",
)  # fmt: skip
WEIGHTS: tuple[float, ...] = (2.46, 3.48, 6.66, -2.06, 1.42, -4.21, 1.42, 0.57, 8.35)
BIAS = -9.09
CORE = 6  # terms that say what a story is about


@dataclass(frozen=True, eq=False)
class Account:
    """An article as it is compared. `vector` and `title` have unit length; `rarity` is that of each of its terms
    when it came in, in nats; `source` is "" when unknown; `original` is the key of the article that it copies."""

    key: str
    at: float
    source: str
    vector: Vector
    title: Vector
    rarity: dict[str, float]
    names: frozenset[str]
    figures: frozenset[str]
    original: str | None = None

    @cached_property
    def title_mass(self) -> float:
        """The rarity of its headline, all terms together."""
        return sum(self.rarity[term] for term in self.title) or 1.0

    @cached_property
    def name_mass(self) -> float:
        """The rarity of its names, all together."""
        return sum(self.rarity[term] for term in self.names) or 1.0


def likelihood(evidence: tuple[float, ...]) -> float:
    """How likely it is, 0 to 1, that an article with this evidence tells of the story's event."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence, strict=True))
    return 1.0 / (1.0 + math.exp(-score))


def compare(
    article: Account,
    nearest: Account,
    core: list[tuple[str, float]],
    counts: Counter[str],
    everywhere: Counter[str],
    close: float,
) -> tuple[float, ...]:
    """The evidence, in the order of `NAMES`.

    `nearest` is the story's article most like this one, `core` the story's strongest terms, `counts` in how many
    of its articles each term stands, `everywhere` in how many of all, `close` the cosine with the centroid.
    `owned` is what tells an event from a pattern: a headline whose words stand in this story and in no other
    belongs to it, one whose words stand in many stories belongs to none of them for that.
    """
    rarity, held, known = article.rarity, counts.get, everywhere.get
    shared = article.vector.keys() & nearest.rarity.keys()
    return (
        close,
        sum([weight for term, weight in core if term in rarity])
        / (sum([weight for _, weight in core]) or 1.0),
        max([rarity[term] for term in shared], default=0.0) / 8.0,
        math.log(1 + len(rarity)) / 5.0,
        sum([nearest.rarity[term] for term in nearest.title.keys() & rarity.keys()]) / nearest.title_mass,
        _template(article, nearest),
        sum([rarity[term] for term in article.names & nearest.names])
        / min(article.name_mass, nearest.name_mass),
        len(article.figures & nearest.figures) / (min(len(article.figures), len(nearest.figures)) or 1),
        sum([rarity[term] * held(term, 0) / (known(term, 0) + 1) for term in article.title])
        / article.title_mass,
    )


def _template(article: Account, nearest: Account) -> float:
    """One outlet, one form of words, another subject (“Buy X; target of Rs N”): how alike the headlines are times
    how rare the word is that each has and the other's article has not."""
    if not article.source or article.source != nearest.source:
        return 0.0
    mine = max((article.rarity[term] for term in article.title if term not in nearest.rarity), default=0.0)
    other = max((nearest.rarity[term] for term in nearest.title if term not in article.rarity), default=0.0)
    return dot(article.title, nearest.title) * min(mine, other) / 8.0


def dot(left: Vector, right: Vector) -> float:
    """The inner product of two sparse vectors."""
    return sum([left[term] * right[term] for term in left.keys() & right.keys()])


def norm(vector: Vector) -> float:
    """The length of a sparse vector, 1 of an empty one."""
    return math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0


def unit(vector: Vector) -> Vector:
    """The same direction at length 1."""
    length = norm(vector)
    return {term: weight / length for term, weight in vector.items()}
