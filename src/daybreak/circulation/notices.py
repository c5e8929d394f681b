"""Letters that are due: claimed, written, handed over, recorded.

The due rows are the queue. A code is made at the moment its letter is sent, so no secret rests in the database.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import F, Q

from daybreak.circulation.joining import make_way_in
from daybreak.circulation.letters import Letterhead, letter
from daybreak.circulation.models import Notice
from daybreak.common.post import AddressRefused, InDoubt, Post, TryLater

CLAIM_LIFE = dt.timedelta(minutes=5)
GIVEN_UP_AFTER = dt.timedelta(hours=24)
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))  # the last one for ever after
A_SWEEP = 100
STRAIGHT_FAILURES = 3

# In doubt counts as not sent, unlike an edition: a second way in does no harm, while somebody who waits at the
# sign-in page for a mail that never comes is lost. The same goes for a claim whose process died.
_NOT_NOW = (TryLater, InDoubt)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the letters of one sweep; `put_off` are due again later."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0


def send_due_notices(post: Post, at: dt.datetime, base_url: str, sender: str, paper_name: str) -> Counts:
    """Hand over up to 100 letters due at `at`; safe to run anywhere at any time, also twice at once.

    `base_url` is the site's address without a slash at the end, `sender` a bare address. Stops after three
    failures on end: the server is away, and each further try would hold the sweep up by its time limit.
    """
    head = Letterhead(paper_name, sender, base_url)
    tally = {Notice.State.SENT: 0, Notice.State.DUE: 0, Notice.State.FAILED: 0}
    failures = 0
    for key in (
        Notice.objects.filter(_due(at)).order_by("due_at", "id").values_list("pk", flat=True)[:A_SWEEP]
    ):
        notice = _claim(key, at)
        if notice is None:
            continue
        state = _send(post, notice, head, at)
        tally[state] += 1
        failures = failures + 1 if state == Notice.State.DUE else 0
        if failures == STRAIGHT_FAILURES:
            break
    return Counts(tally[Notice.State.SENT], tally[Notice.State.DUE], tally[Notice.State.FAILED])


def notices_due(at: dt.datetime) -> bool:
    """Whether a letter waits to be sent at `at`."""
    return Notice.objects.filter(_due(at)).exists()


def _due(at: dt.datetime) -> Q:
    dead_claim = Q(state=Notice.State.CLAIMED, claimed_at__lte=at - CLAIM_LIFE)
    return Q(state=Notice.State.DUE, due_at__lte=at) | dead_claim


def _claim(key: uuid.UUID, at: dt.datetime) -> Notice | None:
    """The notice, ours alone for five minutes; None when somebody else was quicker."""
    moved = Notice.objects.filter(_due(at), pk=key).update(
        state=Notice.State.CLAIMED, claimed_at=at, attempts=F("attempts") + 1
    )
    return Notice.objects.select_related("reader").get(pk=key) if moved else None


def _send(post: Post, notice: Notice, head: Letterhead, at: dt.datetime) -> Notice.State:
    code, link_token = make_way_in(notice.reader, at)
    try:
        post.hand_over(head.sender, notice.reader.email, letter(notice, head, code, link_token, at))
    except _NOT_NOW as error:
        if at >= notice.made_at + GIVEN_UP_AFTER:
            return _record(notice, Notice.State.FAILED, last_error=str(error)[:300])
        wait = WAITS[min(notice.attempts, len(WAITS)) - 1]
        return _record(notice, Notice.State.DUE, due_at=at + wait, last_error=str(error)[:300])
    except AddressRefused as error:
        return _record(notice, Notice.State.FAILED, last_error=str(error)[:300])
    return _record(notice, Notice.State.SENT, sent_at=at, last_error="")


def _record(notice: Notice, state: Notice.State, **facts: object) -> Notice.State:
    # Only while the claim is still ours: a sweep that was slower than five minutes has been overtaken.
    Notice.objects.filter(pk=notice.pk, state=Notice.State.CLAIMED, claimed_at=notice.claimed_at).update(
        state=state, **facts
    )
    return state
