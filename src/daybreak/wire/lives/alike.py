"""Stories that an editor may want to put together: those of the same days with rare words in common."""

from __future__ import annotations

import datetime as dt
import math
from functools import reduce
from operator import and_, or_

from django.db.models import Q

from daybreak.wire.joining.commonness import RARE, shares
from daybreak.wire.joining.wording import headline_terms
from daybreak.wire.models import Story

REACH, REMEMBERED = dt.timedelta(days=4), dt.timedelta(days=60)
_TELLING = 8  # words of a story that others are looked for by
_MOST = 500  # stories looked into
_ALIKE = 0.3  # of a headline's rarity, the least that is shared


def stories_like(story: Story, words: str = "", limit: int = 8) -> list[Story]:
    """The living stories of the REMEMBERED days before this one whose headlines have all of `words`; without any,
    those within REACH of it that share its rarest words, the likest first."""
    wanted = words.split()[:_TELLING]
    near = Story.objects.exclude(pk=story.pk).filter(
        last_seen_at__gt=story.first_seen_at - (REMEMBERED if wanted else REACH),
        first_seen_at__lt=story.last_seen_at + REACH,
    )
    if wanted:
        found = near.filter(reduce(and_, (Q(headline__icontains=word) for word in wanted)))
        return list(found.order_by("-score", "-last_seen_at")[:limit])
    own: dict[str, float] = {}
    for title in (story.headline, *story.articles.values_list("title", flat=True)[:20]):
        own.update(_rarity(title))
    telling = sorted(own, key=own.__getitem__, reverse=True)[:_TELLING]
    if not telling:
        return []
    sharing = near.filter(reduce(or_, (Q(headline__icontains=word) for word in telling)))
    ranked = []
    for other in sharing.order_by("-score")[:_MOST]:
        its = _rarity(other.headline)
        common = sum(rarity for term, rarity in its.items() if term in own)
        if common >= _ALIKE * sum(its.values()):
            ranked.append((common, other))
    ranked.sort(key=lambda pair: -pair[0])
    return [other for _, other in ranked[:limit]]


def _rarity(title: str) -> dict[str, float]:
    common = shares().get
    return {term: -math.log(common(term, RARE)) for term in headline_terms(title)}
