"""How well the countries that articles tell of are found, beside a search for the countries' names in the same run.

The labels (`places_labels.tsv`) name articles of newswire2022, on whose errors the gazetteer was mended, and of
outlets2025, which was looked at once it was done. The data is not part of the project: `--data FOLDER`,
DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

    python bench/places.py [--data FOLDER] [--errors]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from babel import Locale

from daybreak.wire.facts.dateline import dateline_of
from daybreak.wire.facts.places import places_of
from daybreak.wire.facts.tongues import language_of

LABELS = Path(__file__).with_name("places_labels.tsv")
OUTLET = re.compile(r" - [^-]+$")  # that the aggregator hung on a title
Article = tuple[str, str, str, str]  # title, text, language, dateline
Label = tuple[frozenset[str], frozenset[str]]  # countries that are told, that may be


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--errors", action="store_true", help="show what is wrong, article by article")
    arguments = parser.parse_args()
    names = {
        name: code for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()
    }
    search = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b")
    print(
        f"{'set':<14} {'articles':>8} {'method':<12} {'precision':>9} {'recall':>7} {'F1':>6} {'articles/s':>11}"
    )
    for name in ("newswire2022", "outlets2025"):
        if not (arguments.data / name).is_dir():
            print(
                f"{arguments.data / name} is not there: give --data or set DAYBREAK_BENCH_DATA.",
                file=sys.stderr,
            )
            return 1
        labels = _labels(name)
        articles = {key: _article(record) for key, record in _records(arguments.data / name) if key in labels}
        methods: dict[str, Callable[[Article], Collection[str]]] = {
            "names alone": lambda article: {
                names[found] for found in search.findall(f"{article[0]} {article[1]}")
            },
            "daybreak": lambda article: places_of(*article),
        }
        for method, find in methods.items():
            _row(name, method, find, articles, labels, arguments.errors and method == "daybreak")
    return 0


def _row(
    name: str,
    method: str,
    find: Callable[[Article], Collection[str]],
    articles: dict[str, Article],
    labels: dict[str, Label],
    errors: bool,
) -> None:
    for article in articles.values():
        find(article)  # loads what is loaded on first use
    right = wrong = missed = 0
    began = time.process_time()
    found = {key: set(find(article)) for key, article in articles.items()}
    spent = time.process_time() - began
    for key, codes in found.items():
        told, allowed = labels[key]
        right, wrong, missed = (
            right + len(codes & told), wrong + len(codes - told - allowed), missed + len(told - codes),
        )  # fmt: skip
        if errors and (codes - told - allowed or told - codes):
            print(f"  found {sorted(codes)} for {sorted(told)}: {articles[key][0][:90]}")
    p, r = right / (right + wrong), right / (right + missed)
    print(
        f"{name:<14} {len(found):>8} {method:<12} {p:>9.3f} {r:>7.3f} {2 * p * r / (p + r):>6.3f} {len(found) / spent:>11.0f}"
    )


def _labels(name: str) -> dict[str, Label]:
    rows = [line.split("\t") for line in LABELS.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return {
        key: (frozenset(told.split()), frozenset(allowed.split()))
        for set_, key, told, allowed in rows
        if set_ == name
    }


def _records(folder: Path) -> Any:
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                yield str(record["id"]), record


def _article(record: dict[str, Any]) -> Article:
    title = OUTLET.sub("", " ".join(record["title"].split()))
    summary = dateline_of(re.sub(r"<[^>]+>", " ", record["description"] or "").strip())
    body = dateline_of(re.sub(r"\[\+\d+ chars\]", "", record.get("content") or ""))
    text = f"{summary.rest}\n{body.rest}"
    return title, text, language_of(title, text), summary.place or body.place


if __name__ == "__main__":
    raise SystemExit(main())
