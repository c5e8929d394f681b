"""How well copies are found: those that readers of a real night marked, and those planted among whole articles.

Planted: of every second article of the wire night and of 144 whole articles, a copy is made as outlets make them
(cut short, a sentence left out, a sentence moved, a lead of one's own in front, another headline), all in one
stream with the articles that have none. Beside it stands the plain way, the same run of words at the beginning.

    python bench/copies.py [--data FOLDER]
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from daybreak.wire.joining.grouping import GroupItem
from wire import basil_triples, copies_found, pairwise, wire_gold

TEXT = 2_000  # characters of an article, as filing passes them on
OPENING = 12  # words
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
Change = Callable[[GroupItem, GroupItem, random.Random], GroupItem]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"{arguments.data} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    night = wire_gold(arguments.data)
    assert night.copies is not None
    print(f"{'':<28} {'ours: P R F1':<18} {'plain: P R F1':<18}")
    marked = [label or f"alone {number}" for number, label in enumerate(night.copies)]
    _report("marked on the night", night.items, marked)
    alone = [item for item, label in zip(night.items, night.copies, strict=True) if label is None]
    whole = [replace(item, text=item.text[:TEXT]) for item in basil_triples(arguments.data).items]
    for name, change in CHANGES.items():
        _report(name, *planted(alone, {name: change}))
        _report(f"{name}, whole", *planted(whole, {name: change}))
    _report("all of these", *planted(alone + whole, CHANGES))
    return 0


def planted(articles: Sequence[GroupItem], changes: dict[str, Change]) -> tuple[list[GroupItem], list[str]]:
    """The articles, every second one copied with one of the changes, shuffled; and the family of each."""
    rng = random.Random(2022)
    items = [(item, item.key) for item in articles]
    for number, item in enumerate(articles[::2]):
        change = list(changes.values())[number % len(changes)]
        copy = change(item, rng.choice(articles), rng)
        items.append((replace(copy, key=f"copy of {item.key}", source=f"Outlet {number}"), item.key))
    rng.shuffle(items)
    return [item for item, _ in items], [family for _, family in items]


def cut_short(item: GroupItem, other: GroupItem, rng: random.Random) -> GroupItem:
    return replace(item, text=item.text[: int(len(item.text) * rng.uniform(0.55, 0.85))])


def sentence_left_out(item: GroupItem, other: GroupItem, rng: random.Random) -> GroupItem:
    sentences = _SENTENCES.split(item.text)
    if len(sentences) > 1:
        del sentences[rng.randrange(1, len(sentences))]
    return replace(item, text=" ".join(sentences))


def sentence_moved(item: GroupItem, other: GroupItem, rng: random.Random) -> GroupItem:
    sentences = _SENTENCES.split(item.text)
    sentences.insert(rng.randrange(len(sentences)), sentences.pop(rng.randrange(len(sentences))))
    return replace(item, text=" ".join(sentences))


def lead_in_front(item: GroupItem, other: GroupItem, rng: random.Random) -> GroupItem:
    """The lead is another article's first sentence, twenty words of it at most."""
    lead = " ".join(_SENTENCES.split(other.text)[0].split()[:20])
    return replace(item, text=f"{lead} {item.text}")


def headline_rewritten(item: GroupItem, other: GroupItem, rng: random.Random) -> GroupItem:
    """From the middle of the text: its own subject in other words."""
    words = item.text.split()
    start = len(words) // 2
    return replace(item, title=" ".join(words[start : start + 9]))


CHANGES: dict[str, Change] = {
    "cut short": cut_short,
    "a sentence left out": sentence_left_out,
    "a sentence moved": sentence_moved,
    "a lead in front": lead_in_front,
    "another headline": headline_rewritten,
}


def _report(name: str, items: Sequence[GroupItem], families: Sequence[str]) -> None:
    plain = [
        " ".join(item.text.lower().split()[:OPENING]) or f"wordless {number}"
        for number, item in enumerate(items)
    ]
    ours = pairwise(families, copies_found(items))
    print(f"{name:<28} {ours!s:<18} {pairwise(families, plain)!s:<18}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
