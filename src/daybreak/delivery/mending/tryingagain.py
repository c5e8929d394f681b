"""A way back for refused rows: once the cause is mended, a person has them tried again, of one reason or one reader's.

Never to readers who are suppressed or who stopped the mail, and never past the instant after which theirs is no morning.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import QuerySet

from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.handover.claims import UNSENT
from daybreak.delivery.mending.settling import refuse_if_stopped
from daybreak.delivery.models import Delivery
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.progress import rows_of
from daybreak.delivery.returns.bounceanswers import without_addresses
from daybreak.delivery.returns.suppressing import suppressed
from daybreak.desk.models import Edition

State = Delivery.State
AT_ONCE = 500  # rows of one statement: SQLite bounds its values


@dataclass(frozen=True, slots=True)
class Price:
    """What trying refused rows of one `reason` again would come to, in readers.

    Of `refused` so many are `able` to get it still, until `first` (the first of them) and `last`; `held_back` are
    suppressed or stopped the mail, of the others the hour is past.
    """

    reason: str
    refused: int
    able: int
    held_back: int
    first: dt.datetime | None
    last: dt.datetime | None

    def to_json(self) -> dict[str, object]:
        """A dictionary of plain values and instants."""
        return asdict(self)

    def __str__(self) -> str:
        parts = [_able(self.able, self.first, self.last)] if self.first and self.last else []
        if self.held_back:
            parts.append(
                f"{self.held_back:,} {'is' if self.held_back == 1 else 'are'} suppressed or stopped the mail:"
                " lift that first."
            )
        if late := self.refused - self.able - self.held_back:
            parts.append(f"For {late:,} the hour is past: they get none by mail.")
        return " ".join(parts)


def reason_of(words: str) -> str:
    """What refused rows have in common: the words on their line without the readers' addresses."""
    return " ".join(re.sub(r"\s*<\s*>", "", without_addresses(words)).split())


def prices(edition: Edition, at: dt.datetime) -> list[Price]:
    """What trying again costs for each reason in an edition, the most frequent first."""
    groups: dict[str, list[_Row]] = defaultdict(list)
    for row in _refused(edition):
        groups[reason_of(row.words)].append(row)
    found = [_price(reason, rows, at) for reason, rows in groups.items()]
    return sorted(found, key=lambda price: (-price.refused, price.reason))


def again_for_reason(edition: Edition, words: str, *, by: str, at: dt.datetime, exactly: bool = False) -> int:
    """Make all refused rows due again on whose line `words` stand, in any case; how many. `exactly`: those of a `Price`.

    Raises Refused when none can be, Misused without words or a name.
    """
    wanted = " ".join(words.split()).casefold()
    if not wanted:
        raise Misused("Say of which reason: some of the words on the readers’ lines will do.")
    rows = [row for row in _refused(edition) if _fits(row.words, wanted, exactly=exactly)]
    if not rows:
        raise Refused(f"Nobody was refused with such words: see `daybreak deliver again {edition.date}`.")
    return _again(edition, rows, by, at, {"reason": wanted[:300]})


def again_for_reader(edition: Edition, email: str, *, by: str, at: dt.datetime) -> int:
    """Make the refused row of one reader due again: 1. Raises Refused when it is none or cannot be, Misused."""
    rows = [row for row in _refused(edition) if row.email.casefold() == email.strip().casefold()]
    if not rows:
        raise Refused(f"No mail to {email} was refused: see `daybreak deliver status {edition.date}`.")
    return _again(edition, rows, by, at, {"reader": rows[0].reader})


@dataclass(frozen=True, slots=True)
class _Row:
    key: uuid.UUID
    words: str
    not_after: dt.datetime
    reader: int
    email: str
    held_back: bool

    def able(self, at: dt.datetime) -> bool:
        return not self.held_back and at <= self.not_after


def _refused(edition: Edition) -> Iterator[_Row]:
    rows = rows_of(edition, the_rules()).filter(state=State.REFUSED).order_by("due_at", "pk")
    rows = rows.annotate(dead=suppressed("reader"))
    columns = ("pk", "reason", "not_after", "reader", "reader__email", "dead", "reader__mail_stopped_at")
    for key, words, not_after, reader, email, dead, stopped in rows.values_list(*columns):
        yield _Row(key, words, not_after, reader, email, dead or stopped is not None)


def _price(reason: str, rows: Sequence[_Row], at: dt.datetime) -> Price:
    last = [row.not_after for row in rows if row.able(at)]
    held_back = sum(row.held_back for row in rows)
    return Price(reason, len(rows), len(last), held_back, min(last, default=None), max(last, default=None))


@transaction.atomic
def _again(
    edition: Edition, rows: Sequence[_Row], by: str, at: dt.datetime, detail: dict[str, str | int]
) -> int:
    name = " ".join(by.split())[:120]
    if not name:
        raise Misused("Refused mails are tried again by name: say whose.")
    refuse_if_stopped(edition)
    keys = [row.key for row in rows if row.able(at)]
    made = sum(_make_due(keys[n : n + AT_ONCE], name, at) for n in range(0, len(keys), AT_ONCE))
    if not made:
        raise Refused(f"Nothing can be tried again. {_price('', rows, at)}".strip())
    note("refused tried again", f"edition {edition.date}", by=name, at=at, **detail, readers=made)
    return made


def _make_due(keys: list[uuid.UUID], by: str, at: dt.datetime) -> int:
    # Asked once more: somebody may have been suppressed, or made due, since the look.
    rows: QuerySet[Delivery] = Delivery.objects.filter(
        ~suppressed("reader"), pk__in=keys, state=State.REFUSED, not_after__gte=at
    )
    return rows.update(**UNSENT, due_at=at, reason=f"{by} has it tried again."[:300])


def _fits(words: str, wanted: str, *, exactly: bool) -> bool:
    reason = reason_of(words).casefold()
    return reason == wanted if exactly else wanted in reason or wanted in words.casefold()


def _able(number: int, first: dt.datetime, last: dt.datetime) -> str:
    who = "1 reader gets" if number == 1 else f"{number:,} readers get"
    until = f"{first:%Y-%m-%d %H:%M}Z"
    if first != last:
        until = f"{until} (the first) or {last:%Y-%m-%d %H:%M}Z (the last)"
    return f"{who} it again, if it leaves by {until}; nothing is sent after that."
