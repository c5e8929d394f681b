"""Fit the weights of `daybreak/wire/evidence.py` on the labelled sets, and print them as they stand there.

Each article is put into its labelled story; before that, what the grouper has to say about it and each story near
it is noted, with whether it was the right one. A logistic model (Cox, 1958) is fitted by Newton's method with a
slight ridge; every set weighs the same, the night of the wire `--night` times as much, since it is what the rest
only resembles. With `--without SET` a set is left out, to see what it is found to be worth by the others.

    python bench/fit_wire.py [--data FOLDER] [--night 4] [--without ecbplus_docs]
"""

from __future__ import annotations

import argparse
import os
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daybreak.wire.evidence import NAMES
from daybreak.wire.grouping import Grouper
from wire import SETS, Labelled

Matrix = NDArray[np.float64]
RIDGE = 1 / 3


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--night", type=float, default=4.0)
    parser.add_argument("--without", action="append", choices=[*SETS], default=[])
    arguments = parser.parse_args()
    noted = {
        name: notes(read(arguments.data)) for name, read in SETS.items() if name not in arguments.without
    }
    rows = np.concatenate([rows for rows, _ in noted.values()])
    right = np.concatenate([right for _, right in noted.values()])
    worth = np.concatenate(
        [
            np.full(len(right), (arguments.night if name == "wire_gold" else 1.0) / len(right))
            for name, (_, right) in noted.items()
        ]
    )
    *weights, bias = fitted(rows, right, worth / worth.mean())
    print("#", " ".join(NAMES))
    print(f"WEIGHTS = ({', '.join(f'{weight:.2f}' for weight in weights)})")
    print(f"BIAS = {bias:.2f}")
    return 0


def notes(labelled: Labelled) -> tuple[Matrix, Matrix]:
    """The evidence of each article and each story near it, one row each, and 1 where the story was its own."""
    grouper = Grouper()
    rows, right = [], []
    for item, label in zip(labelled.items, labelled.stories, strict=True):
        own = uuid.uuid5(uuid.NAMESPACE_OID, label)
        for story, evidence in grouper.evidence(item).items():
            rows.append(evidence)
            right.append(story == own)
        grouper.restore(item, own)
    return np.array(rows), np.array(right, dtype=np.float64)


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
