"""Copies: articles that carry (nearly) the same text, found as they arrive.

MinHash signatures of three-word shingles (Broder, 1997) in a locality-sensitive index: two articles are copies
when the shingles of all their words overlap by `ALIKE` (Jaccard), or by `ALIKE_UNDER_ONE_HEADLINE` when their
headlines are nearly the same: outlets cut one agency text at different places. Headlines that each give a figure
the other has not (“Net sales at Rs 111 crore”) are two reports in one form of words. One outlet has its standing
headlines and forms of words: two of its own articles must be much alike. Short texts have too few words to be nearly
the same: they must be the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from rensa import RMinHash, RMinHashLSH

from daybreak.wire.joining.wording import headline_terms, shingles

ALIKE = 0.35
ALIKE_UNDER_ONE_HEADLINE = 0.2
ALIKE_IN_ONE_OUTLET = 0.4
ONE_HEADLINE = 0.7  # Jaccard of the headlines' terms
ONE_FORM = 0.5  # Jaccard of the same without figures
SHORT = 20  # words: below it only the same words are a copy
SHORTEST = 6  # words: below it nothing is, a standing headline (“Morning briefing”) is no syndicated text
WINDOW = dt.timedelta(hours=72)
_PERMUTATIONS, _BANDS = 126, 63  # bands of two rows meet a pair of likeness 0.2 in 92 cases of 100
_SEED = 42
_KEPT = 20_000  # articles in memory at most, ten kilobytes each
_LATELY = (
    4_000  # articles: those that came in among the last so many stay, for an old file may still be coming in
)


@dataclass(slots=True)
class Family:
    """Articles with one text; `original` is the key of the earliest published."""

    members: list[tuple[dt.datetime, str]] = field(default_factory=list)

    @property
    def original(self) -> str:
        """The earliest published; of two published together, the one that was filed first."""
        return min(self.members, key=lambda member: member[0])[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    key: str
    signature: RMinHash
    words: int
    published: dt.datetime
    headline: frozenset[str]
    source: str

    def copies(self, other: _Text, likeness: float) -> bool:
        """Whether texts whose shingles are so much alike (0 to 1) are one text."""
        if min(self.words, other.words) < SHORT:
            return likeness == 1.0
        if self.source and self.source == other.source:
            return likeness >= ALIKE_IN_ONE_OUTLET
        if _overlap(self.headline, other.headline) >= ONE_HEADLINE:
            return likeness >= ALIKE_UNDER_ONE_HEADLINE
        return likeness >= ALIKE and not self._is_form_of(other)

    def _is_form_of(self, other: _Text) -> bool:
        """Whether the headlines are one form of words about other figures."""
        mine, others = self.headline - other.headline, other.headline - self.headline
        return (
            any(term[0].isdigit() for term in mine)
            and any(term[0].isdigit() for term in others)
            and _overlap(_worded(self.headline), _worded(other.headline)) >= ONE_FORM
        )


def _worded(headline: frozenset[str]) -> frozenset[str]:
    return frozenset(term for term in headline if not term[0].isdigit())


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """Jaccard, 0 of two empty ones."""
    either = len(left | right)
    return len(left & right) / either if either else 0.0


class CopyFinder:
    """Remembers what arrived lately and says which family an article belongs to. Keys are the caller's."""

    def __init__(self) -> None:
        self._index = RMinHashLSH(
            threshold=ALIKE_UNDER_ONE_HEADLINE, num_perm=_PERMUTATIONS, num_bands=_BANDS
        )
        self._texts: dict[int, _Text] = {}
        self._families: dict[str, Family] = {}
        self._oldest = self._next = 0

    def add(self, key: str, title: str, text: str, published: dt.datetime, source: str = "") -> Family:
        """Take in an article and answer its family; one of one member is no copy of anything."""
        signed = _sign(key, title, text, published, source)
        twin = self._twin(signed) if signed else None
        family = self._families[twin.key] if twin else Family()
        self._remember(key, signed, family, published)
        return family

    def restore(
        self, key: str, title: str, text: str, published: dt.datetime, source: str, original: str
    ) -> None:
        """Put an article back into the family it was given; `original` is its own key when it was no copy."""
        family = self._families.setdefault(original, Family())
        self._remember(key, _sign(key, title, text, published, source), family, published)

    def _twin(self, signed: _Text) -> _Text | None:
        """The most alike of the articles that this one copies, None when it copies none."""
        best, twin = 0.0, None
        for number in self._index.query(signed.signature):
            other = self._texts[number]
            if abs(other.published - signed.published) > WINDOW:
                continue
            likeness = signed.signature.jaccard(other.signature)
            if likeness > best and signed.copies(other, likeness):
                best, twin = likeness, other
        return twin

    def _remember(self, key: str, signed: _Text | None, family: Family, published: dt.datetime) -> None:
        family.members.append((published, key))
        if signed is None:  # nothing will be found a copy of it
            return
        self._families[key] = family
        self._index.insert(self._next, signed.signature)
        self._texts[self._next] = signed
        self._next += 1
        while self._is_past(self._texts[self._oldest], published):
            self._index.remove(self._oldest)
            self._families.pop(self._texts.pop(self._oldest).key, None)
            self._oldest += 1

    def _is_past(self, oldest: _Text, now: dt.datetime) -> bool:
        kept = self._next - self._oldest
        return kept > _KEPT or (kept > _LATELY and abs(now - oldest.published) > WINDOW)


def _sign(key: str, title: str, text: str, published: dt.datetime, source: str) -> _Text | None:
    runs = shingles(title, text, source)
    words = len(runs) + 2
    if words < SHORTEST:
        return None
    signature = RMinHash(_PERMUTATIONS, _SEED)
    signature.update(runs)
    return _Text(key, signature, words, published, frozenset(headline_terms(title, source)), source)
