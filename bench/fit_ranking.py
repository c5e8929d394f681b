"""Fit the words of `daybreak/wire/weighing/telling_words.txt` and write that file.

Articles whose address names a section are the labels: news (foreign and political pages) or service copy. A word is
looked at when `--outlets` outlets or more use it in every window and small letters are its rule, so that names stay
out. A logistic model is fitted by gradient steps with a ridge, both kinds weighing the same. With `--without WINDOW`
a window is left out and the model tried on it instead of written.

    python bench/fit_ranking.py [--data FOLDER] [--without 2022-05]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

import daybreak.wire.weighing.newsiness as newsiness
from daybreak.wire.joining.wording import clean_body, clean_headline
from daybreak.wire.weighing.newsiness import FOREIGN_PAGES, NEWS_PAGES, SERVICE_PAGES, plain_words, sections

RIDGE, STEPS, KEPT = 3.0, 400, 1200
HOME_PAGES = frozenset("us nation national india-news elections state law courts".split())


@dataclass(frozen=True, slots=True)
class Sample:
    window: str
    words: frozenset[str]
    news: bool


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--outlets", type=int, default=25)
    parser.add_argument("--without", help="a window, as its file's name has it: 2022-05")
    arguments = parser.parse_args()
    samples, words = read(sorted((arguments.data / "newswire2022").glob("*.gz")), arguments.outlets)
    left_out = [sample for sample in samples if sample.window == arguments.without]
    weights = fitted([sample for sample in samples if sample.window != arguments.without], words)
    if left_out:
        told = [(sum(weights.get(word, 0.0) for word in s.words) > 0) == s.news for s in left_out]
        print(f"{sum(told) / len(told):.3f} of {len(told)} articles told right")
        return 0
    write(weights, Path(newsiness.__file__).with_name("telling_words.txt"))
    print(f"{len(samples)} articles, {len(words)} words looked at, {len(weights)} kept")
    return 0


def read(windows: Sequence[Path], outlets: int) -> tuple[list[Sample], list[str]]:
    """The labelled articles, each address once, and the words that many outlets of every window write small."""
    small: Counter[str] = Counter()
    users: dict[str, set[tuple[str, str]]] = defaultdict(set)
    samples = {}
    for path in windows:
        window = path.name.removeprefix("wire_")[:7]
        for row in _rows(path):
            opening = f"{clean_headline(row['title'], row['source'] or '')} {row['description'] or ''}"
            words = frozenset(plain_words(opening))
            for word in words:
                users[word].add((window, row["source"] or ""))
            for word in clean_body(row["content"] or row["description"] or "").split():
                small[word.lower()] += 1 if word.islower() else -2
            pages = sections(row["url"])
            news = bool(pages & (FOREIGN_PAGES | NEWS_PAGES | HOME_PAGES))
            if news != bool(pages & SERVICE_PAGES):
                samples[row["url"]] = Sample(window, words, news)
    chosen = [
        word
        for word, of in users.items()
        if len(word) > 2
        and small[word] > 30
        and len(of) >= outlets
        and len({window for window, _ in of}) == len(windows)
    ]
    return list(samples.values()), sorted(chosen)


def fitted(samples: Sequence[Sample], words: Sequence[str]) -> dict[str, float]:
    """The most telling words with their weights."""
    place = {word: number for number, word in enumerate(words)}
    pairs = [(row, place[word]) for row, s in enumerate(samples) for word in s.words if word in place]
    rows, columns = (np.array(side) for side in zip(*pairs, strict=True))
    news = np.array([s.news for s in samples], dtype=np.float64)
    worth = np.where(news > 0, 0.5 / news.mean(), 0.5 / (1.0 - news.mean()))
    weights: NDArray[np.float64] = np.zeros(len(words))
    pace, bias = np.full(len(words), 1e-9), 0.0
    for _ in range(STEPS):
        total = np.bincount(rows, weights[columns], minlength=len(samples)) + bias
        off = worth * (news - 1.0 / (1.0 + np.exp(-total)))
        slope = np.bincount(columns, off[rows], minlength=len(words)) - RIDGE * weights
        pace += slope**2
        weights += slope / np.sqrt(pace) * 0.5
        bias += 2.0 * float(off.mean())
    often = np.bincount(columns, minlength=len(words))
    telling = np.argsort(-np.abs(weights) * np.sqrt(often))[:KEPT]
    return {words[number]: float(weights[number]) for number in telling}


def write(weights: dict[str, float], path: Path) -> None:
    """Lines of “N: word word …”, the weights rounded to a fifth."""
    by_weight: dict[float, list[str]] = defaultdict(list)
    for word, weight in sorted(weights.items()):
        if rounded := round(weight * 5) / 5:
            by_weight[rounded].append(word)
    lines = [
        f"{weight:g}: {line}"
        for weight, of in sorted(by_weight.items(), reverse=True)
        for line in wrap(" ".join(of), 100, break_on_hyphens=False)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(path: Path) -> Iterator[dict[str, str | None]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    raise SystemExit(main())
