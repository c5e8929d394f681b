"""Articles from one story to another: what the filer and the editors' acts have in common.

Call everything here inside a transaction that has waited for its turn (`turns.py`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db.models import Q

from daybreak.wire.models import Article, Regrouping, Story

BY_THE_WIRE = "the wire"


def living(story: uuid.UUID | str) -> Story | None:
    """The story of this id, or the one it was merged into; None when there never was one."""
    found = Story.kept.select_related("merged_into").filter(pk=story).first()
    return found.living if found else None


def carry(
    act: Regrouping.Act,
    origin: uuid.UUID,
    into: uuid.UUID,
    articles: Collection[int],
    *,
    by: str,
    at: dt.datetime,
    held: bool = False,
    undoes: Regrouping | None = None,
) -> Regrouping | None:
    """Take these articles of `origin` into another story and note it; None when they are no longer all there.

    One conditional UPDATE decides. A story that is left without articles is merged into the other one.
    """
    articles = sorted(articles)
    moved = Article.objects.filter(id__in=articles, story=origin).update(story=into)
    if moved != len(articles):
        return None
    aliases: list[str] = []
    if not Article.objects.filter(story=origin).exists():
        aliases = _merge(origin, into)
    return Regrouping.objects.create(
        act=act,
        origin_id=origin,
        into_id=into,
        articles=articles,
        aliases=aliases,
        by=by,
        at=at,
        held=held,
        undoes=undoes,
    )


def _merge(gone: uuid.UUID, into: uuid.UUID) -> list[str]:
    """Let a story live on in another, and with it those that had been merged into it; answers the latter."""
    older = [str(key) for key in Story.kept.filter(merged_into=gone).values_list("id", flat=True)]
    Story.kept.filter(Q(id=gone) | Q(merged_into=gone)).update(merged_into=into)
    return older


def revive(story: uuid.UUID, aliases: Collection[str]) -> None:
    """Let a story that was merged away live again, and those that had been merged into it point to it once more."""
    Story.kept.filter(id=story).update(merged_into=None)
    Story.kept.filter(id__in=list(aliases), merged_into__isnull=False).update(merged_into=story)


def settled_since(since: dt.datetime) -> set[uuid.UUID]:
    """The stories seen at `since` (aware UTC) or later whose articles stay theirs: pinned, put aside, regrouped by an
    editor, or referred to by the rows of another room."""
    aside = Q(spiked_at__isnull=False) | Q(pinned_at__isnull=False)
    settled = set(Story.objects.filter(aside, last_seen_at__gte=since).values_list("id", flat=True))
    for pair in Regrouping.objects.filter(held=True).values_list("origin_id", "into_id"):
        settled.update(pair)
    return settled | referred_to(since)


def referred_to(since: dt.datetime) -> set[uuid.UUID]:
    """The stories seen at `since` (aware UTC) or later that rows of other rooms refer to, such as briefs."""
    found: set[uuid.UUID] = set()
    for relation in Story._meta.related_objects:
        model, name = relation.related_model, relation.field.name
        if isinstance(model, str) or model._meta.app_label == Story._meta.app_label:
            continue
        lately = Q(**{f"{name}__last_seen_at__gte": since})
        lately |= Q(**{f"{name}__merged_into__last_seen_at__gte": since})
        rows = model._base_manager.filter(lately).values_list(f"{name}_id", f"{name}__merged_into_id")
        found.update(into or story for story, into in rows)
    return found


def parted_since(since: dt.datetime) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The pairs of living stories of which one was split from the other at `since` (aware UTC) or later."""
    splits = Regrouping.objects.filter(act=Regrouping.Act.SPLIT, undone_at=None, at__gte=since)
    rows = splits.values_list("origin_id", "origin__merged_into_id", "into_id", "into__merged_into_id")
    pairs = {(origin_in or origin, into_in or into) for origin, origin_in, into, into_in in rows}
    return {(one, other) for one, other in pairs if one != other}


def last_regrouping() -> int:
    """The number of the latest regrouping, 0 when there is none: what has been heard of so far."""
    return Regrouping.objects.order_by("-id").values_list("id", flat=True).first() or 0


def regrouped_after(number: int) -> set[uuid.UUID]:
    """The stories that gave or took articles in the regroupings after this one."""
    pairs = Regrouping.objects.filter(id__gt=number).values_list("origin_id", "into_id")
    return {story for pair in pairs for story in pair}
