"""Sending: what is due is claimed, handed over once, and its outcome recorded on its row.

The order is the proof. A row says “on the wire” before the final dot of its mail leaves, and a line waits for one such
answer at a time, so a process that dies leaves at most a row per open line of which nobody can know; such a row is in doubt
and is never sent again by itself. Every other row of the dead process was certainly not sent and is due again. Each
step is a conditional UPDATE: there is no moment at which two workers may hand over the same row.

Read `handover/claims.py` (who holds a row), `supply.py` (what is taken next), `handing.py` (the turns of the
lines), `ledger.py` (marks and outcomes), `refusing.py` (whom a refusal means), `pen.py` (who writes), `crew.py`
(several workers on one machine) and `ending.py` (told to end).
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from django.conf import settings
from django.db.models import Q

from daybreak.common.config import Config
from daybreak.common.dkim import signer
from daybreak.common.post import Post, open_post
from daybreak.delivery.handover.claims import (
    abandoned,
    give_back,
    give_up_late,
    given_up_too_soon,
    new_claim,
    recover,
)
from daybreak.delivery.handover.ending import Ending, never
from daybreak.delivery.handover.handing import Desk, Handing, one_by_one
from daybreak.delivery.handover.ledger import Clock, Job, Ledger, Sent
from daybreak.delivery.handover.lines import Lines, open_lines
from daybreak.delivery.handover.manyposts import ManyAtOnce, Posts, open_posts
from daybreak.delivery.handover.pacing import Paces
from daybreak.delivery.handover.pen import open_pen
from daybreak.delivery.handover.refusing import judge_left
from daybreak.delivery.handover.returnpath import return_path
from daybreak.delivery.handover.supply import ALL_PUT_OFF, Supply
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.planning import first_planning_due

State = Delivery.State
Way = Post | Posts | Lines


def open_way(config: Config) -> AbstractContextManager[Way]:
    """The way this newsroom's editions take: lines to its relays, posts to its provider, or the built-in outbox."""
    if config.provider is not None:
        return open_posts(config)
    return open_lines(config) if config.relays else open_post(config)


def deliver_due(
    open_post: Callable[[], AbstractContextManager[Way]],
    at: dt.datetime | Clock,
    config: Config | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
    ending: Ending = never,
) -> Sent:
    """Hand over everything that is due until nothing is or the mail server is unwell.

    `at` is an instant to rehearse, or the clock, which is asked before each mail so that none leaves after its last
    instant however long the sending took. `config` is the newsroom's own unless another is given. `may_go_on` is
    asked before more rows are claimed, `ending` all the time. Any number of workers may run this at once. Raises Refused when the press lost a mail.
    """
    config = config or settings.CONFIG
    clock = at if callable(at) else lambda: at
    judge_left(clock())
    sent = Sent(recovered=recover(clock()))
    with open_post() as way, open_pen() as pen, new_claim() as claim, _rare_collections():
        supply = Supply(Ledger(claim, clock, sent, pen), config, lambda: not ending() and may_go_on())
        _hand_over(way, supply, ending)
        while not sent.trouble and not ending() and supply.wait_for_a_domain():
            _hand_over(way, supply, ending)
        supply.ledger.end()
        if supply.ledger.puts_everybody_off and not sent.trouble:
            sent.trouble = ALL_PUT_OFF
        give_back(claim, sent.trouble)
        sent.missed += give_up_late(clock())
    return sent


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for lost circles of objects a hundred times less often: a mail leaves none, and looking took a fiftieth."""
    before = gc.get_threshold()
    gc.freeze()  # what is there now stays
    gc.set_threshold(70_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _hand_over(way: Way, supply: Supply, ending: Ending) -> None:
    """Everything that `supply` has, by `way`."""
    signatures, clock = signer(supply.config, supply.config.mail_from).signatures, supply.ledger.clock

    def write(job: Job) -> list[bytes]:
        fields, body = job.letter.pieces_for(job, job.pk, clock(), job.note, job.late)
        return [signatures(fields, body, job.letter.shared) + b"\r\n".join(fields) + b"\r\n\r\n", *body]

    desk = Desk(supply.ledger, write, lambda job: return_path(job.pk, supply.config), ending)
    if isinstance(way, Lines):
        Handing(way, desk, supply).run()
        return
    with closing(Paces(supply.config)) as paces:
        if isinstance(way, Posts):
            ManyAtOnce(way, desk, supply.paced(paces)).run()
        else:
            one_by_one(supply.paced(paces), way.hand_over, desk)


def sending_due(at: dt.datetime) -> bool:
    """Whether there is anything to hand over, to give up or to recover at `at`, or an edition without a row yet."""
    due = Delivery.objects.filter(state=State.DUE, due_at__lte=at)
    waiting = due.filter(~SendHold.on_rows() | Q(not_after__lt=at))
    again = bool(abandoned(at)) or given_up_too_soon(at).exists()
    return waiting.exists() or again or first_planning_due(at)
