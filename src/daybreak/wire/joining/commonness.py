"""How common a word is on an English-language wire, known before the first article has come in.

`common_words.txt` holds the words of 83,224 articles of 2022 that stood in one article of 2,000 or more: lines of
“N: word word …”, where N is how many articles in a million have each word, rounded to half an octave. Words are
as `wording.fold` leaves them. `tools/common_words.py` makes it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

RARE = 100e-6  # the share of articles taken for a word that the table does not have


@cache
def shares() -> dict[str, float]:
    """The share of articles, 0 to 1, that have each word of the table."""
    table = (files("daybreak.wire.joining") / "common_words.txt").read_text(encoding="utf-8")
    shares: dict[str, float] = {}
    for line in table.splitlines():
        millionths, _, words = line.partition(":")
        shares.update(dict.fromkeys(words.split(), float(millionths) / 1e6))
    return shares
