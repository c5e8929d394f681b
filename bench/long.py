"""A long wire: does joining cost more, or hold more, after many weeks than at first?

The windows of a real wire are played one after the other, as often as it takes, each time later, through the
grouper and the finder of copies, with a second look every 500 articles. Each line of the table is a stretch of
10,000 articles: processor time an article (it does not count what else the machine does), what it costs beside the
first stretch, the memory held now and the most ever held, beyond that of the empty program.

    python bench/long.py [--data FOLDER] [--articles 250000]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from daybreak.wire.joining.copies import CopyFinder
from daybreak.wire.joining.grouping import Grouper, GroupItem
from daybreak.wire.joining.wording import telling_text

STRETCH = 10_000  # articles
BATCH = 500  # articles between two second looks
TEXT = 2_000  # characters of an article, as filing passes them on


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--articles", type=int, default=250_000)
    arguments = parser.parse_args()
    windows = sorted((arguments.data / "newswire2022").glob("wire_*.jsonl.gz"))
    if not windows:
        print(f"{arguments.data} has no newswire2022: give --data or DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    play(islice(wire(windows), arguments.articles))
    return 0


def wire(windows: list[Path]) -> Iterator[GroupItem]:
    """Articles without end, in order of arrival: the windows, then the same again, two days after the last."""
    number, clock = 0, 0.0
    while True:
        for window in windows:
            shift: float | None = None
            with gzip.open(window, "rt", encoding="utf-8") as lines:
                for record in map(json.loads, lines):
                    seen = _seconds(record["first_seen"])
                    shift = clock + 2 * 86_400 - seen if shift is None else shift
                    clock = max(clock, seen + shift)
                    text = telling_text(record["description"] or "", record["content"] or "")[:TEXT]
                    at = min(_seconds(record["published"] or record["first_seen"]), seen) + shift
                    number += 1
                    yield GroupItem(f"{number:064x}", record["title"], text, at, record["source"] or "")


def play(items: Iterator[GroupItem]) -> None:
    grouper, copies = Grouper(), CopyFinder()
    empty, first = held(), 0.0
    print(
        f"{'articles':>9} {'µs each':>8} {'of first':>8} {'open stories':>13} {'MB held':>8} {'MB most':>8}"
    )
    done = 0
    while stretch := list(islice(items, STRETCH)):
        began = time.process_time()
        for number, item in enumerate(stretch, start=1):
            published = dt.datetime.fromtimestamp(item.at, dt.UTC)
            family = copies.add(item.key, item.title, item.text, published, item.source)
            sibling = next((key for _, key in family.members if key != item.key), None)
            grouper.add(GroupItem(item.key, item.title, item.text, item.at, item.source, sibling))
            if number % BATCH == 0:
                grouper.look_again()
        each = (time.process_time() - began) / len(stretch)
        first = first or each
        done += len(stretch)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - empty
        print(
            f"{done:9} {each * 1e6:8.0f} {each / first:8.2f} {grouper.open_stories:13} {held() - empty:8.0f}"
            f" {most:8.0f}",
            flush=True,
        )


def held() -> float:
    """Memory of this process now, in megabytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _seconds(instant: str) -> float:
    when = dt.datetime.fromisoformat(instant)
    return (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()


if __name__ == "__main__":
    raise SystemExit(main())
