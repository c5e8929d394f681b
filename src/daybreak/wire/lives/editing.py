"""The editor's hand on stories: merge two, split one, move articles, pin, and undo.

Each act waits for its turn, is one conditional change, and is noted in the journal in the same transaction. What an
editor has regrouped is settled: the machine adds what newly comes in and changes nothing else.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q

from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.wire.lives.regrouping import BY_THE_WIRE, carry, living, revive
from daybreak.wire.models import Article, Regrouping, Story
from daybreak.wire.stories import refresh
from daybreak.wire.turns import wait_for_turn

Act = Regrouping.Act
_CHANGED = "Somebody regrouped these stories in the meantime: look at them again."


@transaction.atomic
def merge_stories(gone: uuid.UUID, into: uuid.UUID, *, by: str, at: dt.datetime) -> Regrouping:
    """Put all articles of one story into another, where its old links lead from now on.

    Raises Refused when either is not there or both are one story already.
    """
    wait_for_turn()
    first, second = _living(gone), _living(into)
    if first == second:
        raise Refused(f"They are one story already, “{second}”.")
    articles = first.articles.values_list("id", flat=True)
    return _done(carry(Act.MERGE, first.pk, second.pk, articles, by=_name(by), at=at, held=True))


@transaction.atomic
def split_story(story: uuid.UUID, articles: Collection[int], *, by: str, at: dt.datetime) -> Regrouping:
    """Make a story of its own, the regrouping's `into`, of some of a story's articles; copies go with their text.

    Raises Refused when these are none of the story's, or all of them.
    """
    wait_for_turn()
    origin = _living(story)
    chosen = _families(origin, articles)
    if len(chosen) == origin.articles.count():
        raise Refused("These are all the articles of the story: choose some of them, and leave one.")
    opened = Story.objects.create(
        headline=origin.headline, first_seen_at=origin.first_seen_at, last_seen_at=origin.last_seen_at
    )
    return _done(carry(Act.SPLIT, origin.pk, opened.pk, chosen, by=_name(by), at=at, held=True))


@transaction.atomic
def move_articles(
    story: uuid.UUID, articles: Collection[int], into: uuid.UUID, *, by: str, at: dt.datetime
) -> Regrouping:
    """Move some of a story's articles into another; copies go with their text. Moving all of them is a merge.

    Raises Refused when the articles are none of the story's, or the stories are one already.
    """
    wait_for_turn()
    origin, target = _living(story), _living(into)
    if origin == target:
        raise Refused(f"They are one story already, “{target}”.")
    chosen = _families(origin, articles)
    act = Act.MERGE if len(chosen) == origin.articles.count() else Act.MOVE
    return _done(carry(act, origin.pk, target.pk, chosen, by=_name(by), at=at, held=True))


@transaction.atomic
def undo(regrouping: int, *, by: str, at: dt.datetime) -> Regrouping:
    """Take a regrouping back: its articles return, and a story that was merged away lives again.

    It holds like any act of an editor: the wire does not do again what was undone. Raises Refused when the act was undone already, or a
    later one has the same articles.
    """
    wait_for_turn()
    act = Regrouping.objects.filter(pk=regrouping).first()
    if act is None or act.act == Act.UNDO:
        raise Refused(f"There is no regrouping {regrouping} to undo: see the story’s page.")
    if later := _in_the_way(act):
        raise Refused(
            f"{later.get_act_display()} since by {later.by}, with the same articles: undo that first."
        )
    if not Regrouping.objects.filter(pk=act.pk, undone_at=None).update(undone_at=at, held=False):
        raise Refused("That was undone already.")
    articles: Collection[int] = act.articles
    if act.act == Act.SPLIT:  # what came into the new story since goes back with the rest
        articles = list(Article.objects.filter(story=act.into_id).values_list("id", flat=True))
    revive(act.origin_id, act.aliases)
    return _done(
        carry(Act.UNDO, act.into_id, act.origin_id, articles, by=_name(by), at=at, held=True, undoes=act)
    )


@transaction.atomic
def pin(story: uuid.UUID, pinned: bool, *, by: str, at: dt.datetime) -> Story:
    """Pin a story, so that the machine leaves its articles in it, or let it go again; saying it twice does nothing.

    Raises Refused when there is no such story.
    """
    wait_for_turn()
    found = _living(story)
    changed = Story.objects.filter(pk=found.pk, pinned_at__isnull=pinned)
    if changed.update(pinned_at=at if pinned else None):
        note("story pinned" if pinned else "story unpinned", f"story {found.pk}", by=_name(by), at=at)
    found.refresh_from_db()
    return found


@transaction.atomic
def link(story: uuid.UUID, earlier: uuid.UUID | None, *, by: str, at: dt.datetime) -> Story:
    """Say which earlier story a story goes on with, or with None that it goes on with none; the machine then leaves
    it so. Raises Refused when either is not there, or the earlier one did not begin before.
    """
    wait_for_turn()
    found = _living(story)
    before = _living(earlier) if earlier else None
    if before is not None and before.first_seen_at >= found.first_seen_at:
        raise Refused(f"“{before}” did not begin before “{found}”: a story goes on with an earlier one.")
    Story.objects.filter(pk=found.pk).update(continues=before, linked_by=_name(by))
    what = {"continues": str(before.pk) if before else None}
    note("story linked" if before else "story unlinked", f"story {found.pk}", by=_name(by), at=at, **what)
    found.refresh_from_db()
    return found


def regroupings_of(story: Story) -> list[Regrouping]:
    """What was done to a story and to those it took in, the latest first."""
    family = [story.pk, *Story.kept.filter(merged_into=story).values_list("id", flat=True)]
    touching = Q(origin__in=family) | Q(into__in=family)
    rows = Regrouping.objects.filter(touching).select_related("origin", "into", "undoes")
    return list(rows.order_by("-id"))


def _living(story: uuid.UUID) -> Story:
    found = living(story)
    if found is None:
        raise Refused(f"There is no story {story}: see `daybreak wire stories`.")
    return found


def _name(by: str) -> str:
    name = " ".join(by.split())
    if not name or len(name) > 200 or name == BY_THE_WIRE:
        raise Misused("Stories are regrouped by name: say whose, in at most 200 characters.")
    return name


def _families(story: Story, articles: Collection[int]) -> list[int]:
    """These articles of a story with the originals and copies of their texts."""
    rows = list(story.articles.values_list("id", "original_id"))
    roots = {original or key for key, original in rows if key in set(articles)}
    if not roots or not set(articles) <= {key for key, _ in rows}:
        raise Refused("Choose articles of this story: what was chosen is not, or no longer, in it.")
    return [key for key, original in rows if (original or key) in roots]


def _in_the_way(act: Regrouping) -> Regrouping | None:
    """The latest act after this one that stands and has some of its articles."""
    stories = [act.origin_id, act.into_id]
    later = Regrouping.objects.filter(
        Q(origin__in=stories) | Q(into__in=stories), id__gt=act.pk, undone_at=None
    ).exclude(act=Act.UNDO)
    went = set(act.articles)
    for row in later.order_by("-id"):
        grew = act.act == Act.SPLIT and row.into_id == act.into_id
        if grew or went & set(row.articles):
            return row
    return None


def _done(regrouping: Regrouping | None) -> Regrouping:
    """Bring both stories up to date and note the act. Raises Refused when it could not be done."""
    if regrouping is None:
        raise Refused(_CHANGED)
    refresh([regrouping.origin_id, regrouping.into_id], regrouping.at)
    words: dict[str, Any] = {"into": str(regrouping.into_id), "articles": regrouping.articles}
    if regrouping.undoes is not None:
        words["undoes"] = regrouping.undoes.act
    act = {Act.MERGE: "merged", Act.SPLIT: "split", Act.MOVE: "moved from", Act.UNDO: "regrouping undone"}
    note(
        f"story {act[Act(regrouping.act)]}",
        f"story {regrouping.origin_id}",
        by=regrouping.by,
        at=regrouping.at,
        **words,
    )
    regrouping.refresh_from_db()
    return regrouping
