"""Whether an article tells of a story's event: what is compared, and how much each comparison says.

Nine comparisons, each about 0 to 1, go into one logistic model (Cox, 1958). `bench/fit_wire.py` finds its weights
on labelled sets, from what the grouper sees when each article arrives, and prints them as they stand here.

What is summed over a set is summed exactly (`fsum`): sets have another order in each process, and a wire read twice
must give the same stories.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import mul

Vector = dict[str, float]

NAMES = (
    "close", "core", "length", "owned", "rarest", "headline", "template", "names", "figures",
)  # fmt: skip
WEIGHTS: tuple[float, ...] = (2.46, 3.48, -2.06, 8.35, 6.66, 1.42, -4.21, 1.42, 0.57)
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
        """The rarity of its names, all together; infinite where it has none."""
        return math.fsum([self.rarity[term] for term in self.names]) or math.inf

    @cached_property
    def _rarest_first(self) -> tuple[str, ...]:
        return tuple(sorted(self.vector, key=self.rarity.__getitem__, reverse=True))

    def rarest_in(self, terms: Container[str]) -> float:
        """The rarity of its rarest term that is among these, 0 where none is."""
        for term in self._rarest_first:
            if term in terms:
                return self.rarity[term]
        return 0.0


def likelihood(evidence: tuple[float, ...]) -> float:
    """How likely it is, 0 to 1, that an article with this evidence tells of the story's event."""
    return _logistic(BIAS + sum(map(mul, WEIGHTS, evidence)))


def ceiling(
    article: Account, told: tuple[float, ...], counts: Counter[str], latest: Iterable[Account]
) -> float:
    """The most that `likelihood` can come to, whichever of the story's `latest` articles is the nearest.

    `told` is what `of_story` said, `counts` as there. Most stories are out of the question by this alone.
    """
    names = sum([article.rarity[term] for term in article.names if term in counts])
    if names:  # may come to more than the article's own: rarity is as it was when an article came in
        names /= min(article.name_mass, *[other.name_mass for other in latest])
    most = (article.rarest_in(counts) / 8.0, 1.0, 0.0, names, 1.0)
    score = BIAS + sum(map(mul, WEIGHTS, told))
    for weight, value in zip(WEIGHTS[len(told) :], most, strict=True):
        score += max(0.0, weight * value)
    return _logistic(score)


def of_story(
    article: Account,
    core: list[tuple[str, float]],
    counts: Counter[str],
    everywhere: Counter[str],
    close: float,
) -> tuple[float, ...]:
    """What the story as a whole says, the first part of `NAMES`.

    `core` are the story's strongest terms, `counts` in how many of its articles each term stands, `everywhere` in
    how many of all, `close` the cosine with the centroid. `owned` is what tells an event from a pattern: a headline
    whose words stand in this story and in no other belongs to it, one whose words stand in many stories belongs to
    none of them for that.
    """
    rarity, held, known = article.rarity, counts.get, everywhere.get
    return (
        close,
        sum([weight for term, weight in core if term in rarity])
        / (sum([weight for _, weight in core]) or 1.0),
        math.log(1 + len(rarity)) / 5.0,
        sum([rarity[term] * held(term, 0) / (known(term, 0) + 1) for term in article.title])
        / article.title_mass,
    )


def of_nearest(article: Account, nearest: Account) -> tuple[float, ...]:
    """What the story's article most like this one says, the rest of `NAMES`; but for `rarest`, 0 to 1."""
    rarity = article.rarity
    return (
        article.rarest_in(nearest.rarity) / 8.0,
        math.fsum([nearest.rarity[term] for term in nearest.title.keys() & rarity.keys()])
        / nearest.title_mass,
        _template(article, nearest),
        math.fsum([rarity[term] for term in article.names & nearest.names])
        / min(article.name_mass, nearest.name_mass),
        len(article.figures & nearest.figures) / (min(len(article.figures), len(nearest.figures)) or 1),
    )


def _template(article: Account, nearest: Account) -> float:
    """One outlet, one form of words, another subject (“Buy X; target of Rs N”): how alike the headlines are times
    how rare the word is that each has and the other's article has not."""
    if not article.source or article.source != nearest.source:
        return 0.0
    mine = max((article.rarity[term] for term in article.title if term not in nearest.rarity), default=0.0)
    other = max((nearest.rarity[term] for term in nearest.title if term not in article.rarity), default=0.0)
    return dot(article.title, nearest.title) * min(mine, other) / 8.0


def _logistic(score: float) -> float:
    return 1.0 / (1.0 + math.exp(-score))


def dot(left: Vector, right: Vector) -> float:
    """The inner product of two sparse vectors."""
    return math.fsum([left[term] * right[term] for term in left.keys() & right.keys()])


def norm(vector: Vector) -> float:
    """The length of a sparse vector, 1 of an empty one."""
    return math.hypot(*vector.values()) or 1.0


def unit(vector: Vector) -> Vector:
    """The same direction at length 1."""
    length = norm(vector)
    return {term: weight / length for term, weight in vector.items()}
