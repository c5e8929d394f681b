"""Fit the weights of `daybreak/wire/joining/evidence.py` on the labelled sets, and print them as they stand there.

Each article is put into its labelled story; before that, what the grouper has to say about it and each story near
it is noted, with whether it was the right one. A logistic model (Cox, 1958) is fitted by Newton's method with a
slight ridge; every set weighs the same, the night of the wire `--night` times as much, since it is what the rest
only resembles. With `--without SET` a set is left out, to see what it is found to be worth by the others. With
`--halves` the weights are fitted on half the stories of every set and the other half is measured, and the other way
round: what the weights are worth where they were not fitted.

    python bench/fit_wire.py [--data FOLDER] [--night 4] [--without ecbplus_docs] [--halves]
"""

from __future__ import annotations

import argparse
import os
import uuid
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daybreak.wire.joining import evidence
from daybreak.wire.joining.evidence import NAMES
from daybreak.wire.joining.grouping import Grouper
from wire import SETS, Labelled, Score, grouped

Matrix = NDArray[np.float64]
Notes = tuple[Matrix, Matrix, NDArray[np.int64]]
RIDGE = 1 / 3


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--night", type=float, default=4.0)
    parser.add_argument("--without", action="append", choices=[*SETS], default=[])
    parser.add_argument("--halves", action="store_true")
    arguments = parser.parse_args()
    sets = {name: read(arguments.data) for name, read in SETS.items() if name not in arguments.without}
    noted = {name: notes(labelled) for name, labelled in sets.items()}
    if arguments.halves:
        for name, score in in_halves(sets, noted, arguments.night).items():
            print(f"{name:<14} {score}")
        return 0
    *weights, bias = weighed(noted, arguments.night)
    print("#", " ".join(NAMES))
    print(f"WEIGHTS = ({', '.join(f'{weight:.2f}' for weight in weights)})")
    print(f"BIAS = {bias:.2f}")
    return 0


def weighed(noted: dict[str, Notes], night: float) -> Matrix:
    """The weights for these notes, every set and the night as much as it is worth."""
    worth = np.concatenate(
        [
            np.full(len(right), (night if name == "wire_gold" else 1.0) / len(right))
            for name, (_, right, _) in noted.items()
        ]
    )
    rows, right = (np.concatenate([part[column] for part in noted.values()]) for column in (0, 1))
    return fitted(rows, right, worth / worth.mean())


def in_halves(sets: dict[str, Labelled], noted: dict[str, Notes], night: float) -> dict[str, str]:
    """B-cubed and pairs of each set's stories, each half of them by weights fitted on the other half."""
    sums = {name: np.zeros(5) for name in sets}
    shipped = evidence.WEIGHTS, evidence.BIAS
    for half in (0, 1):
        others = {
            name: (rows[of != half], right[of != half], of[of != half])
            for name, (rows, right, of) in noted.items()
        }
        *weights, bias = weighed(others, night)
        evidence.WEIGHTS, evidence.BIAS = tuple(map(float, weights)), float(bias)
        for name, labelled in sets.items():
            sums[name] += _partners(labelled.stories, grouped(labelled.items), half)
    evidence.WEIGHTS, evidence.BIAS = shipped
    return {
        name: f"B³ {Score(p / len(sets[name].items), r / len(sets[name].items))}  pairs {Score(tp / put, tp / own)}"
        for name, (p, r, tp, put, own) in sums.items()
    }


def _partners(gold: Sequence[str], found: Sequence[str], half: int) -> Matrix:
    """Over the articles of this half's stories: B-cubed precision and recall, and how many partners each has that
    are right, that were found, and that belong to it."""
    stories, groups, both = Counter(gold), Counter(found), Counter(zip(gold, found, strict=True))
    counts = [
        (both[s, g] / groups[g], both[s, g] / stories[s], both[s, g] - 1, groups[g] - 1, stories[s] - 1)
        for s, g in zip(gold, found, strict=True)
        if half_of(s) == half
    ]
    total: Matrix = np.array(counts, dtype=np.float64).sum(axis=0)
    return total


def half_of(story: str) -> int:
    """0 or 1; look-alike stories of one topic (“12_ecb”, “12_plus”) fall into one half."""
    return zlib.crc32(story.split("_")[0].encode()) % 2


def notes(labelled: Labelled) -> Notes:
    """The evidence of each article and each story near it, one row each, 1 where the story was its own, and the half
    that its own story is in."""
    grouper = Grouper()
    rows, right, halves = [], [], []
    for item, label in zip(labelled.items, labelled.stories, strict=True):
        own = uuid.uuid5(uuid.NAMESPACE_OID, label)
        for story, compared in grouper.evidence(item).items():
            rows.append(compared)
            right.append(story == own)
            halves.append(half_of(label))
        grouper.restore(item, own)
    return np.array(rows), np.array(right, dtype=np.float64), np.array(halves)


def fitted(rows: Matrix, right: Matrix, worth: Matrix, steps: int = 30) -> Matrix:
    """The weights, the bias last, that make what was right likeliest."""
    columns = np.hstack([rows, np.ones((len(rows), 1))])
    ridge = np.full(columns.shape[1], RIDGE)
    ridge[-1] = 0.0
    weights = np.zeros(columns.shape[1])
    for _ in range(steps):
        likely = 1.0 / (1.0 + np.exp(-columns @ weights))
        slope = columns.T @ (worth * (right - likely)) - ridge * weights
        bend = (columns * (worth * likely * (1.0 - likely))[:, None]).T @ columns + np.diag(ridge)
        weights += np.linalg.solve(bend, slope)
    return weights


if __name__ == "__main__":
    raise SystemExit(main())
