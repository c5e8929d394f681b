"""Articles to stories, one at a time, as they arrive: values in, decision out.

Streaming single-pass clustering over sparse TF-IDF vectors (Salton and Buckley, 1988; Allan et al., 1998, "On-line
new event detection and tracking"): an article joins the live story that it is most like, by the cosine with the
story's centroid and with its nearest recent members, or it opens a new one. An inverted index of the centroids
keeps the search to stories that share its rare terms.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from daybreak.wire.wording import weigh

Vector = dict[str, float]


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
class Tuning:
    """One configuration for every wire, set on one labelled night.

    `alike` is the least likeness that joins, `nearest` how much the nearest member weighs beside the centroid,
    `fading` what a day's silence costs, `window` how long a story stays open (seconds), `prior` the articles
    taken as read before the first one, `text` how many characters of an article are looked at.
    """

    alike: float = 0.25
    nearest: float = 0.4
    fading: float = 0.05
    window: float = 72 * 3600.0
    prior: int = 300
    text: int = 600
    terms: int = 60
    centroid: int = 120
    members: int = 8
    candidates: int = 8


@dataclass(slots=True, eq=False)
class _Open:
    """A story that articles may still join: the sum of its vectors, its norm and its latest members."""

    key: uuid.UUID
    last_at: float
    touched: int
    total: Vector = field(default_factory=dict)
    norm: float = 1.0
    latest: deque[Vector] = field(default_factory=deque)


class Grouper:
    """Holds the open stories. Feed it in order of arrival; `restore` puts back what an earlier process decided."""

    def __init__(self, tuning: Tuning | None = None, new_key: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self.tuning = tuning or Tuning()
        self._new_key = new_key
        self._open: dict[uuid.UUID, _Open] = {}
        self._index: dict[str, dict[_Open, float]] = {}
        self._articles_with: Counter[str] = Counter()
        self._seen = 0
        self._story_of: dict[str, uuid.UUID] = {}

    @property
    def open_stories(self) -> int:
        """How many stories an article may still join."""
        return len(self._open)

    def add(self, item: GroupItem) -> uuid.UUID:
        """The story that this article belongs to; a copy belongs to its original's story always."""
        vector = self._vector(item)
        if item.original is not None and item.original in self._story_of:
            key = self._story_of[item.original]
        else:
            key = self._nearest(vector, item.at) or self._new_key()
        self._join(item, vector, key)
        return key

    def restore(self, item: GroupItem, story: uuid.UUID) -> None:
        """Put an article back into the story it was given."""
        self._join(item, self._vector(item), story)

    def _vector(self, item: GroupItem) -> Vector:
        """The article's TF-IDF vector of unit length, its rarest terms only."""
        weights = weigh(item.title, item.text[: self.tuning.text], item.source)
        self._seen += 1
        self._articles_with.update(weights.keys())
        articles = self._seen + self.tuning.prior
        vector = {
            term: weight * math.log(articles / (self._articles_with[term] + 0.5))
            for term, weight in weights.items()
        }
        if len(vector) > self.tuning.terms:
            vector = dict(sorted(vector.items(), key=lambda pair: -pair[1])[: self.tuning.terms])
        norm = _norm(vector)
        return {term: weight / norm for term, weight in vector.items()}

    def _nearest(self, vector: Vector, at: float) -> uuid.UUID | None:
        dots: dict[_Open, float] = {}
        crowded = max(200, len(self._open) // 8)  # a term in so many stories tells none of them apart
        for term, weight in vector.items():
            postings = self._index.get(term)
            if postings is None or len(postings) > crowded:
                continue
            for story, total in postings.items():
                dots[story] = dots.get(story, 0.0) + weight * total
        promising = sorted(
            (
                (dot / story.norm, story)
                for story, dot in dots.items()
                if dot > 0.4 * self.tuning.alike * story.norm
            ),
            key=lambda pair: -pair[0],
        )
        best, nearest = self.tuning.alike, None
        for _, story in promising[: self.tuning.candidates]:
            likeness = self._likeness(vector, at, story)
            if likeness >= best:
                best, nearest = likeness, story
        return nearest.key if nearest else None

    def _likeness(self, vector: Vector, at: float, story: _Open) -> float:
        silence = abs(at - story.last_at)
        if silence > self.tuning.window:
            return 0.0
        member = max(_dot(vector, other) for other in story.latest)
        share = self.tuning.nearest
        return (
            (1.0 - share) * _dot(vector, story.total) / story.norm
            + share * member
            - self.tuning.fading * silence / 86_400.0
        )

    def _join(self, item: GroupItem, vector: Vector, key: uuid.UUID) -> None:
        story = self._open.get(key)
        if story is None:
            story = self._open[key] = _Open(
                key, item.at, self._seen, latest=deque(maxlen=self.tuning.members)
            )
        story.last_at = max(story.last_at, item.at)
        story.touched = self._seen
        story.latest.append(vector)
        self._story_of[item.key] = key
        total = story.total
        for term, weight in vector.items():
            total[term] = total.get(term, 0.0) + weight
        for term in _weakest(total, len(total) - self.tuning.centroid):
            del total[term]
            self._drop(term, story)
        story.norm = _norm(total)
        for term in vector:
            if term in total:
                self._index.setdefault(term, {})[story] = total[term]
        if self._seen % 2_000 == 0:
            self._close_old(item.at)

    def _close_old(self, at: float) -> None:
        """Forget stories outside the window; those touched lately stay, for an old file may still be coming in."""
        for story in list(self._open.values()):
            if abs(at - story.last_at) > self.tuning.window and self._seen - story.touched > 4_000:
                del self._open[story.key]
                for term in story.total:
                    self._drop(term, story)

    def _drop(self, term: str, story: _Open) -> None:
        postings = self._index.get(term)
        if postings is not None and postings.pop(story, None) is not None and not postings:
            del self._index[term]


def _dot(left: Vector, right: Vector) -> float:
    return sum(weight * right[term] for term, weight in left.items() if term in right)


def _norm(vector: Vector) -> float:
    return math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0


def _weakest(total: Vector, surplus: int) -> list[str]:
    return sorted(total, key=total.__getitem__)[:surplus] if surplus > 0 else []
