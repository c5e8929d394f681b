"""Sending: what is due is claimed, handed over once, and its outcome recorded on its row.

The order is the proof. A row says “on the wire” before the final dot of its mail leaves, and a line carries one mail
at a time, so a process that dies leaves at most a row per open line of which nobody can know; such a row is in doubt
and is never sent again by itself. Every other row of the dead process was certainly not sent and is due again. Each
step is a conditional UPDATE: there is no moment at which two workers may hand over the same row.

Read `claims.py` (who holds a row), `handing.py` (a claim's mails on many lines), `ledger.py` (marks and outcomes).
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q

from daybreak.circulation.entitlement import entitled_readers, entitlement_of
from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.dkim import Signer, signer
from daybreak.common.post import Post, open_post
from daybreak.delivery.handover.claims import (
    BATCH,
    abandoned,
    give_back,
    give_up_late,
    new_claim,
    not_to,
    recover,
    take,
)
from daybreak.delivery.handover.handing import Desk, Handing, one_by_one
from daybreak.delivery.handover.ledger import Clock, Job, Ledger, Sent
from daybreak.delivery.handover.lines import Lines, open_lines
from daybreak.delivery.handover.manyposts import ManyAtOnce, Posts, open_posts
from daybreak.delivery.handover.pacing import left_today
from daybreak.delivery.handover.returnpath import return_path
from daybreak.delivery.lateness import LateBefore, late_before
from daybreak.delivery.letters import Letter, letter_of
from daybreak.delivery.mending.correctionletter import correction_letter
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.planning import day_wanted, not_their_day, planning_due
from daybreak.delivery.returns.suppressing import suppressed
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun
from daybreak.press.renditions import current_run

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
) -> Sent:
    """Hand over everything that is due, batch after batch, until nothing is or the mail server is unwell.

    `at` is an instant to rehearse, or the clock, which is asked before each mail so that none leaves after its last
    instant however long the sending took. `config` is the newsroom's own unless another is given. `may_go_on` is
    asked before each batch. Any number of workers may run this at once. Raises Refused when the press lost a mail.
    """
    config = config or settings.CONFIG
    clock = at if callable(at) else lambda: at
    total = Sent(recovered=recover(clock()))
    with open_post() as way:
        sending = _Sending(way, clock, config, signer(config, config.mail_from))
        while not total.trouble and may_go_on():
            total.missed += give_up_late(clock())
            due = sending.longest_due()
            if due is None:
                if not sending.wait_for_a_domain():
                    break
                continue
            total.add(sending.batch(due))
    return total


def mornings_due(at: dt.datetime) -> bool:
    """Whether there is anything to plan, to hand over, to give up or to recover at `at`."""
    due = Delivery.objects.filter(state=State.DUE, due_at__lte=at)
    waiting = due.filter(~SendHold.on_rows() | Q(not_after__lt=at))
    return waiting.exists() or bool(abandoned(at)) or planning_due(at)


@dataclass(slots=True)
class _Sending:
    """One worker's run: the way its mails take, and the letters it has set."""

    way: Way
    clock: Clock
    config: Config
    signer: Signer
    letters: dict[tuple[int, int | None], Letter] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)  # domains that had their pace, until when (Unix)

    def longest_due(self) -> Delivery | None:
        """The row that is due longest, of an edition or of a correction; those to resting domains are left aside."""
        self.resting = {domain: until for domain, until in self.resting.items() if until > time.time()}
        due = Delivery.objects.filter(~SendHold.on_rows(), state=State.DUE, due_at__lte=self.clock())
        rows = not_to(due, self.resting).order_by("due_at", "id")
        return rows.select_related("edition", "correction").first()

    def wait_for_a_domain(self) -> bool:
        """Sleep until the first resting domain takes mail again; False when none rests."""
        if not self.resting:
            return False
        time.sleep(max(min(self.resting.values()) - time.time(), 0.01))
        return True

    def batch(self, due: Delivery) -> Sent:
        """Claim a batch of what `due` is a row of, an edition or a correction; bring each row to its outcome."""
        run = current_run(due.edition)
        assert run is not None, "only printed editions are planned"
        letter = self._letter(run, due)
        room = left_today(self.config, self.clock())
        if room == 0:
            return Sent(
                trouble="The warm-up’s mails of this day are sent: DAYBREAK_MAIL_WARM_UP says how many."
            )
        with new_claim() as claim:
            started = self.clock()
            sent = Sent()
            what = (due.edition_id, due.correction_id)
            if take(claim, what, started, min(BATCH, room or BATCH), self.resting):
                sent.withdrawn = _withdraw(claim, due.edition, started)
                jobs = _jobs(claim, started, late_before(due.edition))
                self._hand_over(jobs, letter, Ledger(claim, run.pk, self.clock, sent))
                if sent.put_off and not sent.handed_over and not sent.trouble:
                    sent.trouble = "The mail server put off every mail of a batch: the next run tries again."
                give_back(claim, sent.trouble)
            return sent

    def _hand_over(self, jobs: Iterator[Job], letter: Letter, ledger: Ledger) -> None:
        def write(job: Job) -> bytes:
            return self.signer.sign(letter.to(job, job.pk, self.clock(), job.note, job.late), settled=True)

        desk = Desk(ledger, write, lambda job: return_path(job.pk, self.config))
        if isinstance(self.way, Lines):
            Handing(self.way, desk, jobs, self.resting).run()
        elif isinstance(self.way, Posts):
            ManyAtOnce(self.way, desk, jobs).run()
        else:
            one_by_one(jobs, self.way.hand_over, desk)

    def _letter(self, run: PressRun, due: Delivery) -> Letter:
        """The letter of the run or of the correction; the last one is kept."""
        key = (run.pk, due.correction_id)
        if key not in self.letters:
            correction = due.correction
            made = (
                correction_letter(correction, run, self.config) if correction else letter_of(run, self.config)
            )
            self.letters = {key: made}
        return self.letters[key]


def _jobs(claim: uuid.UUID, at: dt.datetime, late: LateBefore) -> Iterator[Job]:
    """What is left of a claim after the withdrawals, the longest due first."""
    notes = _trial_notes(claim, at)
    rows = Delivery.objects.filter(claim=claim, state=State.CLAIMED).order_by("due_at", "id")
    late.look_up(list(rows.values_list("reader", flat=True)))
    who = ("reader__email", "reader__name", "reader__unsubscribe_token")
    for reader, key, attempts, not_after, email, name, token in rows.values_list(
        "reader", "pk", "attempts", "not_after", *who
    ):
        note = notes.get(reader, "")
        yield Job(key, attempts, not_after, email, name, token, note, late.for_reader(reader))


def _trial_notes(claim: uuid.UUID, at: dt.datetime) -> dict[int, str]:
    """What readers of the claim who are on trial are told of its end, by reader; few are, so only they are looked at."""
    held = Delivery.objects.filter(claim=claim, state=State.CLAIMED)
    trying = Reader.objects.filter(
        pk__in=held.values("reader"),
        periods__kind="trial",
        periods__starts_at__lte=at,
        periods__ends_at__gt=at,
    )
    notes = {}
    for reader in trying.prefetch_related("periods"):
        entitlement = entitlement_of(reader, at)
        if entitlement.allowed and entitlement.reason == "trial":
            notes[reader.pk] = entitlement.sentence(reader.time_zone)
    return notes


def _withdraw(claim: uuid.UUID, edition: Edition, at: dt.datetime) -> int:
    """Ask again who is entitled and wants the mail: days may lie between the planning and the morning."""
    held = Delivery.objects.filter(claim=claim, state=State.CLAIMED)
    stopped = held.filter(reader__mail_stopped_at__isnull=False)
    withdrawn = stopped.update(state=State.WITHDRAWN, reason="The reader stopped the mail.")
    dead = held.filter(suppressed("reader_id"))
    withdrawn += dead.update(state=State.WITHDRAWN, reason="No mail goes to this address: it is suppressed.")
    # A correction is owed to whoever has the error, entitled still or not.
    of_edition, rules = held.filter(correction=None), the_rules()
    unwanted = of_edition.exclude(day_wanted(edition.date, rules, "reader__delivery_days"))
    withdrawn += unwanted.update(state=State.WITHDRAWN, reason=not_their_day(edition.date, rules))
    lapsed = of_edition.exclude(reader__in=entitled_readers(at))
    return withdrawn + lapsed.update(state=State.WITHDRAWN, reason="The reader is no longer entitled.")
