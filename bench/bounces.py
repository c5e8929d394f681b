"""How well bounces are read: real ones, with what should be read out of them, beside flufl.bounce alone.

For the messages of one collection it is known whether each recipient failed for good because the address is dead
(hard) or otherwise (soft); for those of the other which addresses failed for good and which for a while. The data is
not part of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

    python bench/bounces.py [--data FOLDER] [--wrong]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flufl.bounce import all_failures

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybreak.settings")
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from daybreak.delivery.returns.bouncereading import read_bounce
from daybreak.delivery.returns.reportparts import parsed

Reading = tuple[list[bool], list[str], list[str]]  # hard per recipient; failed for good; failed for a while


def ours(data: bytes) -> Reading:
    """What Daybreak reads."""
    bounce = read_bounce(parsed(data))
    found = bounce.recipients if bounce else ()
    failed = [each for each in found if each.verdict != "none"]
    return (
        sorted(each.verdict == "hard" for each in found),
        sorted(each.address.lower() for each in failed if each.final),
        sorted(each.address.lower() for each in failed if not each.final),
    )


def theirs(data: bytes) -> Reading:
    """What flufl.bounce reads: it takes every permanent failure for a dead address."""
    temporary, permanent = all_failures(parsed(data))
    lower = [
        sorted(each.decode("ascii", "replace").lower() for each in found) for found in (permanent, temporary)
    ]
    return sorted([True] * len(permanent) + [False] * len(temporary)), lower[0], lower[1]


def right(expected: Any, read: Reading, of_addresses: bool) -> bool:
    """Whether a reading is what was expected."""
    hard, final, temporary = read
    if of_addresses:
        wanted = expected or {"recipients": [], "temporary": []}
        return (final, temporary) == tuple(
            sorted(each.lower() for each in wanted[key]) for key in ("recipients", "temporary")
        )
    nothing_failed = {"feedback", "vacation", "delivered"}
    if not hard and len(expected) == 1 and expected[0]["reason"] in nothing_failed:
        return True  # rightly not read as a bounce
    return hard == sorted(each["hard"] for each in expected)


def messages(folder: Path) -> Iterator[tuple[str, bytes, Any]]:
    """Each message: id, bytes, expectation."""
    with gzip.open(folder / "bounces" / "bounces.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["id"], base64.b64decode(row["bytes_b64"]), row["expect"]


def measure(folder: Path, read: Callable[[bytes], Reading]) -> tuple[dict[str, list[bool]], list[str], float]:
    """Right or wrong for each message by collection, the ids of the wrong ones, and the seconds taken."""
    by_collection: dict[str, list[bool]] = {}
    wrong: list[str] = []
    started = time.perf_counter()
    for name, data, expected in messages(folder):
        collection = name.partition("/")[0]
        good = right(expected, read(data), collection == "flufl")
        by_collection.setdefault(collection, []).append(good)
        if not good:
            wrong.append(name)
    return by_collection, wrong, time.perf_counter() - started


def main() -> None:
    """Print the table."""
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--wrong", action="store_true", help="name the messages that are read wrongly")
    options = parser.parse_args()
    print(f"{'reader':14} {'hard or soft':>18} {'address, for good?':>20} {'all':>8} {'messages/s':>11}")
    for name, read in (("Daybreak", ours), ("flufl.bounce", theirs)):
        marks, wrong, seconds = measure(options.data, read)
        every = [mark for each in marks.values() for mark in each]
        shares = [f"{sum(each)} of {len(each)}" for each in (marks["sisimai"], marks["flufl"])]
        print(
            f"{name:14} {shares[0]:>18} {shares[1]:>20} {sum(every) / len(every):8.1%} {len(every) / seconds:11.0f}"
        )
        if options.wrong and read is ours:
            print("\n".join(f"    {each}" for each in wrong))


if __name__ == "__main__":
    main()
