"""What one worker is to hand over, as a stream of jobs: rows are claimed some hundred at a time, as they are wanted.

Between the planning and the morning may lie days, so each row is looked at again when it is claimed: who stopped the
mail, lapsed, or whose address is dead by now gets nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from daybreak.circulation.days import bit_of
from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import holds, today_of, why_held
from daybreak.common.config import Config
from daybreak.delivery.handover import claims
from daybreak.delivery.handover.claims import Row
from daybreak.delivery.handover.ledger import Job, Ledger
from daybreak.delivery.handover.pacing import BURST, Paces, left_today
from daybreak.delivery.lateness import LateBefore, late_before
from daybreak.delivery.letters import Letter, letter_of
from daybreak.delivery.mending.correctionletter import correction_letter
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.planning import not_their_day
from daybreak.press.models import PressRun
from daybreak.press.renditions import current_run

State = Delivery.State
NAP = 0.25  # seconds between two looks at whether to go on
SWEPT_EVERY = dt.timedelta(minutes=1)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WARMED_UP = "The warm-up’s mails of this day are sent: DAYBREAK_MAIL_WARM_UP says how many."
ALL_PUT_OFF = "The mail server put off every mail: look at what it says on the readers’ lines. The next run tries again."


@dataclass(slots=True)
class Supply:
    """The jobs of one claim. `resting` says until when (monotonic seconds) a domain is left alone; what `held_back` has
    stays claimed until the next rows are taken, and is due again then."""

    ledger: Ledger
    config: Config
    may_go_on: Callable[[], bool] = lambda: True
    resting: dict[str, float] = field(default_factory=dict)
    held_back: list[Job] = field(default_factory=list)
    letters: dict[tuple[int, int | None], Letter] = field(default_factory=dict)
    late: dict[int, LateBefore] = field(default_factory=dict)  # by edition, since the last sweep
    swept_at: dt.datetime = LONG_AGO
    before: tuple[int, int] = (0, 0)  # put off and handed over when the last rows were taken

    def jobs(self) -> Iterator[Job]:
        """The jobs one after the other, the longest due first, until nothing is due or `trouble` says what is wrong.

        Raises Refused when the press lost a mail.
        """
        while not self._trouble() and self.may_go_on():
            self.ledger.put_back(self.held_back)
            self.held_back.clear()
            at = self.ledger.clock()
            if abs(at - self.swept_at) >= SWEPT_EVERY:  # a look at every row that is due
                self.swept_at, self.ledger.sent.missed = at, self.ledger.sent.missed + claims.give_up_late(at)
                self.late.clear()
            due = self._longest_due(at)
            if due is None:
                return
            yield from self._batch(due)

    def paced(self, paces: Paces) -> Iterator[Job]:
        """The jobs but for those whose domain has had its pace, which are held back until the next rows are taken."""
        for job in self.jobs():
            if self._rests(job.domain, paces):
                self.held_back.append(job)
            else:
                yield job

    def wait_for_a_domain(self) -> bool:
        """Sleep until the first resting domain takes mail again; False when none rests, or no more is to be taken."""
        if not self.resting:
            return False
        until = min(self.resting.values())
        while (left := until - time.monotonic()) > 0 and self.may_go_on():
            time.sleep(min(left, NAP))
        return self.may_go_on()

    def _rests(self, domain: str, paces: Paces) -> bool:
        """Whether a domain has had its pace; else one more mail to it is counted."""
        if not paces.by_domain:
            return False
        now = time.monotonic()
        if self.resting.get(domain, 0.0) > now:
            return True
        wait = paces.wait_for_domain(domain, time.time())
        if wait:
            self.resting[domain] = now + max(wait, BURST)
        return bool(wait)

    def _trouble(self) -> bool:
        """Whether no more is to be taken: something is wrong, or half a batch was put off and nothing taken."""
        sent = self.ledger.sent
        put_off, handed_over = sent.put_off - self.before[0], sent.handed_over - self.before[1]
        if put_off * 2 > claims.BATCH and not handed_over and not sent.trouble:
            sent.trouble = ALL_PUT_OFF
        self.before = (sent.put_off, sent.handed_over)
        return bool(sent.trouble)

    def _longest_due(self, at: dt.datetime) -> Delivery | None:
        """The row that is due longest, of an edition or of a correction; those to resting domains are left aside."""
        self.resting = {domain: until for domain, until in self.resting.items() if until > time.monotonic()}
        due = Delivery.objects.filter(~SendHold.on_rows(), state=State.DUE, due_at__lte=at, not_after__gte=at)
        rows = claims.not_to(due, self.resting).order_by("due_at")
        return rows.select_related("edition", "correction").first()

    def _batch(self, due: Delivery) -> Iterator[Job]:
        """Claim rows of what `due` is a row of, an edition or a correction; those that are still owed."""
        run = current_run(due.edition)
        assert run is not None, "only printed editions are planned"
        letter = self._letter(run, due)
        at = self.ledger.clock()
        room = left_today(self.config, at)
        if room == 0:
            self.ledger.sent.trouble = WARMED_UP
            return
        most = claims.BATCH if room is None else min(claims.BATCH, room)
        what = (due.edition_id, due.correction_id)
        with self.ledger.pen.in_hand():
            rows = claims.take(self.ledger.claim, what, at, most, self.resting)
        owed = list(self._owed(rows, due))
        notes = _trial_notes([row.reader for row in owed if row.on_trial], at)
        late = self.late.get(due.edition_id) or self.late.setdefault(
            due.edition_id, late_before(due.edition, at)
        )
        late.look_up([row.reader for row in owed])
        for row in self._not_lost(owed):
            yield Job(
                row.key,
                row.attempts,
                row.not_after,
                row.email,
                row.name,
                row.unsubscribe_token,
                notes.get(row.reader, ""),
                late.for_reader(row.reader),
                run.pk,
                letter,
            )

    def _not_lost(self, rows: list[Row]) -> Iterator[Row]:
        """Claimed `rows` but for those that were taken from this claim: a hold takes what is left of a batch at once,
        and each mail of it would cost a line, broken off before its dot.
        """
        lost, held = self.ledger.lost, None
        for place, row in enumerate(rows):
            if self.ledger.sent.trouble:
                return
            if self.ledger.lost != lost:
                lost, held = self.ledger.lost, self.ledger.still_held(each.key for each in rows[place:])
            if held is None or row.key in held:
                yield row

    def _owed(self, rows: Collection[Row], due: Delivery) -> Iterator[Row]:
        """Those of the claimed `rows` whose reader is entitled and wants the mail; the others are withdrawn."""
        rules = the_rules()
        out = rules.calendar.outgoing(due.edition.date)
        at = self.ledger.clock()
        withdrawn = defaultdict(list)
        for row in rows:
            if row.stopped_mail:
                withdrawn["The reader stopped the mail."].append(row.key)
            elif row.suppressed:
                withdrawn["No mail goes to this address: it is suppressed."].append(row.key)
            elif row.vacation_until and holds(
                # A correction has no morning: it goes out at once.
                today_of(row.time_zone, at) if due.correction_id else out,
                row.vacation_from,
                row.vacation_until,
            ):
                withdrawn[why_held(row.vacation_until)].append(row.key)
            # A correction is owed to whoever has the error, entitled still or not.
            elif due.correction_id is None and not row.days & bit_of(out):
                withdrawn[not_their_day(due.edition.date, rules)].append(row.key)
            elif due.correction_id is None and not row.entitled:
                withdrawn["The reader is no longer entitled."].append(row.key)
            else:
                yield row
        for reason, keys in withdrawn.items():
            held = Delivery.objects.filter(pk__in=keys, state=State.CLAIMED)
            self.ledger.sent.withdrawn += held.update(state=State.WITHDRAWN, reason=reason)

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


def _trial_notes(readers: Collection[int], at: dt.datetime) -> dict[int, str]:
    """What `readers`, who are on trial, are told of its end, by reader."""
    notes = {}
    for reader in Reader.objects.filter(pk__in=readers).prefetch_related("periods"):
        entitlement = entitlement_of(reader, at)
        if entitlement.allowed and entitlement.reason == "trial":
            notes[reader.pk] = entitlement.sentence(reader.time_zone)
    return notes
