"""How well and how fast articles' pages are read, beside plain trafilatura in the same run.

zyte: 4-gram overlap with the whole article body, precision and recall a page, averaged (as that benchmark scores).
readability: the same against the text of the expected page. trafilatura: segments that must and must not appear.
The data is not part of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

    python bench/pages.py [--data FOLDER] [--workers 2]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import trafilatura
from lxml import html as lxml_html

from daybreak.wire.pagetexts.pagetext import PageText
from daybreak.wire.pagetexts.pageworker import Page, PageReaders

NOWHERE = "https://paper.example/article"
Score = tuple[float, float, float]  # precision, recall, F1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    folder = arguments.data / "article_pages"
    if not folder.is_dir():
        print(f"{folder} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    print(
        f"{'set':<12} {'reader':<12} {'precision':>9} {'recall':>7} {'F1':>6} {'pages/s':>8} {'CPU ms a page':>14} {'MB a worker':>12}"
    )
    for name in ("zyte", "readability", "trafilatura"):
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        pages = [
            (gzip.decompress((folder / r["html"]).read_bytes()), r.get("url") or NOWHERE) for r in records
        ]
        plain = _timed(_plain, pages, arguments.workers)
        ours = _timed(_ours, pages, arguments.workers)
        rates = {}
        for reader, (texts, seconds, busy, memory) in (("trafilatura", plain), ("daybreak", ours)):
            p, r, f = _scores(name, texts, records)
            rates[reader] = f
            print(
                f"{name:<12} {reader:<12} {p:>9.3f} {r:>7.3f} {f:>6.3f} {len(pages) / seconds:>8.1f} "
                f"{1000 * busy / len(pages):>14.0f} {memory:>12.0f}"
            )
        print(f"{'':<12} {'ratio of F1':<12} {rates['daybreak'] / rates['trafilatura']:>24.3f}")
    return 0


def _timed(
    read: Any, pages: Sequence[tuple[bytes, str]], workers: int
) -> tuple[list[str], float, float, float]:
    """Texts, seconds, seconds of the workers' processors (which a busy machine does not lengthen), and MB."""
    began, before = time.perf_counter(), os.times()
    texts, memory = read(pages, workers)
    after = os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return texts, time.perf_counter() - began, busy, memory


def _plain_text(page: tuple[bytes, str]) -> tuple[str, float]:
    text = trafilatura.extract(page[0], url=page[1], include_comments=False) or ""
    return text, _peak(os.getpid())


def _plain(pages: Sequence[tuple[bytes, str]], workers: int) -> tuple[list[str], float]:
    with ProcessPoolExecutor(workers) as pool:
        read = list(pool.map(_plain_text, pages))
    return [text for text, _ in read], max(peak for _, peak in read)


def _ours(pages: Sequence[tuple[bytes, str]], workers: int) -> tuple[list[str], float]:
    texts = [""] * len(pages)
    with PageReaders(workers) as readers:
        for key, page in readers.read(Page(key, url, html) for key, (html, url) in enumerate(pages)):
            if isinstance(page, PageText):
                texts[key] = page.text
            else:
                print(f"page {key}: {page}", file=sys.stderr)
        peak = max(map(_peak, readers.process_ids()))
    return texts, peak


def _peak(process: int) -> float:
    """The most memory that a process had, in MB (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def _scores(name: str, texts: Sequence[str], records: Sequence[dict[str, Any]]) -> Score:
    if name == "trafilatura":
        return _by_segments(texts, records)
    wanted = [r["body"] if "body" in r else _shown(r["expected_html"]) for r in records]
    pairs = [_overlap(text, gold) for text, gold in zip(texts, wanted, strict=True)]
    p, r = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
    return p, r, 2 * p * r / (p + r)


def _shown(markup: str) -> str:
    return "\n".join(lxml_html.fromstring(markup).itertext()) if markup.strip() else ""


def _overlap(text: str, gold: str) -> tuple[float, float]:
    mine, theirs = Counter(_grams(text)), Counter(_grams(gold))
    shared = sum((mine & theirs).values())
    precision = shared / mine.total() if mine else float(not theirs)
    return precision, shared / theirs.total() if theirs else 1.0


def _grams(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return (tuple(words[start : start + 4]) for start in range(max(1, len(words) - 3) if words else 0))


def _by_segments(texts: Sequence[str], records: Sequence[dict[str, Any]]) -> Score:
    flat = [" ".join(text.split()) for text in texts]
    pairs = list(zip(flat, records, strict=True))
    right = sum(" ".join(part.split()) in text for text, r in pairs for part in r["with"])
    missed = sum(len(r["with"]) for r in records) - right
    wrong = sum(" ".join(part.split()) in text for text, r in pairs for part in r["without"])
    p, r = right / (right + wrong), right / (right + missed)
    return p, r, 2 * p * r / (p + r)


if __name__ == "__main__":
    raise SystemExit(main())
