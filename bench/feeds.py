"""Feeds of other projects' test suites, read whole: what comes out beside what the suites say should.

    python bench/feeds.py [--data FOLDER] [--wrong]

The data is not part of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

A case counts where its suite states a title, link or date of an entry that has words or a web address. `lost` are feeds
that gave fewer entries than stated, `behind` those that gave fewer than the peer found, which is feedparser alone,
reading the same bytes in the same run.
"""

from __future__ import annotations

import argparse
import ast
import base64
import calendar
import contextlib
import datetime as dt
import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser

from daybreak.wire.addresses import AddressError, canonical
from daybreak.wire.formats.plaintext import plain_text
from daybreak.wire.formats.reading import FeedError, read_entries

BASE = "http://127.0.0.1:8097/tests/case.xml"
SHARED = Path(os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data")
SLOW = 5.0  # seconds
FIELDS = ("title", "link", "date")


@dataclass(frozen=True)
class Entry:
    """An entry as a suite or a parser states it; "" and None where it does not. `date` is an aware instant."""

    title: str = ""
    link: str = ""
    date: dt.datetime | None = None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--wrong", action="store_true", help="name each case that comes out otherwise")
    options = parser.parse_args()
    with gzip.open(options.data / "feed_cases" / "feed_cases.jsonl.gz", "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    tallies = {name: Tally(read) for name, read in (("daybreak", ours), ("feedparser", theirs))}
    for case in cases:
        expected = stated(case)
        data = base64.b64decode(case["bytes_b64"])
        held, peers = [len(tally.take(case, data, expected)) for tally in tallies.values()]
        if held < peers:
            tallies["daybreak"].fewer(case, peers - held)
    print(
        f"{len(cases)} feeds\n{'':12}{'crashed':>9}{'slow':>6}{'lost':>6}{'behind':>8}{'seconds':>9}  "
        + "".join(f"{f:>18}" for f in FIELDS)
        + f"{'all':>18}"
    )
    for name, tally in tallies.items():
        print(
            f"{name:12}{tally.crashed:>9}{tally.slow:>6}{tally.lost:>6}{tally.behind:>8}{tally.seconds:>9.1f}  {tally.shares()}"
        )
    for line in tallies["daybreak"].wrong if options.wrong else ():
        print(line)


class Tally:
    """How one parser fared."""

    def __init__(self, read: Callable[[bytes], list[Entry] | None]) -> None:
        self._read = read
        self.right: Counter[str] = Counter()
        self.stated: Counter[str] = Counter()
        self.crashed = self.slow = self.lost = self.behind = 0
        self.seconds = 0.0
        self.wrong: list[str] = []

    def take(self, case: dict[str, Any], data: bytes, expected: list[Entry]) -> list[Entry]:
        began = time.perf_counter()
        got: list[Entry] | None = None
        try:
            got = self._read(data)
        except Exception as error:
            self.crashed += 1
            self.wrong.append(f"{case['path']} crashed: {error!r}")
        took = time.perf_counter() - began
        self.seconds += took
        self.slow += took > SLOW
        entries = got or []
        if len(entries) < len(expected):
            self.lost += 1
            self.wrong.append(f"{case['path']} lost {len(expected) - len(entries)} entries")
        for number, wanted in enumerate(expected):
            held = entries[number] if number < len(entries) else Entry()
            for field in FIELDS:
                self._compare(case["path"], field, getattr(wanted, field), getattr(held, field))
        return entries

    def fewer(self, case: dict[str, Any], number: int) -> None:
        """The peer found so many more entries in a feed."""
        self.behind += 1
        self.wrong.append(f"{case['path']} gave {number} entries less than the peer")

    def _compare(self, path: str, field: str, wanted: Any, held: Any) -> None:
        if not wanted:
            return
        self.stated[field] += 1
        self.right[field] += wanted == held
        if wanted != held:
            self.wrong.append(f"{path} {field}: wanted {wanted!r}, got {held!r}")

    def shares(self) -> str:
        cells = [(self.right[field], self.stated[field]) for field in FIELDS]
        cells.append((sum(right for right, _ in cells), sum(stated for _, stated in cells)))
        return "".join(f"{right:>6}/{stated:<5}{right / max(stated, 1):>6.1%}" for right, stated in cells)


def ours(data: bytes) -> list[Entry] | None:
    try:
        feed = read_entries(data, BASE)
    except FeedError:
        return None
    return [
        Entry(item.title, web(item.url), item.published and item.published.replace(microsecond=0))
        for item in feed.items
    ]


def theirs(data: bytes) -> list[Entry] | None:
    feed = feedparser.parse(data, response_headers={"content-location": BASE})
    return [
        Entry(
            tidy(entry.get("title", "")),
            web(entry.get("link", "")),
            instant(entry.get("published_parsed") or entry.get("updated_parsed")),
        )
        for entry in feed.entries
    ]


def stated(case: dict[str, Any]) -> list[Entry]:
    """The entries that a case's suite states, in order; cases that rest on HTTP headers state none here."""
    name = case["path"].rsplit("/")[-1]
    if case["suite"] == "kurtmckee/feedparser" and "http_" not in name:
        return from_expression(case["expect"] or "", base64.b64decode(case["bytes_b64"]))
    if case["kind"] == "json of the parsed feed" and case["expect"]:
        with contextlib.suppress(ValueError):
            feed = json.loads(case["expect"]) if isinstance(case["expect"], str) else case["expect"]
            return [from_json(entry) for entry in feed.get("items") or feed.get("entries") or ()]
    return []


def from_expression(expression: str, data: bytes) -> list[Entry]:
    said = dict(conditions(expression))
    date = said.get("published_parsed")
    if not any(mark in data for mark in (b"published", b"pubDate", b"issued")):
        date = date or said.get(
            "updated_parsed"
        )  # an article's date is that of its publication, when it has one
    return [Entry(tidy(said.get("title")), web(said.get("link")), instant(date))] if said else []


def conditions(expression: str) -> Iterator[tuple[str, Any]]:
    """What a feedparser case says of its first entry: `entries[0]['title'] == 'x'` and its like."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return
    top = tree.body
    parts = top.values if isinstance(top, ast.BoolOp) and isinstance(top.op, ast.And) else [top]
    for node in parts:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            left = ast.unparse(node.left)
            for field in ("title", "link", "published_parsed", "updated_parsed"):
                if left in (f"entries[0]['{field}']", f"entries[0].{field}"):
                    with contextlib.suppress(ValueError):  # computed, not written out
                        yield field, ast.literal_eval(node.comparators[0])


def from_json(entry: dict[str, Any]) -> Entry:
    title = entry.get("title")
    title = title.get("content") if isinstance(title, dict) else title
    links = [link for link in entry.get("links") or () if isinstance(link, dict)]
    declared = [
        link["href"] for link in links if link.get("rel") in (None, "", "alternate") and link.get("href")
    ]
    link = entry.get("link") or entry.get("url") or (declared[0] if declared else "")
    date = next(
        (
            entry[name]
            for name in (
                "publishedParsed",
                "pubDateParsed",
                "published",
                "date_published",
                "updatedParsed",
                "updated",
            )
            if entry.get(name)
        ),
        None,
    )
    return Entry(tidy(title), web(link), instant(date))


def tidy(value: Any) -> str:
    return plain_text(value).replace("\n", " ")[:500] if isinstance(value, str) else ""


def web(value: Any) -> str:
    address = urljoin(BASE, value.strip()) if isinstance(value, str) and value.strip() else ""
    try:
        return canonical(address)  # two spellings of one address are the same
    except AddressError:
        return ""


def instant(value: Any) -> dt.datetime | None:
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if isinstance(value, str):
            moment = dt.datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC)
        else:
            moment = dt.datetime.fromtimestamp(calendar.timegm(tuple(value)), dt.UTC)
        return moment.replace(microsecond=0) if moment.year >= 1990 else None
    return None


if __name__ == "__main__":
    main()
