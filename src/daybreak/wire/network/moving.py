"""Feeds that move: a redirect for good (301, 308; RFC 9110, section 15.4) is believed once it has lasted.

A misconfigured server, a hotel's network or a seized name redirects for good too, for an hour. So the new address is
kept only when it was seen on several answers over days, and never when it leads from the public internet into a
private network.
"""

from __future__ import annotations

import datetime as dt

from daybreak.wire.models import Source
from daybreak.wire.network.publicnet import is_public_host
from daybreak.wire.outlets.sources import LONGEST_FEED_URL

OFTEN = 3  # good answers
LONG = dt.timedelta(days=2)


def where_it_moves(source: Source, moved_to: str, at: dt.datetime) -> dict[str, object]:
    """The fields of a source to set after a good answer that was found at `moved_to` for good ("" at its own
    address): the move is noted, seen again, forgotten, or made. One whose new address is another source's feed is
    paused, with a sentence."""
    if not moved_to or len(moved_to) > LONGEST_FEED_URL:
        return _noted("", 0, None) if source.moved_to else {}
    if moved_to != source.moved_to or source.moved_since is None:
        return _noted(moved_to, 1, at)
    seen = source.moved_seen + 1
    if seen < OFTEN or at - source.moved_since < LONG or not _may_move(source, moved_to):
        return _noted(moved_to, seen, source.moved_since)
    namesake = Source.objects.filter(feed_url=moved_to).exclude(pk=source.pk).first()
    if namesake:
        why = f"Its feed has moved to that of {namesake.name}: it is paused, remove it."
        return {"active": False, "last_error": why[:500]}
    return {"feed_url": moved_to, **_noted("", 0, None)}


def _may_move(source: Source, moved_to: str) -> bool:
    return is_public_host(moved_to) or not is_public_host(source.feed_url or "")


def _noted(moved_to: str, seen: int, since: dt.datetime | None) -> dict[str, object]:
    return {"moved_to": moved_to, "moved_seen": seen, "moved_since": since}
