"""Rebuild `src/daybreak/wire/joining/common_words.txt` from a wire: in how many of its articles each common word stands.

The files are JSON Lines, also gzipped, of items with `title` and any of `summary` or `description`, `body` or
`content`; an item whose title and texts were there before counts once.

    python tools/common_words.py FILE … > src/daybreak/wire/joining/common_words.txt
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from daybreak.wire.joining.grouping import Tuning
from daybreak.wire.joining.wording import telling_text, terms_of

LEAST = 1 / 2_000  # the share of articles from which on a word is common
WIDTH = 112  # characters of a line


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    for line in lines(counted(texts(parser.parse_args().files))):
        print(line)
    return 0


def texts(files: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """The title, text and source of every item, each once."""
    seen: set[int] = set()
    for file in files:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as records:
            for item in map(json.loads, records):
                summary = item.get("summary") or item.get("description") or ""
                text = telling_text(summary, item.get("body") or item.get("content") or "")
                known = hash((item["title"], text))
                if known not in seen:
                    seen.add(known)
                    yield item["title"], text, item.get("source") or ""


def counted(items: Iterable[tuple[str, str, str]]) -> dict[str, float]:
    """The share of articles, 0 to 1, that have each word, of the common ones."""
    counts: Counter[str] = Counter()
    number = 0
    for title, text, source in items:
        number += 1
        counts.update(terms_of(title, text[: Tuning().text], source).weights.keys())
    return {term: count / number for term, count in counts.items() if count >= LEAST * number}


def lines(shares: dict[str, float]) -> Iterator[str]:
    """“N: word word …”, N being millionths rounded to half an octave, the commonest first."""
    levels: dict[int, list[str]] = defaultdict(list)
    for term, share in shares.items():
        levels[round(2 ** (round(2 * math.log2(share * 1e6)) / 2))].append(term)
    for millionths, terms in sorted(levels.items(), reverse=True):
        line = f"{millionths}:"
        for term in sorted(terms):
            if len(line) + len(term) + 1 > WIDTH:
                yield line
                line = f"{millionths}:"
            line += f" {term}"
        yield line


if __name__ == "__main__":
    raise SystemExit(main())
