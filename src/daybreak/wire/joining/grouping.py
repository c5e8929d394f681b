"""Articles to stories, one at a time, as they arrive: values in, decision out.

Streaming clustering over sparse TF-IDF vectors (Allan et al., 1998, “On-line new event detection and tracking”):
an inverted index of the open stories' centroids finds those that an article may belong to, `evidence.py` says how
likely each is, and the article joins the likeliest or opens a new story. What was decided on little evidence is
looked at again: a small story that by now is likely part of a larger one is merged into it, and one that has
fallen into two (`dividing.py`) is split.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from operator import itemgetter

from daybreak.wire.joining.commonness import RARE, shares
from daybreak.wire.joining.dividing import divided
from daybreak.wire.joining.evidence import (
    CORE,
    Account,
    Vector,
    ceiling,
    dot,
    likelihood,
    norm,
    of_nearest,
    of_story,
    unit,
)
from daybreak.wire.joining.wording import terms_of

READ, UNREAD = 12, 0.3  # the terms, at least, that find stories; the share of an article that need not
FOUND = 12  # stories whose cosine is worked out to the end
_weight = _cosine = itemgetter(1)  # of a pair whose first is a term or a story


@dataclass(frozen=True, slots=True)
class GroupItem:
    """An article as the grouper sees it. `at` is when it was published, in seconds since 1970; `original` is the
    key of the article that it copies."""

    key: str
    title: str
    text: str
    at: float
    source: str = ""
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """All articles of the story `gone` now belong to the story `into`."""

    gone: uuid.UUID
    into: uuid.UUID


@dataclass(frozen=True, slots=True)
class Split:
    """The articles `keys` of a story now make a new one, `into`."""

    story: uuid.UUID
    into: uuid.UUID
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tuning:
    """One configuration for every wire.

    `alike` is the least likelihood that joins, `again` the least that merges, `window` how long a story stays open
    (seconds), `prior` how many articles the table of common words counts for, `steep` the power of rarity in a
    vector, `text` how many characters of an article are looked at, `terms` and `centroid` how many terms are kept
    of an article and of a story, `near` the least cosine that is looked into, `candidates` how many stories are,
    `members` how many of a story's articles, `small` the most articles of a story that may still be merged into
    another, `whole` the most of one that may still be split. `again` is below `alike`: a second look knows
    more of both stories, and a wrong first join draws others after it.
    """

    alike: float = 0.44
    again: float = 0.38
    window: float = 72 * 3600.0
    prior: int = 6000
    steep: float = 1.25
    text: int = 2000
    terms: int = 120
    centroid: int = 240
    near: float = 0.04
    candidates: int = 4
    members: int = 12
    small: int = 20
    whole: int = 40


@dataclass(slots=True, eq=False)
class _Open:
    """A story that articles may still join: the sum of its vectors, in how many articles each term stands, its
    strongest terms, its latest articles, and all of them while it may be split. `apart` are stories it was split
    from, `examined` how many articles it had when that was last looked into."""

    key: uuid.UUID
    last_at: float
    touched: int
    latest: deque[Account]
    whole: deque[Account]
    keys: list[str] = field(default_factory=list)
    apart: set[uuid.UUID] = field(default_factory=set)
    examined: int = 0
    total: Vector = field(default_factory=dict)
    norm: float = 1.0
    counts: Counter[str] = field(default_factory=Counter)
    core: list[tuple[str, float]] = field(default_factory=list)

    def nearest(self, account: Account) -> Account:
        """The one of its latest articles that is most like this one."""
        if len(self.latest) == 1:
            return self.latest[0]
        return max(self.latest, key=lambda other: dot(account.vector, other.vector))


class Grouper:
    """Holds the open stories. Feed it in order of arrival; `restore` puts back what an earlier process decided."""

    def __init__(self, tuning: Tuning | None = None, new_key: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self.tuning = tuning or Tuning()
        self._new_key = new_key
        self._open: dict[uuid.UUID, _Open] = {}
        self._index: dict[str, dict[_Open, float]] = {}
        self._articles_with: Counter[str] = Counter()
        self._articles = 0  # in open stories, which `_articles_with` counts
        self._seen = self._swept = 0
        self._story_of: dict[str, uuid.UUID] = {}
        self._grown: dict[_Open, None] = {}  # in order, so that a second look is the same each time

    @property
    def open_stories(self) -> int:
        """How many stories an article may still join."""
        return len(self._open)

    def add(self, item: GroupItem) -> uuid.UUID:
        """The story that this article belongs to; a copy belongs to its original's story always."""
        return self._give(item, None)

    def offer(self, item: GroupItem, story: uuid.UUID) -> uuid.UUID:
        """The story that an article belongs to which lay alone in `story` and is told at more length now."""
        self.forget(story)
        return self._give(item, story)

    def _give(self, item: GroupItem, own: uuid.UUID | None) -> uuid.UUID:
        account = self._account(item)
        if item.original is not None and item.original in self._story_of:
            key = self._story_of[item.original]
        else:
            key = self._likeliest(account) or own or self._new_key()
        self._grown[self._join(account, key)] = None
        self._sweep(account.at)
        return key

    def restore(self, item: GroupItem, story: uuid.UUID) -> None:
        """Put an article back into the story it was given."""
        self._join(self._account(item), story)
        self._sweep(item.at)

    def forget(self, story: uuid.UUID) -> None:
        """Let go of a story, so that its articles can be put back as somebody else has regrouped them."""
        if story in self._open:
            self._close(self._open[story])

    def keep_apart(self, one: uuid.UUID, other: uuid.UUID) -> None:
        """Never merge these two again: one was split from the other."""
        if one in self._open and other in self._open:
            self._open[one].apart.add(other)
            self._open[other].apart.add(one)

    def look_again(self, settled: Collection[uuid.UUID] = ()) -> list[Split | Merge]:
        """Split what has fallen into two and merge small stories that are likely part of one that has grown since
        the last look; say which, in the order it was done. Those `settled` may take others in and are never split
        or merged into one."""
        splits = [
            split for story in list(self._grown) if story.key not in settled and (split := self._split(story))
        ]
        parts = {split.into for split in splits}
        grown: dict[str, list[_Open]] = {}
        for story in self._grown:
            if len(story.keys) > 1:
                for term, _ in story.core:
                    grown.setdefault(term, []).append(story)
        self._grown.clear()
        merges = []
        for story in sorted(self._open.values(), key=lambda story: len(story.keys)):
            if len(story.keys) > self.tuning.small:
                break
            if story.key in settled or story.key in parts:
                continue
            others = dict.fromkeys(other for term, _ in story.core for other in grown.get(term, ()))
            if others and (into := self._absorber(story, others)):
                self._merge(story, into)
                merges.append(Merge(story.key, into.key))
        return [*splits, *merges]

    def evidence(self, item: GroupItem) -> dict[uuid.UUID, tuple[float, ...]]:
        """What `evidence.py` says of an article and each story that it may belong to; changes nothing."""
        account = self._account(item)
        return {
            story.key: self._told(account, story, close) + of_nearest(account, story.nearest(account))
            for story, close in self._near(account)
        }

    def _account(self, item: GroupItem) -> Account:
        """The article with the rarity of its terms, as the open stories and the table of common words know it."""
        terms = terms_of(item.title, item.text[: self.tuning.text], item.source)
        prior, known, common = self.tuning.prior, self._articles_with.get, shares().get
        articles = self._articles + 1 + prior
        rarity = {
            term: max(0.0, math.log(articles / (known(term, 0) + 1.5 + common(term, RARE) * prior)))
            for term in terms.weights
        }
        steep = {term: value**self.tuning.steep for term, value in rarity.items()}
        vector = {term: weight * steep[term] for term, weight in terms.weights.items()}
        vector = dict(sorted(vector.items(), key=_weight, reverse=True)[: self.tuning.terms])
        return Account(
            item.key,
            item.at,
            item.source,
            unit(vector),
            unit({term: steep[term] for term in terms.headline}),
            rarity,
            frozenset(term for term in terms.names if not term[0].isdigit()),
            frozenset(term for term in rarity if term[0].isdigit()),
            item.original,
        )

    def _near(self, account: Account) -> list[tuple[_Open, float]]:
        """The open stories most like an article, and their cosines.

        The rarest words find the stories; the others only count for those that they found.
        """
        terms = list(account.vector.items())
        dots: dict[_Open, float] = {}
        crowded = max(100, len(self._open) // 16)  # a term in so many stories tells none of them apart
        left, used = 1.0, 0
        for term, weight in terms:
            if left < UNREAD and used >= READ:
                break
            used += 1
            left -= weight * weight
            postings = self._index.get(term)
            if postings is None or len(postings) > crowded:
                continue
            for story, total in postings.items():
                dots[story] = dots.get(story, 0.0) + weight * total
        found = [(story, dot / story.norm) for story, dot in dots.items()]
        if len(found) > FOUND:
            found.sort(key=_cosine, reverse=True)
            del found[FOUND:]
        near = []
        for story, _ in found:
            if abs(account.at - story.last_at) <= self.tuning.window:
                cosine = dot(account.vector, story.total) / story.norm
                if cosine >= self.tuning.near:
                    near.append((story, cosine))
        near.sort(key=_cosine, reverse=True)
        return near[: self.tuning.candidates]

    def _told(self, account: Account, story: _Open, close: float) -> tuple[float, ...]:
        return of_story(account, story.core, story.counts, self._articles_with, close)

    def _likeliest(self, account: Account) -> uuid.UUID | None:
        best, likeliest = self.tuning.alike, None
        for story, close in self._near(account):
            told = self._told(account, story, close)
            if ceiling(account, told, story.counts, story.latest) < best:
                continue
            likely = likelihood(told + of_nearest(account, story.nearest(account)))
            if likely >= best:
                best, likeliest = likely, story
        return likeliest.key if likeliest else None

    def _absorber(self, story: _Open, others: Iterable[_Open]) -> _Open | None:
        """The one of these stories, no smaller than this one, that this one's articles are likely part of, all taken
        together."""
        best, absorber = self.tuning.again, None
        for other in others:
            if self._may_absorb(other, story):
                likely = self._part_of(story, other, best)
                if likely >= best:
                    best, absorber = likely, other
        return absorber

    def _part_of(self, story: _Open, other: _Open, least: float) -> float:
        """How likely the latest articles of a story are part of another, on the average, or 0 when it is certain
        that it will be below `least`."""
        number = len(story.latest)
        hope = float(number)
        told = []
        for account in story.latest:
            close = dot(account.vector, other.total) / other.norm
            hope -= 1.0
            if close >= self.tuning.near:
                found = self._told(account, other, close)
                most = ceiling(account, found, other.counts, other.latest)
                told.append((account, found, most))
                hope += most
            if hope < least * number:
                return 0.0
        for account, found, most in told:
            hope += likelihood(found + of_nearest(account, other.nearest(account))) - most
            if hope < least * number:
                return 0.0
        return hope / number

    def _may_absorb(self, other: _Open, story: _Open) -> bool:
        return (
            other is not story
            and other.key in self._open
            and other.key not in story.apart
            and len(other.keys) >= len(story.keys)
            and abs(other.last_at - story.last_at) <= self.tuning.window
        )

    def _merge(self, story: _Open, into: _Open) -> None:
        self._close(story)
        for account in story.whole:
            self._join(account, into.key)
        into.apart |= story.apart
        self._grown[into] = None

    def _split(self, story: _Open) -> Split | None:
        """Split a story that has fallen into two since it was last looked into; copies stay with their originals.
        The larger side goes on as the story."""
        number = len(story.keys)
        if number > len(story.whole) or 4 * number < 5 * story.examined:
            return None
        story.examined = number
        second = divided([account.vector for account in story.whole])
        if second is None:
            return None
        sides = {account.key: side for account, side in zip(story.whole, second, strict=True)}
        for account in story.whole:
            sides[account.key] = sides.get(account.original or "", sides[account.key])
        smaller = sum(sides.values()) * 2 <= number
        part = self._new_key()
        self._close(story)
        for account in story.whole:
            rest = self._join(account, part if sides[account.key] == smaller else story.key)
            rest.apart.update(story.apart | {part, story.key})
            rest.examined = number
            self._grown[rest] = None
        keys = frozenset(key for key, side in sides.items() if side == smaller)
        return Split(story.key, part, keys)

    def _join(self, account: Account, key: uuid.UUID) -> _Open:
        story = self._open.get(key)
        if story is None:
            tuning = self.tuning
            story = _Open(
                key, account.at, self._seen, deque(maxlen=tuning.members), deque(maxlen=tuning.whole)
            )
            self._open[key] = story
        self._seen += 1
        self._articles += 1
        self._articles_with.update(account.rarity.keys())
        story.last_at = max(story.last_at, account.at)
        story.touched = self._seen
        story.latest.append(account)
        story.whole.append(account)
        story.keys.append(account.key)
        story.counts.update(account.rarity.keys())
        self._story_of[account.key] = key
        self._move_centroid(story, account.vector)
        return story

    def _move_centroid(self, story: _Open, vector: Vector) -> None:
        total = story.total
        for term, weight in vector.items():
            total[term] = total.get(term, 0.0) + weight
        surplus = len(total) - self.tuning.centroid
        for term, _ in sorted(total.items(), key=_weight)[:surplus] if surplus > 0 else ():
            del total[term]
            self._drop(term, story)
        story.norm = norm(total)
        story.core = sorted(total.items(), key=_weight, reverse=True)[:CORE]
        for term in vector:
            if term in total:
                self._index.setdefault(term, {})[story] = total[term]

    def _sweep(self, at: float) -> None:
        """Now and then, and never inside a second look, which has a list of open stories in its hand."""
        if self._seen - self._swept >= 2_000:
            self._swept = self._seen
            self._close_old(at)

    def _close_old(self, at: float) -> None:
        """Forget stories outside the window; those touched lately stay, for an old file may still be coming in."""
        for story in list(self._open.values()):
            if abs(at - story.last_at) > self.tuning.window and self._seen - story.touched > 4_000:
                self._close(story)

    def _close(self, story: _Open) -> None:
        del self._open[story.key]
        for key in story.keys:
            self._story_of.pop(key, None)
        self._grown.pop(story, None)
        self._articles -= len(story.keys)
        self._articles_with.subtract(story.counts)
        for term in story.counts:
            if self._articles_with[term] <= 0:
                del self._articles_with[term]
        for term in story.total:
            self._drop(term, story)

    def _drop(self, term: str, story: _Open) -> None:
        postings = self._index.get(term)
        if postings is not None and postings.pop(story, None) is not None and not postings:
            del self._index[term]
