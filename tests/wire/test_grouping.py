from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from daybreak.wire.grouping import Grouper, GroupItem
from daybreak.wire.wording import telling_text

GOLD = (
    Path(os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[3] / "shared" / "data") / "wire_gold"
)
HOUR = 3600.0
MALI = [
    GroupItem("m1", "Mali ends defence accords with France", "Bamako cites violations by French forces.", 0),
    GroupItem(
        "m2", "Mali breaks from defence accords with France", "The junta in Bamako ended the accords.", HOUR
    ),
    GroupItem(
        "m3", "France regrets Mali's decision on defence accords", "Paris will go on leaving.", 9 * HOUR
    ),
]
ELAD = GroupItem(
    "e1", "Three killed in stabbing attack in Elad", "Israeli police hunt two suspects.", 2 * HOUR
)


def test_reports_of_one_event_make_one_story_and_others_another() -> None:
    grouper = Grouper()
    stories = [grouper.add(item) for item in (*MALI[:2], ELAD, MALI[2])]
    assert stories[0] == stories[1] == stories[3]
    assert stories[2] != stories[0]


def test_a_copy_joins_its_originals_story_whatever_it_says() -> None:
    grouper = Grouper()
    story = grouper.add(ELAD)
    assert grouper.add(GroupItem("x", "Nothing alike", "at all here", 300 * HOUR, original="e1")) == story


def test_the_same_words_after_the_window_are_a_new_story() -> None:
    grouper = Grouper()
    story = grouper.add(MALI[0])
    assert grouper.add(GroupItem("later", MALI[0].title, MALI[0].text, 100 * HOUR)) != story


def test_a_restored_grouper_goes_on_with_the_same_story() -> None:
    first = Grouper()
    story = first.add(MALI[0])
    second = Grouper()
    second.restore(MALI[0], story)
    assert second.add(MALI[1]) == story


def test_wordless_articles_stay_alone() -> None:
    grouper = Grouper()
    assert grouper.add(GroupItem("a", "The", "", 0)) != grouper.add(GroupItem("b", "The", "", 0))


def test_a_grouper_forgets_what_is_old() -> None:
    grouper = Grouper()
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnop", k=7)) for _ in range(3000)]
    for number in range(12_000):
        text = " ".join(rng.choices(words, k=6))
        grouper.add(GroupItem(str(number), text, "", number * 120.0))
    held = grouper.open_stories
    assert 0 < held < 9_000


@pytest.mark.skipif(not GOLD.is_dir(), reason="the labelled night is not on this machine")
def test_the_labelled_night_is_grouped_better_than_by_plain_tf_idf() -> None:
    with gzip.open(GOLD / "wire_gold.jsonl.gz", "rt", encoding="utf-8") as lines:
        night = [json.loads(line) for line in lines if line.strip()]
    night.sort(key=lambda row: (row["first_seen"], row["published"], row["id"]))
    items = [
        GroupItem(
            row["id"], row["title"], telling_text(row["summary"] or "", row["body"] or ""),
            datetime.fromisoformat(row["published"]).timestamp(), row["source"] or "",
        )
        for row in night
    ]  # fmt: skip
    grouper = Grouper()
    began = time.perf_counter()
    found = [str(grouper.add(item)) for item in items]
    rate = len(items) / (time.perf_counter() - began)
    b_cubed, pairs = scores([row["story"] for row in night], found)
    # Plain one-pass TF-IDF at its best threshold on this very night: .880 and .597.
    assert b_cubed > 0.88
    assert pairs > 0.625
    assert rate > 500, "two to three thousand articles a second on an idle machine"


def scores(gold: list[str], found: list[str]) -> tuple[float, float]:
    """B-cubed F1 (Bagga and Baldwin, 1998) and the F1 of pairs."""
    stories, groups, both = Counter(gold), Counter(found), Counter(zip(gold, found, strict=True))
    precision = sum(n * n / groups[group] for (_, group), n in both.items()) / len(gold)
    recall = sum(n * n / stories[story] for (story, _), n in both.items()) / len(gold)
    together = sum(n * (n - 1) for n in both.values())
    pair_precision = together / sum(n * (n - 1) for n in groups.values())
    pair_recall = together / sum(n * (n - 1) for n in stories.values())
    return (
        2 * precision * recall / (precision + recall),
        2 * pair_precision * pair_recall / (pair_precision + pair_recall),
    )
