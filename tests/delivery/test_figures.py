"""Figures of a sending as people read them."""

from __future__ import annotations

import pytest

from daybreak.delivery.templatetags.sending import full_stop, lasting, per_minute, thousands


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under a minute"),
        (60, "under a minute"),
        (61, "2 min"),
        (3600, "1 h 0 min"),
        (7260.5, "2 h 2 min"),
    ],
)
def test_how_long_it_lasts(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_numbers_are_grouped() -> None:
    assert (thousands(1204), per_minute(0.001), per_minute(3999.99)) == ("1,204", "1", "239,999")


@pytest.mark.parametrize(
    ("words", "sentence"), [("A hoax ", "A hoax."), ("A hoax.", "A hoax."), ("Is it?", "Is it?")]
)
def test_a_reason_ends_as_a_sentence(words: str, sentence: str) -> None:
    assert full_stop(words) == sentence
