"""The hand on the send: an edition is paused and resumed, or stopped, while its mails go out.

It acts on the rows themselves, so it holds for every worker at once: what is claimed and not on the wire yet is taken
from its worker, whose next conditional UPDATE finds that it has lost the row. A claim that was under way at the same
moment may still be sent; the next one finds nothing, because claiming asks for holds.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.handover.claims import UNSENT
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import over_everywhere, the_rules
from daybreak.desk.models import Edition

Kind = SendHold.Kind
State = Delivery.State
LONGEST_REASON = 200


def hold_of(edition: Edition) -> SendHold | None:
    """The hold on an edition, None when its mails may go."""
    return SendHold.objects.filter(edition=edition, lifted_at__isnull=True).first()


def why_stopped(hold: SendHold) -> str:
    """What stands on the line of a reader who does not get a stopped edition."""
    return f"{hold.by} stopped this edition: {hold.reason}"


def hold_sentence(hold: SendHold) -> str:
    """Who holds an edition since when, why, and what to do about it."""
    since = f"by {hold.by} since {hold.at:%Y-%m-%d %H:%M}Z{f' ({hold.reason})' if hold.reason else ''}"
    if hold.kind == Kind.STOP:
        back = f"`daybreak deliver unstop {hold.edition.date} --by NAME` takes that back"
        return f"Stopped {since}: nobody gets it by mail any more, unless {back}."
    return f"Paused {since}: `daybreak deliver resume {hold.edition.date} --by NAME` lets it go on."


def something_to_hold(edition: Edition, at: dt.datetime) -> bool:
    """Whether a mail of the edition or of a correction waits, or may still come to wait."""
    waiting = Delivery.objects.filter(edition=edition, state__in=(State.DUE, State.CLAIMED))
    return at <= over_everywhere(edition.date, the_rules()) or waiting.exists()


def pause(edition: Edition, *, by: str, at: dt.datetime, reason: str = "") -> SendHold:
    """Let no mail of the edition leave until it is resumed. Raises Refused when it is held already."""
    hold = _hold(edition, Kind.PAUSE, by, at, reason)
    _not_on_the_wire(edition).update(**UNSENT)
    return hold


@transaction.atomic
def resume(edition: Edition, *, by: str, at: dt.datetime) -> None:
    """Let a paused edition go on; whose hour has passed meanwhile has missed it. Raises Refused when it is not paused."""
    lifted = SendHold.objects.filter(edition=edition, kind=Kind.PAUSE, lifted_at__isnull=True).update(
        lifted_by=_name(by), lifted_at=at
    )
    if not lifted:
        hold = hold_of(edition)
        if hold is None:
            raise Refused(f"The edition of {edition.date} is not paused: there is nothing to resume.")
        raise Refused(f"The edition of {edition.date} was stopped by {hold.by}: take the stop back first.")
    note("sending resumed", str(edition), by=by, at=at)


def stop(edition: Edition, *, by: str, at: dt.datetime, reason: str) -> int:
    """Withdraw the edition from everybody who has not got it; from how many. Raises Refused, Misused.

    A paused edition may be stopped; one that was stopped is stopped.
    """
    if not reason.strip():
        raise Misused("An edition is stopped for a reason: say which, it stands on every reader's line.")
    with transaction.atomic():
        SendHold.objects.filter(edition=edition, kind=Kind.PAUSE, lifted_at__isnull=True).update(
            lifted_by=_name(by), lifted_at=at
        )
        hold = _hold(edition, Kind.STOP, by, at, reason)
    return _withdraw(hold)


@transaction.atomic
def take_back_stop(edition: Edition, *, by: str, at: dt.datetime) -> int:
    """Turn a stop into a pause: what it withdrew is due again, and waits until it is resumed; how many mails.

    Whose hour has passed meanwhile has missed the edition. Raises Refused when it is not stopped.
    """
    hold = hold_of(edition)
    stops = SendHold.objects.filter(edition=edition, kind=Kind.STOP, lifted_at__isnull=True)
    if hold is None or not stops.update(lifted_by=_name(by), lifted_at=at):
        raise Refused(f"The edition of {edition.date} is not stopped: there is no stop to take back.")
    note("stop taken back", str(edition), by=by, at=at)
    _hold(edition, Kind.PAUSE, by, at, f"The stop of {hold.by} was taken back.")
    rows = Delivery.objects.filter(edition=edition, correction=None, state=State.WITHDRAWN)
    return rows.filter(reason=_reason_of(hold)).update(**UNSENT, reason="")


def withdraw_stopped() -> int:
    """Withdraw what a stop left unsent because it was claimed at that moment; how many rows."""
    stops = SendHold.objects.filter(kind=Kind.STOP, lifted_at__isnull=True)
    left = stops.filter(Exists(_unsent(OuterRef("edition"))))
    return sum(_withdraw(hold) for hold in left)


def stopped_rows_left() -> bool:
    """Whether `withdraw_stopped` has anything to do."""
    stops = SendHold.objects.filter(kind=Kind.STOP, lifted_at__isnull=True).values("edition")
    return Delivery.objects.filter(edition__in=stops, correction=None, state=State.DUE).exists()


def _withdraw(hold: SendHold) -> int:
    withdrawn = {**UNSENT, "state": State.WITHDRAWN, "reason": _reason_of(hold)}
    return _unsent(hold.edition_id).update(**withdrawn)


def _reason_of(hold: SendHold) -> str:
    return why_stopped(hold)[:300]


def _unsent(edition: Any) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(edition=edition, correction=None)
    return rows.filter(Q(state=State.DUE) | Q(state=State.CLAIMED, on_the_wire=False))


def _hold(edition: Edition, kind: Kind, by: str, at: dt.datetime, reason: str) -> SendHold:
    reason = " ".join(reason.split())[:LONGEST_REASON]
    try:
        with transaction.atomic():
            hold = SendHold.objects.create(edition=edition, kind=kind, by=_name(by), at=at, reason=reason)
            act = "sending paused" if kind == Kind.PAUSE else "sending stopped"
            note(act, str(edition), by=by, at=at, reason=reason)
    except IntegrityError as error:
        held = hold_of(edition)
        how = "stopped" if held and held.kind == Kind.STOP else "paused"
        who = held.by if held else "somebody"
        raise Refused(f"The edition of {edition.date} was {how} by {who} already.") from error
    return hold


def _name(by: str) -> str:
    name = " ".join(by.split())[:120]
    if not name:
        raise Misused("The send is held by name: say whose.")
    return name


def _not_on_the_wire(edition: Edition) -> QuerySet[Delivery]:
    return Delivery.objects.filter(edition=edition, state=State.CLAIMED, on_the_wire=False)
