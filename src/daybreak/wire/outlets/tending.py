"""What people do to a source: put it off, ask it now, say more of it, take its feed away. Each act is journalled."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.db import transaction

from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.wire.models import Source
from daybreak.wire.outlets.sources import About, checked_feed_url


def source_named(name: str) -> Source:
    """The source of that name that has a feed. Raises Refused when there is none."""
    source = Source.objects.filter(name=name.strip(), feed_url__isnull=False).first()
    if source is None:
        raise Refused(f"No source with a feed is called “{name}”: see `daybreak wire sources`.")
    return source


def note_added(source: Source, *, by: str, at: dt.datetime) -> None:
    """Tell the journal who added a source."""
    note("source added", _subject(source), by=by, at=at, feed=source.feed_url)


def pause(source: Source, *, by: str, at: dt.datetime) -> None:
    """Stop asking a feed until somebody resumes it. Nothing changes when it is not asked anyway."""
    with transaction.atomic():
        if Source.objects.filter(pk=source.pk, active=True).update(active=False):
            note("source paused", _subject(source), by=by, at=at)


def resume(source: Source, *, by: str, at: dt.datetime) -> None:
    """Ask a feed again, at the next round; also one that was retired. Nothing changes for one that is asked."""
    with transaction.atomic():
        changed = Source.objects.filter(pk=source.pk, active=False, feed_url__isnull=False).update(
            active=True, retired_at=None, failures=0, next_due_at=None
        )
        if changed:
            note("source resumed", _subject(source), by=by, at=at)


def ask_now(source: Source, *, by: str, at: dt.datetime) -> None:
    """Make a feed due at `at`. Raises Refused when it is not asked at all."""
    with transaction.atomic():
        if not Source.objects.filter(pk=source.pk, active=True).update(next_due_at=at):
            raise Refused(f"{source.name} is not polled: resume it first.")
        note("source asked", _subject(source), by=by, at=at)


def edit(source: Source, name: str, feed_url: str, about: About, *, by: str, at: dt.datetime) -> Source:
    """Set what the paper says of a source. A feed with another address begins anew.

    Raises Refused with what is wrong: an empty name, one that is taken, an address that is none.
    """
    feed_url = checked_feed_url(feed_url)
    for field, value in {**asdict(about), "name": " ".join(name.split())}.items():
        setattr(source, field, value)
    if feed_url != source.feed_url:
        source.feed_url, source.etag, source.last_modified = feed_url, "", ""
        source.moved_to, source.moved_seen, source.moved_since = "", 0, None
        source.failures, source.last_error, source.next_due_at = 0, "", None
        source.retired_at, source.active = None, True
    try:
        source.full_clean()
    except ValidationError as error:
        raise Refused(_first_problem(error)) from error
    with transaction.atomic():
        source.save()
        note("source edited", _subject(source), by=by, at=at, feed=feed_url)
    return source


def remove_feed(source: Source, *, by: str, at: dt.datetime) -> None:
    """Forget a feed. The outlet stays as long as the wire holds an article of it."""
    with transaction.atomic():
        note("source removed", _subject(source), by=by, at=at, feed=source.feed_url)
        if source.articles.exists():
            Source.objects.filter(pk=source.pk).update(
                feed_url=None, active=True, retired_at=None, next_due_at=None
            )
        else:
            Source.objects.filter(pk=source.pk).delete()


def _subject(source: Source) -> str:
    return f"source {source.name}"[:200]


def _first_problem(error: ValidationError) -> str:
    field, problems = next(iter(error.message_dict.items()))
    return f"{field.replace('_', ' ').capitalize()}: {problems[0]}"
