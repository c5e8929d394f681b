"""A story that has fallen into two: look-alike events that were joined while little was known of either.

Average linkage (Sokal and Michener, 1958) over the cosines of a story's articles; its last joining of two sides of
some size is where the story would come apart. It does when articles of different sides are much less alike than
those of one side are. Headlines alone share too few words to tell, however well they belong together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daybreak.wire.joining.evidence import Vector, dot

FEWEST = 12  # articles: a smaller story is not divided
SIDE = 5  # articles, the fewest on one side
SIDE_SHARE = 0.2  # of the story's articles, the fewest on one side
APART = 0.7  # the likeness of the sides to each other, as a share of that within them
WORDY = 40  # terms of an article, on the average: below it they are too short to tell

Cosines = NDArray[np.float64]


def divided(vectors: Sequence[Vector]) -> list[bool] | None:
    """Which of a story's articles (unit vectors) belong to the second of two events; None where there is one."""
    number = len(vectors)
    if number < FEWEST or sum(map(len, vectors)) < WORDY * number:
        return None
    alike = np.array([[dot(left, right) for right in vectors] for left in vectors])
    sides = _last_joined(alike, max(SIDE, int(SIDE_SHARE * number)))
    if sides is None:
        return None
    first, second = sides
    within = np.sqrt(_within(alike, first) * _within(alike, second))
    if float(alike[np.ix_(first, second)].mean()) > APART * within:
        return None
    nearer = alike[:, second].mean(axis=1) > alike[:, first].mean(axis=1)
    nearer[first], nearer[second] = False, True
    return [bool(side) for side in nearer]


def _last_joined(alike: Cosines, fewest: int) -> tuple[list[int], list[int]] | None:
    """The two sides, each of `fewest` articles or more, that average linkage joins last."""
    sums, sides, last = alike.copy(), [[row] for row in range(len(alike))], None
    while len(sides) > 1:
        sizes = np.array([len(side) for side in sides])
        means = sums / np.outer(sizes, sizes)
        np.fill_diagonal(means, -1.0)
        one, other = sorted(divmod(int(means.argmax()), len(sides)))
        if min(len(sides[one]), len(sides[other])) >= fewest:
            last = (sides[one], sides[other])
        sums[one] += sums[other]
        sums[:, one] += sums[:, other]
        sums = np.delete(np.delete(sums, other, axis=0), other, axis=1)
        sides[one] = sides[one] + sides.pop(other)
    return last


def _within(alike: Cosines, side: list[int]) -> float:
    """The mean cosine of different articles of one side."""
    number = len(side)
    return float(alike[np.ix_(side, side)].sum() - number) / (number * (number - 1))
