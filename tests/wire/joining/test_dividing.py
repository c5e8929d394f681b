from __future__ import annotations

import random

import pytest

from daybreak.wire.joining.dividing import FEWEST, divided
from daybreak.wire.joining.evidence import Vector, unit

KIND = [f"kind{number}" for number in range(30)]
ONE = [f"one{number}" for number in range(40)]
OTHER = [f"other{number}" for number in range(40)]


def _article(seed: int, own: list[str], words: int = 50) -> Vector:
    """A report that shares some words with every event of its kind, and more with those of its own."""
    rng = random.Random(seed)
    return unit(dict.fromkeys(rng.sample(KIND, words * 2 // 5) + rng.sample(own, words * 3 // 5), 1.0))


def test_two_look_alike_events_come_apart_whatever_their_order() -> None:
    events = [ONE, OTHER] * 9
    random.Random(4).shuffle(events)
    sides = divided([_article(number, own) for number, own in enumerate(events)])
    assert sides is not None
    assert sides in ([own is OTHER for own in events], [own is ONE for own in events])


@pytest.mark.parametrize(
    ("ones", "others", "words"),
    [(18, 0, 50), (17, 2, 50), (FEWEST - 7, 6, 50), (9, 9, 20)],
    ids=["one event", "a stray or two", "too few articles", "too few words"],
)
def test_a_story_stays_whole(ones: int, others: int, words: int) -> None:
    assert divided([_article(n, own, words) for n, own in enumerate([ONE] * ones + [OTHER] * others)]) is None


def test_articles_without_words_divide_nothing() -> None:
    assert divided([{}] * 20) is None
