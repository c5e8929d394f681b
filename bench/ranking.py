"""How high the news budget puts what an encyclopedia's editors thought mattered: nights of the wire, replayed.

Every item of the replayed windows goes through the copy finder and the grouper in the order of its arrival. At the
end of each night (06:00 UTC) the budget is made of the stories of the last 30 hours, and the events that the day
pages give for the day before are looked for in it. An event belongs to the story of the article that it is most
alike, when it is alike enough (`ALIKE`, the cosine of their weighed words) and has its names (half of them, the
rare ones counting more; without that, the records of one country pass for another's); events without one are not on
this wire and do not count. Of 32 such pairs of five nights, read by eye, 26 were the event. Which story that is does not depend on the ranking. Beside ours stand two plain rankings of
the same stories, by articles and by independent outlets (the later of equals first). The data is not part of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or
../shared/data beside the repository.

    python bench/ranking.py [--data FOLDER] [--window 2022-05] [--first 30] [--show 30]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import math
import os
import random
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daybreak.wire.addresses import country_of
from daybreak.wire.facts.places import places_of
from daybreak.wire.joining.copies import CopyFinder
from daybreak.wire.joining.grouping import Grouper, GroupItem, Split
from daybreak.wire.joining.wording import clean_headline, telling_text, terms_of
from daybreak.wire.weighing.ranking import Sighting, rank, shares_of

ALIKE = 0.35
TEXT = 600  # characters of an article that an event is held against
REACH = dt.timedelta(hours=30)
NIGHT_ENDS = dt.time(6, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """An article of the wire, when it came in, and what ranking and matching need of it."""

    seen: dt.datetime
    sighting: Sighting
    text: str


@dataclass(frozen=True, slots=True)
class Night:
    """The wire as it stands at the end of a night: the stories by key, the pieces of each, and the day's events."""

    at: dt.datetime
    stories: dict[uuid.UUID, list[Piece]]
    events: list[str]


Order = Callable[[Sequence[Sighting], dt.datetime, dict[str, float]], tuple[float, float]]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--window", default="", help="only the windows that begin so: 2022-05")
    parser.add_argument("--first", type=int, default=30, help="how much of the budget counts")
    parser.add_argument("--show", type=int, default=0, help="print so many events with what they were put to")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"{arguments.data} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    days = days_of(arguments.data)
    total: Counter[str] = Counter()
    shown: list[tuple[str, str, float]] = []
    print(f"{'window':<12} {'nights':>6} {'events':>6}  " + "".join(f"{name:>10}" for name in ORDERS))
    for wire in sorted((arguments.data / "newswire2022").glob(f"wire_{arguments.window}*.gz")):
        counts: Counter[str] = Counter()
        for night in nights(wire, days):
            found = matches(night)
            counts += _counted(night, [story for story, _, _ in found.values()], arguments.first)
            shown += [(event, piece.sighting.title, alike) for event, (_, piece, alike) in found.items()]
        _print(wire.name[5:15], counts)
        total += counts
    _print("all", total)
    for event, title, alike in random.Random(1).sample(shown, min(arguments.show, len(shown))):
        print(f"\n{alike:.2f}  {event[:200]}\n      {title}")
    return 0


def _counted(night: Night, stories: Sequence[uuid.UUID], first: int) -> Counter[str]:
    """How many of the events' stories stand among the first by each order."""
    sightings = {story: [piece.sighting for piece in of] for story, of in night.stories.items()}
    shares = shares_of(sighting for of in sightings.values() for sighting in of)
    counts = Counter({"nights": 1, "events": len(stories)})
    for name, order in ORDERS.items():
        worth = {story: order(of, night.at, shares) for story, of in sightings.items()}
        leading = set(sorted(worth, key=lambda story: worth[story], reverse=True)[:first])
        counts[name] = sum(story in leading for story in stories)
    return counts


def _print(window: str, counts: Counter[str]) -> None:
    events = counts["events"] or 1
    shares = "".join(f"{counts[name] / events:10.3f}" for name in ORDERS)
    print(f"{window:<12} {counts['nights']:>6} {counts['events']:>6}  {shares}", flush=True)


def _latest(sightings: Sequence[Sighting]) -> float:
    return max(sighting.published for sighting in sightings).timestamp()


ORDERS: dict[str, Order] = {
    "ours": lambda of, at, shares: (rank(of, at, shares).score, _latest(of)),
    "articles": lambda of, at, shares: (len(of), _latest(of)),
    "outlets": lambda of, at, shares: (len({one.outlet for one in of if not one.copy}), _latest(of)),
}


def nights(wire: Path, days: dict[dt.date, list[str]]) -> Iterator[Night]:
    """The nights of a window, the first left out, for its stories have no day before it."""
    replay = _Replay()
    ends: dt.datetime | None = None
    for batch in _batches(wire):
        seen = batch[0].seen
        while ends is not None and seen >= ends:
            yield Night(ends, replay.stories(ends), days.get(ends.date() - dt.timedelta(days=1), []))
            ends += dt.timedelta(days=1)
        ends = ends or dt.datetime.combine(seen.date() + dt.timedelta(days=2), NIGHT_ENDS)
        replay.take(batch)


class _Replay:
    """What filing does, without the database."""

    def __init__(self) -> None:
        self._grouper, self._copies = Grouper(), CopyFinder()
        self._members: dict[uuid.UUID, set[str]] = defaultdict(set)
        self._pieces: dict[str, Piece] = {}
        self._copied: dict[str, str] = {}

    def take(self, batch: Sequence[Piece]) -> None:
        for piece in sorted(batch, key=lambda piece: piece.sighting.published):
            key, own = piece.sighting.url, piece.sighting
            if key in self._pieces:
                continue
            self._pieces[key] = piece
            family = self._copies.add(key, own.title, piece.text, own.published, own.outlet)
            sibling = next((member for _, member in family.members if member != key), None)
            item = GroupItem(key, own.title, piece.text, own.published.timestamp(), own.outlet, sibling)
            self._members[self._grouper.add(item)].add(key)
            self._copied.update((member, family.original) for _, member in family.members)
        for change in self._grouper.look_again():
            if isinstance(change, Split):
                self._members[change.into] |= change.keys
                self._members[change.story] -= change.keys
            else:
                self._members[change.into] |= self._members.pop(change.gone, set())

    def stories(self, at: dt.datetime) -> dict[uuid.UUID, list[Piece]]:
        found: dict[uuid.UUID, list[Piece]] = defaultdict(list)
        for story, keys in self._members.items():
            for key in keys:
                piece, copy = self._pieces[key], self._copied.get(key, key) != key
                found[story].append(replace(piece, sighting=replace(piece.sighting, copy=copy)))
        return {
            story: pieces
            for story, pieces in found.items()
            if max(piece.seen for piece in pieces) > at - REACH
        }


def _batches(wire: Path) -> Iterator[list[Piece]]:
    """The pieces of a window, those that came in together in one list."""
    with gzip.open(wire, "rt", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: (row["first_seen"], row["id"]))
    batch: list[Piece] = []
    for piece in map(_piece, rows):
        if batch and piece.seen != batch[0].seen:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _piece(row: dict[str, Any]) -> Piece:
    seen = dt.datetime.fromisoformat(row["first_seen"])
    published = min(dt.datetime.fromisoformat(row["published"]), seen)
    text = telling_text(row["description"] or "", (row["content"] or "")[:2000])
    outlet, title, url = row["source"] or "", row["title"], row["url"]
    places = places_of(title, text)
    return Piece(
        seen, Sighting(outlet, country_of(url), published, title, url, False, text[:300], places), text
    )


def days_of(data: Path) -> dict[dt.date, list[str]]:
    """The events of each day."""
    with gzip.open(data / "wcep_days" / "wcep_days.jsonl.gz", "rt", encoding="utf-8") as lines:
        days = [json.loads(line) for line in lines]
    return {dt.date.fromisoformat(day["date"]): [event["text"] for event in day["events"]] for day in days}


def matches(night: Night) -> dict[str, tuple[uuid.UUID, Piece, float]]:
    """For each event that the night's wire has: its story, the article that it is most alike, and how much."""
    pieces = [(story, piece) for story, of in night.stories.items() for piece in of]
    pieces = [(story, piece) for story, piece in pieces if piece.seen > night.at - REACH]
    terms = [terms_of(clean_headline(p.sighting.title), p.text[:TEXT]) for _, p in pieces]
    articles_with = Counter(term for of in terms for term in of.weights)
    rarity = {term: math.log((len(pieces) + 1) / (n + 0.5)) for term, n in articles_with.items()}
    rarest = max(rarity.values(), default=1.0)
    index = _Index([_unit(of.weights, rarity) for of in terms])
    found = {}
    for event in night.events:
        wanted = terms_of("", event)
        near = index.alike(_unit(wanted.weights, rarity))
        names = {name: rarity.get(name, rarest) for name in terms_of(event, "").names}
        named = {
            n
            for n in near
            if 2 * sum(names[name] for name in names if name in terms[n].weights) >= sum(names.values())
        }
        number = max(named, key=lambda number: (near[number], -number), default=-1)
        if number >= 0 and near[number] >= ALIKE:
            found[event] = (*pieces[number], near[number])
    return found


class _Index:
    def __init__(self, vectors: Sequence[dict[str, float]]) -> None:
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, vector in enumerate(vectors):
            for term, weight in vector.items():
                self._postings[term].append((number, weight))

    def alike(self, vector: dict[str, float]) -> Counter[int]:
        cosines: Counter[int] = Counter()
        for term, weight in vector.items():
            for number, other in self._postings.get(term, ()):
                cosines[number] += weight * other
        return cosines


def _unit(weights: dict[str, float], rarity: dict[str, float]) -> dict[str, float]:
    rarest = max(rarity.values(), default=1.0)
    vector = {term: weight * rarity.get(term, rarest) for term, weight in weights.items()}
    norm = math.sqrt(sum(w * w for w in vector.values())) or 1.0
    return {term: weight / norm for term, weight in vector.items()}


if __name__ == "__main__":
    raise SystemExit(main())
