"""How often a story is linked to an earlier one of the same affair: the day pages of an encyclopedia, sentence by sentence.

Each event of 2021 to 2023 looks for an earlier one of the last sixty days; right is one under the same heading. The
headings are weak labels (a list's last heading hangs on what follows the list, and one affair has several), so the
figures are for comparing: beside ours stands plain cosine without time at the same number of links. `--fit` prints
the weights as events of 2015 to 2019 give them. The data is not part of the project: `--data FOLDER`,
DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

    python bench/continuing.py [--data FOLDER] [--fit]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit_wire import fitted

from daybreak.wire.joining.evidence import Vector, dot
from daybreak.wire.lives import continuing

SPAN = 60  # days


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence of a day's page, the heading it stood under, and its day as an ordinal."""

    day: int
    text: str
    heading: str


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    pages = arguments.data / "wcep_days" / "wcep_days.jsonl.gz"
    if not pages.is_file():
        print(f"{pages} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    if arguments.fit:
        fit(list(events(pages, 2015, 2019)))
    else:
        measure(list(events(pages, 2021, 2023)))
    return 0


def measure(found: list[Event]) -> None:
    began = time.perf_counter()
    ours: list[bool] = []
    plain: list[tuple[float, bool]] = []
    for event, terms, held, days in looks(found):
        chosen = continuing.continued(terms, held, days)
        if chosen is not None:
            ours.append(found[chosen].heading == event.heading)
        nearest = max(held, key=lambda key: dot(terms, held[key]), default=None)
        if nearest is not None:
            plain.append((dot(terms, held[nearest]), found[nearest].heading == event.heading))
    spent = time.perf_counter() - began
    plain = sorted(plain, reverse=True)[: len(ours)]
    findable = sum(_has_earlier(found))
    for name, right in (("ours", sum(ours)), ("plain cosine", sum(right for _, right in plain))):
        print(f"{name:<14} links {len(ours):5}  right {right / len(ours):.3f}  found {right / findable:.3f}")
    print(f"{len(found)} events, {findable} with an earlier one; {len(found) / spent:.0f} looks a second")


def fit(found: list[Event]) -> None:
    rows, right = [], []
    for event, terms, held, days in looks(found):
        near = sorted(held, key=lambda key: dot(terms, held[key]), reverse=True)[:8]
        for key in near:
            rows.append((continuing.shared(terms, held[key]), np.log1p(days[key])))
            right.append(float(found[key].heading == event.heading))
    weights = fitted(np.array(rows), np.array(right), np.ones(len(rows)))
    print("SHARED, AGE, BIAS =", ", ".join(f"{weight:.2f}" for weight in weights))


def looks(found: list[Event]) -> Iterator[tuple[Event, Vector, dict[int, Vector], dict[int, float]]]:
    """Each event, its terms, and what the earlier ones of SPAN days have in common with it."""
    index: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, event in enumerate(found):
        terms = continuing.telling_terms([("", event.text, "")])
        held: dict[int, Vector] = defaultdict(dict)
        for term in terms:
            for other, weight in index[term]:
                if event.day - SPAN <= found[other].day < event.day:
                    held[other][term] = weight
        days = {other: float(event.day - found[other].day) for other in held}
        yield event, terms, held, days
        for term, weight in terms.items():
            index[term].append((number, weight))


def events(pages: Path, first: int, last: int) -> Iterator[Event]:
    with gzip.open(pages, "rt", encoding="utf-8") as lines:
        for page in map(json.loads, lines):
            date = dt.date.fromisoformat(page["date"])
            if first <= date.year <= last:
                for event in page["events"]:
                    if event["headings"] and event["headings"][-1]:
                        yield Event(date.toordinal(), event["text"], event["headings"][-1])


def _has_earlier(found: list[Event]) -> Iterator[bool]:
    latest: dict[str, list[int]] = defaultdict(list)
    for event in found:
        before = latest[event.heading]
        yield any(event.day - SPAN <= day < event.day for day in (before[0], before[-1])) if before else False
        if not before or before[-1] != event.day:
            latest[event.heading] = [*before[-1:], event.day]


if __name__ == "__main__":
    raise SystemExit(main())
