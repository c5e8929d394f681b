"""Refused rows, until it is clear whom the server meant: each reader, or us.

A refusal is about its reader once somebody else was taken after it; only then is its outcome recorded, which may
suppress the reader. A server that refuses readers at many domains in a row, and takes nobody, means us: its refusals
are taken back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.db.models import Max, QuerySet, Value
from django.db.models.functions import Concat, Left

from daybreak.delivery.handover.claims import DAY, UNSENT, process_of
from daybreak.delivery.models import Delivery
from daybreak.delivery.returns.refusals import record_refusals

State = Delivery.State
REFUSED_IN_A_ROW, AT_DOMAINS = 50, 10  # more than chance, even on an old list
MEANS_US = "The mail server refuses readers everywhere, so it means us. Its last word: "
AGAIN_IN = dt.timedelta(minutes=30)
RECORDED_TOGETHER = 200
LEFT_BY = dt.timedelta(hours=1)  # no claim of another machine goes on longer than that without anybody taken
REACH = 7 * DAY  # how far back the rows lie in which a dead worker's refusals are looked for


class Refusals:
    """The refusals of one claim in one run. Call its methods inside a transaction."""

    def __init__(self, claim: uuid.UUID, clock: Callable[[], dt.datetime]) -> None:
        self.claim, self.clock = claim, clock
        self._in_a_row: list[tuple[uuid.UUID, str]] = []  # rows and their domains
        self._of_readers: list[uuid.UUID] = []
        self._last_word = ""

    def __bool__(self) -> bool:
        return bool(self._in_a_row or self._of_readers)

    def add(self, row: uuid.UUID, domain: str, reason: str) -> int:
        """One more; how many rows were taken back because the server means us."""
        self._in_a_row.append((row, domain))
        self._last_word = reason
        return self._judge_row() if len(self._in_a_row) >= REFUSED_IN_A_ROW else 0

    def somebody_was_taken(self) -> None:
        """The refusals so far were about their readers."""
        self._of_readers += [row for row, _ in self._in_a_row]
        self._in_a_row.clear()
        if len(self._of_readers) >= RECORDED_TOGETHER:
            self._record()

    def end(self, *, unwell: bool) -> int:
        """Judge what is left: `unwell` when nobody was taken, or the run had trouble. How many rows were taken back."""
        taken_back = self._judge_row() if unwell and self._in_a_row else 0
        self.somebody_was_taken()
        self._record()
        return taken_back

    @property
    def trouble(self) -> str:
        """What a server that means us said last."""
        return f"{MEANS_US}{self._last_word}"

    def _judge_row(self) -> int:
        """Take back whom the server refused in a row if they are at many domains, or others wait for that already."""
        domains = {domain for _, domain in self._in_a_row}
        if len(domains) < AT_DOMAINS and not _others_wait(self.clock()):
            self.somebody_was_taken()
            return 0
        keys = [row for row, _ in self._in_a_row]
        self._in_a_row.clear()
        return take_back(Delivery.objects.filter(pk__in=keys, claim=self.claim), self.clock())

    def _record(self) -> None:
        keys, self._of_readers = self._of_readers, []
        if keys:
            record_refusals(Delivery.objects.filter(pk__in=keys, claim=self.claim), self.clock())


def take_back(rows: QuerySet[Delivery], at: dt.datetime) -> int:
    """Have refused `rows` tried again later: the server meant us, not them; how many."""
    reason = Left(Concat(Value(MEANS_US), "reason"), 300)
    return rows.filter(state=State.REFUSED).update(**UNSENT, due_at=at + AGAIN_IN, reason=reason)


def judge_left(at: dt.datetime) -> None:
    """Judge the refusals of workers that died before they could, by the rule that would have held for them."""
    left = Delivery.objects.filter(state=State.REFUSED, claim__isnull=False, due_at__gte=at - REACH)
    for claim, since in left.order_by().values_list("claim").annotate(Max("claimed_at")):
        there = process_of(claim)
        if there == "alive" or (there == "elsewhere" and since and at < since + LEFT_BY):
            continue
        rows = left.filter(claim=claim)
        emails = rows.order_by().values_list("reader__email", "edition")
        domains = {email.rpartition("@")[2].lower() for email, _ in emails}
        anybody = Delivery.objects.filter(
            edition__in={edition for _, edition in emails}, handed_over_at__isnull=False, claim=claim
        )
        if (len(domains) >= AT_DOMAINS or _others_wait(at)) and not anybody.exists():
            take_back(rows.filter(not_after__gte=at), at)
            rows.update(claim=None)  # whose hour is past stays as it is, and nothing is kept of the reader
        else:
            record_refusals(rows, at)


def _others_wait(at: dt.datetime) -> bool:
    """Whether readers wait already because the server refused everybody."""
    return Delivery.objects.filter(state=State.DUE, due_at__gt=at, reason__startswith=MEANS_US).exists()
