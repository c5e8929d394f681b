"""The wire's memory: which earlier story a story continues, found behind the filer's back.

Filing never waits for it. The stories that have changed since they were last looked back from are the queue; a look
writes a story's telling terms, by which later ones find it, and the earlier story it continues.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from daybreak.wire.joining.evidence import Vector
from daybreak.wire.joining.wording import telling_text
from daybreak.wire.lives.continuing import continued, telling_terms
from daybreak.wire.lives.regrouping import referred_to
from daybreak.wire.models import Article, Story, StoryTerm

REACH = dt.timedelta(days=60)  # how far back is remembered
_EARLIER = dt.timedelta(hours=12)  # by which a story began before the one that continues it
_SETTLES = dt.timedelta(hours=1)  # a growing story is looked back from at most so often
_PENDING = dt.timedelta(days=14)  # a story that long without an article is no longer looked back from
_ROUND = 200  # stories a round
_ARTICLES = 12  # looked at of a story
_TEXT = 800  # characters of a text
_LONGEST = 8  # stories in a chain


def look_back(at: dt.datetime) -> int:
    """Look back from up to _ROUND of the stories that are due at `at` (aware UTC); how many there were."""
    due = list(_due(at).order_by("last_seen_at")[:_ROUND])
    articles = _articles_of(due)
    worth = _worth_finding(due, at)
    for story in due:
        terms = telling_terms(articles[story.pk]) if story.pk in worth else {}
        earlier = _find(story, terms)
        _write(story, terms, earlier, at)
    if due:
        over = (at - 2 * REACH, at - REACH - _EARLIER)
        StoryTerm.objects.filter(story__last_seen_at__range=over).delete()
    return len(due)


def looks_due(at: dt.datetime) -> bool:
    """Whether a round at `at` would look back from any story."""
    return _due(at).exists()


def background_of(story: Story) -> list[Story]:
    """The earlier stories that a living one goes on with, the latest first; one not yet looked back from is looked
    back from now. Each began before the one that continues it, so no chain bites its tail."""
    first = story.continues
    if first is None and not story.linked_by:
        first = _find(story, telling_terms(_articles_of([story])[story.pk]))
    if first is None or not _precedes(first.living, story):
        return []
    chain = [first.living]
    while len(chain) < _LONGEST and (before := chain[-1].continues) and _precedes(before.living, chain[-1]):
        chain.append(before.living)
    return chain


def predecessors(stories: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Story]]:
    """For each of these living stories the earlier ones that it goes on with, as far as they have been found; a few
    queries for all."""
    held = {story.pk: story for story in _chained().filter(pk__in=stories)}
    links: dict[uuid.UUID, Story | None] = {key: story.continues for key, story in held.items()}
    chains: dict[uuid.UUID, list[Story]] = {key: [] for key in held}
    for _ in range(_LONGEST):
        asked = {link.living.pk for link in links.values() if link}
        earlier = {story.pk: story for story in _chained().filter(pk__in=asked)} if asked else {}
        for key, link in links.items():
            before = earlier.get(link.living.pk) if link else None
            last = chains[key][-1] if chains[key] else held[key]
            if before is None or not _precedes(before, last):
                links[key] = None
                continue
            chains[key].append(before)
            links[key] = before.continues
    return chains


def _chained() -> QuerySet[Story]:
    return Story.objects.select_related("continues__merged_into")


def _precedes(earlier: Story, story: Story) -> bool:
    return earlier.first_seen_at < story.first_seen_at


def _due(at: dt.datetime) -> QuerySet[Story]:
    changed = Q(looked_back_at=None) | Q(looked_back_at__lt=F("last_seen_at") - _SETTLES)
    return Story.objects.filter(changed, last_seen_at__gt=at - _PENDING, last_seen_at__lte=at)


def _worth_finding(stories: Sequence[Story], at: dt.datetime) -> set[uuid.UUID]:
    """Those that several outlets have, or the desk took up: what one outlet alone has is mostly a form of words."""
    spread = (
        Article.objects.filter(story__in=stories)
        .values("story")
        .annotate(outlets=Count("source", distinct=True))
    )
    return referred_to(at - REACH) | set(spread.filter(outlets__gt=1).values_list("story", flat=True))


def _articles_of(stories: Sequence[Story]) -> dict[uuid.UUID, list[tuple[str, str, str]]]:
    """Title, text and source of each story's first reports, copies left out."""
    held: dict[uuid.UUID, list[tuple[str, str, str]]] = defaultdict(list)
    rows = Article.objects.filter(story__in=stories, original=None).order_by("published_at", "id")
    for key, title, summary, body, source in rows.values_list(
        "story_id", "title", "summary", "body", "source__name"
    ).iterator():
        if key is not None and len(held[key]) < _ARTICLES:
            held[key].append((title, telling_text(summary, body[:_TEXT]), source))
    return held


def _find(story: Story, terms: Vector) -> Story | None:
    """The story that this one most likely continues."""
    before = story.first_seen_at - _EARLIER
    rows = StoryTerm.objects.filter(
        term__in=terms, story__first_seen_at__lt=before, story__last_seen_at__gt=before - REACH,
        story__merged_into=None,
    ).exclude(story=story)  # fmt: skip
    held: dict[uuid.UUID, Vector] = defaultdict(dict)
    days: dict[uuid.UUID, float] = {}
    for key, term, weight, ended in rows.values_list("story_id", "term", "weight", "story__last_seen_at"):
        held[key][term] = weight
        days[key] = (story.first_seen_at - ended) / dt.timedelta(days=1)
    found = continued(terms, held, days)
    return _chained().filter(pk=found).first() if found else None


@transaction.atomic
def _write(story: Story, terms: Vector, earlier: Story | None, at: dt.datetime) -> None:
    looked = Story.objects.filter(pk=story.pk, looked_back_at=story.looked_back_at)
    if not looked.update(looked_back_at=at):
        return  # somebody else has looked, or it was merged away
    Story.objects.filter(pk=story.pk, linked_by="").update(continues=earlier)
    StoryTerm.objects.filter(story=story).delete()
    StoryTerm.objects.bulk_create(
        StoryTerm(story=story, term=term, weight=weight) for term, weight in terms.items()
    )
