"""How well articles are put into stories: one table, one configuration, every labelled set.

Articles go through the grouper one at a time, in order of arrival. Beside each figure stands the same measure for
the plain method, computed in the same run: one pass of TF-IDF, the nearest centroid, one threshold. “Late” is what
comes of the articles' openings alone, “offered” what comes of them when the whole texts follow. The data is not part
of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or ../shared/data beside the repository.

    python bench/wire.py [--data FOLDER] [--set wire_gold] [--set uci_headlines] [--rounds 3]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import hashlib
import json
import math
import os
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daybreak.wire.joining.copies import CopyFinder
from daybreak.wire.joining.grouping import Grouper, GroupItem, Merge, Split
from daybreak.wire.joining.wording import fold, telling_text

Stories = defaultdict[uuid.UUID, set[str]]  # the keys of their articles
BATCH = 300  # articles between two looks back
OPENING, LATE = 160, 40  # characters that are there at once; articles until the rest is
PLAIN_ALIKE = 0.24  # the least cosine that joins, the best one for wire_gold


@dataclass(frozen=True, slots=True)
class Labelled:
    """Articles in order of arrival, and the label of each one's story; `copies` where copies are labelled too."""

    items: list[GroupItem]
    stories: list[str]
    copies: list[str | None] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Precision and recall, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean, 0 where both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        return f"{self.precision:.3f} {self.recall:.3f} {self.f1:.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--set", dest="sets", action="append", choices=[*SETS, "story_pairs"])
    parser.add_argument("--rounds", type=int, default=1, help="runs to time; the fastest counts")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"{arguments.data} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    print(f"{'':<14}{'':>6}  {'ours: P R F1':<18} {'plain: P R F1':<18} {'ours/s':>7} {'plain/s':>7}")
    for name in arguments.sets or [*SETS, "story_pairs"]:
        if name == "story_pairs":
            _report_pairs(arguments.data)
        else:
            _report(name, SETS[name](arguments.data), arguments.rounds)
    return 0


def _report(name: str, labelled: Labelled, rounds: int) -> None:
    ours, our_rate = timed(grouped, labelled.items, rounds)
    plain, plain_rate = timed(grouped_plainly, labelled.items, rounds)
    ours_b, plain_b = b_cubed(labelled.stories, ours), b_cubed(labelled.stories, plain)
    ours_p, plain_p = pairwise(labelled.stories, ours), pairwise(labelled.stories, plain)
    print(f"{name:<14} {'B³':>5}  {ours_b!s:<18} {plain_b!s:<18} {our_rate:7.0f} {plain_rate:7.0f}")
    print(f"{'':<14} {'pairs':>5}  {ours_p!s:<18} {plain_p!s:<18}")
    if any(len(item.text) > OPENING for item in labelled.items):
        for again in (False, True):
            late = grouped_late(labelled.items, again)
            name = "offered" if again else "late"
            print(
                f"{name:>20}  B³ {b_cubed(labelled.stories, late)}  pairs {pairwise(labelled.stories, late)}"
            )
    if labelled.copies is not None:
        found = copies_found(labelled.items)
        gold = [label or f"alone {number}" for number, label in enumerate(labelled.copies)]
        print(f"{'':<14} {'copy':>5}  {pairwise(gold, found)!s:<18}")


def _report_pairs(data: Path) -> None:
    """Pairs of articles judged by people: in one story or not, all texts of a language in one stream."""
    for name, pairs in story_pairs(data).items():
        texts = [text for pair in pairs for text in pair[:2]]
        items = [GroupItem(str(n), text[:80], text[80:], 0.0) for n, text in enumerate(texts)]
        title_cut = [
            replace(item, title=t, text=b) for item, (t, b) in zip(items, map(_headed, texts), strict=True)
        ]
        rows = []
        for method in (grouped, grouped_plainly):
            found = method(title_cut)
            rows.append(
                sum((found[2 * n] == found[2 * n + 1]) == pair[2] for n, pair in enumerate(pairs))
                / len(pairs)
            )
        print(f"{name:<14} {'agree':>5}  {rows[0]:<18.3f} {rows[1]:<18.3f} ({len(pairs)} pairs)")


def grouped(items: Sequence[GroupItem]) -> list[str]:
    """The story of each item by the grouper."""
    grouper = Grouper()
    stories: Stories = defaultdict(set)
    for number, item in enumerate(items, start=1):
        stories[grouper.add(item)].add(item.key)
        if number % BATCH == 0 or number == len(items):
            for change in grouper.look_again():
                follow(change, stories)
    found = {key: str(story) for story, keys in stories.items() for key in keys}
    return [found[item.key] for item in items]


def grouped_late(items: Sequence[GroupItem], again: bool) -> list[str]:
    """The story of each item when only its opening is there at first; `again`: those still alone in a story are offered
    once more when their text is there, LATE articles after them."""
    grouper = Grouper()
    stories: Stories = defaultdict(set)
    for begin in range(0, len(items), LATE):
        batch = items[begin : begin + LATE]
        for item in batch:
            stories[grouper.add(replace(item, text=item.text[:OPENING]))].add(item.key)
        for change in grouper.look_again():
            follow(change, stories)
        lying = {key: story for story, keys in stories.items() for key in keys}
        for item in batch if again else ():
            if len(stories[own := lying[item.key]]) == 1:
                stories[own].discard(item.key)
                stories[grouper.offer(item, own)].add(item.key)
    found = {key: str(story) for story, keys in stories.items() for key in keys}
    return [found[item.key] for item in items]


def follow(change: Merge | Split, stories: Stories) -> None:
    """Do to the stories what a second look did."""
    if isinstance(change, Split):
        stories[change.into] |= change.keys
        stories[change.story] -= change.keys
    else:
        stories[change.into] |= stories.pop(change.gone)


def copies_found(items: Sequence[GroupItem]) -> list[str]:
    """The family of each item by the copy finder, named by its first member."""
    finder = CopyFinder()
    families = [
        finder.add(item.key, item.title, item.text, dt.datetime.fromtimestamp(item.at, dt.UTC), item.source)
        for item in items
    ]
    return [str(id(family)) for family in families]


def grouped_plainly(items: Sequence[GroupItem]) -> list[str]:
    """One pass: title and text to TF-IDF as the words are known so far, the nearest centroid or a new story."""
    articles_with: Counter[str] = Counter()
    centroids: list[dict[str, float]] = []
    norms: list[float] = []
    index: dict[str, set[int]] = {}
    found = []
    for seen, item in enumerate(items, start=1):
        counts = Counter(term for word in f"{item.title} {item.text[:600]}".split() if (term := _plain(word)))
        articles_with.update(counts.keys())
        vector = {
            term: (1 + math.log(n)) * math.log((seen + 300) / (articles_with[term] + 0.5))
            for term, n in counts.items()
        }
        norm = math.sqrt(sum(w * w for w in vector.values())) or 1.0
        vector = {term: weight / norm for term, weight in vector.items()}
        dots: dict[int, float] = {}
        for term, weight in vector.items():
            for number in index.get(term, ()):
                dots[number] = dots.get(number, 0.0) + weight * centroids[number][term]
        best = max(dots, key=lambda number: dots[number] / norms[number], default=-1)
        if best < 0 or dots[best] / norms[best] < PLAIN_ALIKE:
            best = len(centroids)
            centroids.append({})
            norms.append(1.0)
        centroid = centroids[best]
        for term, weight in vector.items():
            centroid[term] = centroid.get(term, 0.0) + weight
            index.setdefault(term, set()).add(best)
        norms[best] = math.sqrt(sum(w * w for w in centroid.values())) or 1.0
        found.append(str(best))
    return found


def _plain(word: str) -> str:
    return fold(word.strip(".,:;!?\"'’‘“”()[]…-–—"))


def timed(
    method: Callable[[Sequence[GroupItem]], list[str]], items: Sequence[GroupItem], rounds: int
) -> tuple[list[str], float]:
    """What the method found and its articles a second, in the fastest of `rounds`."""
    rates = []
    found: list[str] = []
    for _ in range(rounds):
        began = time.perf_counter()
        found = method(items)
        rates.append(len(items) / (time.perf_counter() - began))
    return found, max(rates)


def b_cubed(gold: Sequence[str], found: Sequence[str]) -> Score:
    """B-cubed (Bagga and Baldwin, 1998, “Entity-based cross-document coreferencing”)."""
    stories, groups, both = Counter(gold), Counter(found), Counter(zip(gold, found, strict=True))
    return Score(
        sum(n * n / groups[group] for (_, group), n in both.items()) / len(gold),
        sum(n * n / stories[story] for (story, _), n in both.items()) / len(gold),
    )


def pairwise(gold: Sequence[str], found: Sequence[str]) -> Score:
    """Of the pairs that were put together, how many belong together; of those that belong, how many were."""
    stories, groups, both = Counter(gold), Counter(found), Counter(zip(gold, found, strict=True))
    together = sum(n * (n - 1) for n in both.values())
    put = sum(n * (n - 1) for n in groups.values())
    belonging = sum(n * (n - 1) for n in stories.values())
    return Score(together / put if put else 1.0, together / belonging if belonging else 1.0)


def wire_gold(data: Path) -> Labelled:
    """A night of the wire, read by hand."""
    rows = sorted(
        _records(data / "wire_gold" / "wire_gold.jsonl.gz"),
        key=lambda row: (row["first_seen"], row["published"], row["id"]),
    )
    items = [
        GroupItem(
            row["id"],
            row["title"],
            telling_text(row["summary"] or "", row["body"] or ""),
            _seconds(row["published"]),
            row["source"] or "",
        )
        for row in rows
    ]
    return Labelled(items, [row["story"] for row in rows], [row["copy"] for row in rows])


def uci_headlines(data: Path) -> Labelled:
    """Headlines as a news aggregator grouped them; no text, no time."""
    rows = _shuffled(_records(data / "uci_headlines" / "uci_headlines.jsonl.gz"))
    items = [GroupItem(row["id"], row["title"], "", 0.0, row["publisher"] or "") for row in rows]
    return Labelled(items, [row["story"] for row in rows])


def ecbplus_docs(data: Path) -> Labelled:
    """Pairs of look-alike events, whole texts without headline or time; lines that are addresses left out."""
    rows = _shuffled(_records(data / "ecbplus_docs" / "ecbplus_docs.jsonl.gz"))
    items = []
    for row in rows:
        lines = [line for line in row["sentences"] if "http" not in line and "www" not in line]
        items.append(GroupItem(row["id"], lines[0] if lines else "", "\n".join(lines[1:]), 0.0))
    return Labelled(items, [str(row["story"]) for row in rows])


def basil_triples(data: Path) -> Labelled:
    """Each event as three outlets told it, by date."""
    rows = sorted(
        _records(data / "basil_triples" / "basil_triples.jsonl.gz"), key=lambda row: (row["date"], row["id"])
    )
    items = [
        GroupItem(
            row["id"],
            row["title"],
            "\n".join(sentence for paragraph in row["paragraphs"] for sentence in paragraph),
            _seconds(row["date"]),
            row["source"],
        )
        for row in rows
    ]
    return Labelled(items, [str(row["story"]) for row in rows])


SETS: dict[str, Callable[[Path], Labelled]] = {
    "wire_gold": wire_gold,
    "uci_headlines": uci_headlines,
    "ecbplus_docs": ecbplus_docs,
    "basil_triples": basil_triples,
}


def story_pairs(data: Path) -> dict[str, list[tuple[str, str, bool]]]:
    """Two texts and whether people found one story in them; pairs that they found half alike left out."""
    folder = data / "story_pairs"
    english = [
        (row["text1"], row["text2"], row["overall"] <= 2.0)
        for row in _records(folder / "semeval22_pairs.jsonl.gz")
        if row["lang1"] == row["lang2"] == "en" and not 2.0 < row["overall"] < 3.0
    ]
    contest = [
        (row["first_text"], row["second_text"], bool(row["same_story"]))
        for row in _records(folder / "telegram_pairs.jsonl.gz")
    ]
    return {"semeval22 en": english, "telegram": contest}


def _headed(text: str) -> tuple[str, str]:
    """A text's first line as its headline, of a text in one line its first twelve words."""
    head, _, rest = text.strip().partition("\n")
    if rest:
        return head, rest
    words = text.split(" ")
    return " ".join(words[:12]), " ".join(words[12:])


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _shuffled(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """In an order that says nothing of the stories, the same in each run."""
    return sorted(rows, key=lambda row: hashlib.sha1(row["id"].encode()).hexdigest())


def _seconds(instant: str) -> float:
    when = dt.datetime.fromisoformat(instant)
    return (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()


if __name__ == "__main__":
    raise SystemExit(main())
