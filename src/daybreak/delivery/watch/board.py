"""The T-minus board: how far an edition is from its first morning, line by line, and what to do where it lags.

A line that is `late` is what an alarm is raised for (`alarms.py`); both read the same facts, so that the board is
never calm while an alarm rings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from daybreak.circulation.days import bit_of
from daybreak.circulation.entitlement import entitled_readers
from daybreak.circulation.vacation import Day, holds
from daybreak.common.clock import hours_and_minutes
from daybreak.common.zones import hour_in
from daybreak.delivery.inserting import Wave
from daybreak.delivery.mending.holding import hold_of
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.planning import is_planned, wave
from daybreak.delivery.progress import Progress, progress_of
from daybreak.delivery.returns.returnrates import USUAL_EDITIONS, return_lines
from daybreak.delivery.watch.boardline import Line
from daybreak.delivery.watch.doubts import KIND as DOUBTS
from daybreak.delivery.watch.doubts import doubt_line, doubts_left
from daybreak.delivery.watch.missedmornings import missed_line
from daybreak.desk import editions
from daybreak.desk.calendar import the_calendar
from daybreak.desk.models import Edition
from daybreak.press.failing import failure_of
from daybreak.press.models import PressRun
from daybreak.press.renditions import current_run
from daybreak.wire.models import Source

CUT_OFF = dt.timedelta(minutes=30)  # before the first wave: time to press, and to mend what will not press
PATIENCE = dt.timedelta(minutes=10)  # what a step may take that takes seconds when all is well
LATELY = dt.timedelta(days=14)
SILENCE = dt.timedelta(hours=6)
FEW = 5  # refusals below which a rate says nothing
ALWAYS_USUAL = 0.02  # a share of refusals that is no news
WAITING = (Delivery.State.DUE, Delivery.State.CLAIMED)
# Zones, wall-clock times, days (`days.py`) and vacation holds (`vacation.py`) of readers, each once.
Hours = set[tuple[str, dt.time, int, Day, Day]]


@dataclass(frozen=True, slots=True)
class FirstWave:
    """The first readers of an edition: when it is due to them (UTC), in which zone, at which hour there."""

    at: dt.datetime
    time_zone: str

    @property
    def there(self) -> str:
        """“06:00 in Auckland”."""
        return hour_in(self.at, self.time_zone)


@dataclass(frozen=True, slots=True)
class Board:
    """Where one edition stands at an instant. `first` is None while nobody is to get it by mail."""

    date: dt.date
    at: dt.datetime
    first: FirstWave | None
    cut_off: dt.datetime
    lines: tuple[Line, ...]
    started: bool  # whether anybody has begun the edition

    @property
    def t_minus(self) -> str:
        """How long until the first readers have it: “T−3 h 10 min”, “T+12 min” once their hour has come."""
        goal = self.first.at if self.first else editions.first_morning(self.date)
        sign = "−" if goal > self.at else "+"
        return f"T{sign}{hours_and_minutes(abs(goal - self.at))}"

    @property
    def late(self) -> list[Line]:
        """The lines that somebody must see to."""
        return [line for line in self.lines if line.state == "late"]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values, dates and instants."""
        return {**asdict(self), "t_minus": self.t_minus}


def boards(at: dt.datetime) -> list[Board]:
    """The boards of the editions whose mornings are running at `at`, the oldest first, and of the next one."""
    hours = _hours(at)  # once for all dates: a million readers are asked
    shown = [board_of(date, at, hours) for date in _going_out(at, editions.next_date(at), hours)]
    publishes = the_calendar().publishes
    if not any(board.first and board.first.at > at and publishes(board.date) for board in shown):
        shown.append(board_of(editions.next_date(at), at, hours))
    return shown


def board_of(date: dt.date, at: dt.datetime, hours: Hours | None = None) -> Board:
    """The board of one edition, there or not; `hours` saves asking the readers again."""
    edition = Edition.objects.filter(date=date).first()
    first = first_wave(date, at, hours)
    goal = first.at if first else editions.first_morning(date)
    case = _Case(edition, date, at, first, goal - CUT_OFF, current_run(edition) if edition else None)
    lines = [line for look in LOOKS if (line := look(case))]
    return Board(date, at, first, case.cut_off, tuple(lines), started=edition is not None)


def house_lines(at: dt.datetime) -> list[Line]:
    """What belongs to no edition on a board: the wire, what came back of the last day's mail, mornings long past."""
    missed = missed_line(at, lambda at, next_date: _going_out(at, next_date, _hours(at)))
    left = [Line(DOUBTS, "In doubt", "late", sentence) for sentence in older_doubts(at).values()]
    return [_wire(at), *return_lines(at), *([missed] if missed else []), *left]


def older_doubts(at: dt.datetime) -> dict[dt.date, str]:
    """What is in doubt still of editions that no board shows any more, by their date."""
    coming = editions.next_date(at)
    return doubts_left(at, {coming, *_going_out(at, coming, _hours(at))}) if doubts_left(at, ()) else {}


def _wire(at: dt.datetime) -> Line:
    polled = Source.objects.filter(active=True, feed_url__isnull=False).exclude(feed_url="")
    heard = polled.aggregate(last=Max("last_good_at"), all=Count("pk"))
    if not heard["all"]:
        return Line("wire", "Wire", "wait", "No source is polled: add one, or import a file.")
    if heard["last"] is None:
        return Line("wire", "Wire", "wait", f"None of the {heard['all']} sources has been heard yet.")
    since = hours_and_minutes(at - heard["last"])
    if at - heard["last"] > SILENCE:
        sentence = f"None of the {heard['all']} sources has been heard for {since}: look at the network, and at Sources."
        return Line("wire", "Wire", "late", sentence)
    return Line("wire", "Wire", "well", f"{heard['all']} sources, last heard {since} ago.")


def first_wave(date: dt.date, at: dt.datetime, hours: Hours | None = None) -> FirstWave | None:
    """The earliest wave of an edition among the readers who are to have it by mail; None when nobody is."""
    waves = ((each.due_at, zone) for zone, each in _waves(date, _hours(at) if hours is None else hours))
    first = min(waves, default=None)
    return FirstWave(*first) if first else None


def _hours(at: dt.datetime) -> Hours:
    readers = entitled_readers(at).filter(mail_stopped_at__isnull=True).order_by()
    wishes = ("time_zone", "delivery_time", "delivery_days", "vacation_from", "vacation_until")
    return set(readers.values_list(*wishes).distinct())


def _waves(date: dt.date, hours: Hours) -> list[tuple[str, Wave]]:
    rules = the_rules()
    out = rules.calendar.outgoing(date)
    wanted = {
        (zone, time)
        for zone, time, days, since, until in hours
        if days & bit_of(out) and not holds(out, since, until)
    }
    return [(zone, wave(date, zone, time, rules)) for zone, time in wanted]


def _going_out(at: dt.datetime, next_date: dt.date, hours: Hours) -> Iterator[dt.date]:
    """Dates before the next edition's that some reader can still be sent: there was, or should be, a paper.

    What is dated on a day without a paper goes out on the next one with it.
    """
    calendar = the_calendar()
    day = at.date() - dt.timedelta(days=5)
    made = set(Edition.objects.filter(date__range=(day, next_date)).values_list("date", flat=True))
    while day < next_date:
        if (calendar.publishes(day) or day in made) and any(
            at <= each.not_after for _, each in _waves(day, hours)
        ):
            yield day
        day += dt.timedelta(days=1)


def _appears(at: dt.datetime) -> bool:
    """Whether the paper comes out at all: it was printed lately."""
    return PressRun.objects.filter(pressed_at__range=(at - LATELY, at)).exists()


@dataclass(frozen=True)
class _Case:
    edition: Edition | None
    date: dt.date
    at: dt.datetime
    first: FirstWave | None
    cut_off: dt.datetime
    run: PressRun | None

    @cached_property
    def progress(self) -> Progress:
        """The ledger of the edition, counted once for all lines; only of one that is there."""
        assert self.edition is not None
        return progress_of(self.edition, self.at)

    @property
    def approved(self) -> bool:
        return self.edition is not None and self.edition.state == Edition.State.APPROVED

    @property
    def pressed(self) -> bool:
        """Whether what is approved now has been printed."""
        return self.approved and self.run is not None and self.run.approved_at == self._approved_at()

    def _approved_at(self) -> dt.datetime | None:
        return self.edition.approved_at if self.edition else None

    def since(self, instant: dt.datetime) -> str:
        return hours_and_minutes(self.at - instant)


def _approval(case: _Case) -> Line:
    if case.edition and case.approved and case.edition.approved_at:
        sentence = f"By {case.edition.approved_by}, {case.edition.approved_at:%H:%M} UTC."
        return Line("approval", "Approved", "well", sentence)
    what = "It is open" if case.edition else "It is not started"
    if case.first is None:
        return Line("approval", "Approved", "wait", f"{what}, and nobody is to have it by mail yet.")
    if case.run is not None:
        return Line("approval", "Approved", "wait", "It is open again; what was printed stays printed.")
    if case.edition is None and not _appears(case.at):
        return Line("approval", "Approved", "wait", f"{what}; nothing was printed for {LATELY.days} days.")
    if case.at < case.cut_off:
        away = hours_and_minutes(case.cut_off - case.at)
        sentence = f"{what}. The cut-off is {case.cut_off:%H:%M} UTC, in {away}."
        return Line("approval", "Approved", "wait", sentence)
    waiting = f"the first readers have their morning at {case.first.there}, {case.first.at:%H:%M} UTC"
    sentence = f"{what} after its cut-off, and {waiting}: approve it now."
    return Line("approval", "Approved", "late", sentence)


def _press(case: _Case) -> Line:
    if not case.approved or case.edition is None or case.edition.approved_at is None:
        return Line("press", "Pressed", "wait", "Follows the approval.")
    if case.pressed and case.run is not None:
        audio = case.run.renditions.filter(name="edition.mp3").first()
        length = f", audio {_length(float(audio.facts['duration']))}" if audio else ""
        return Line("press", "Pressed", "well", f"{case.run.pressed_at:%H:%M} UTC{length}.")
    failure = failure_of(case.edition)
    if failure is not None:
        return Line("press", "Pressed", "late", f"It would not print. {failure.detail.get('why', '')}")
    if case.at - case.edition.approved_at > PATIENCE:
        ago = case.since(case.edition.approved_at)
        sentence = f"Approved {ago} ago and not printed: is `daybreak serve` running? Or run `daybreak edition press {case.date}`."
        return Line("press", "Pressed", "late", sentence)
    return Line("press", "Pressed", "wait", "Being printed.")


def _planning(case: _Case) -> Line:
    if case.edition is None or case.run is None:
        return Line("planning", "Planned", "wait", "Follows the press run.")
    rows = case.progress.planned
    if not is_planned(case.edition, case.at):
        ago = case.since(case.run.pressed_at)
        if case.at - case.run.pressed_at <= PATIENCE:
            return Line("planning", "Planned", "wait", f"{rows:,} planned, more to come.")
        sentence = f"Readers without a row {ago} after the press run: run `daybreak deliver run`."
        return Line("planning", "Planned", "late", sentence)
    first = f", the first at {case.first.there}" if case.first and case.first.at > case.at else ""
    return Line(
        "planning", "Planned", "well", f"{_mails(rows)} planned{first}." if rows else "Nobody to send to."
    )


def _sending(case: _Case) -> Line | None:
    if case.edition is None or case.run is None:
        return None
    rows = Delivery.objects.filter(edition=case.edition, correction=None)
    stuck = _stuck(rows, case)
    gone, waiting = case.progress.states[Delivery.State.HANDED_OVER], _waiting(case.progress.states)
    if hold := hold_of(case.edition):
        return _held(hold, gone, waiting, stuck)
    leaving = rows.filter(handed_over_at__isnull=False).order_by("-handed_over_at")
    last = leaving.values_list("handed_over_at", flat=True).first()
    if stuck and (last is None or case.at - last > PATIENCE):
        sentence = f"{_mails(stuck)} due for more than {hours_and_minutes(PATIENCE)} and none leaves: is `daybreak serve` running, and does the mail server answer?"
        return Line("sending", "Sent", "late", sentence)
    if not waiting:
        return Line("sending", "Sent", "well" if gone else "wait", f"{gone:,} handed over.")
    return Line("sending", "Sent", "wait", f"{gone:,} handed over, {waiting:,} waiting for their morning.")


def _stuck(rows: QuerySet[Delivery], case: _Case) -> int:
    """How many of `rows` were due long ago and never tried."""
    since = case.at - PATIENCE
    overdue = [states for due_at, states in case.progress.by_due.items() if due_at < since]
    if not any(map(_waiting, overdue)):
        return 0
    return rows.filter(state__in=WAITING, due_at__lt=since, attempts=0).count()


def _waiting(states: dict[str, int]) -> int:
    return sum(states.get(state, 0) for state in WAITING)


def _held(hold: SendHold, gone: int, waiting: int, stuck: int) -> Line:
    """A pause that keeps readers from their morning must be seen; a stop is as somebody wanted it."""
    if hold.kind == SendHold.Kind.STOP:
        return Line(
            "sending", "Sent", "wait", f"{gone:,} handed over, then {hold.by} stopped it: {hold.reason}"
        )
    why = f": {hold.reason.rstrip('.')}" if hold.reason else ""
    sentence = f"{hold.by} paused it at {hold.at:%H:%M} UTC{why}; {waiting:,} wait. Resume or stop it under Deliveries."
    return Line("sending", "Sent", "late" if stuck else "wait", sentence)


def _doubts(case: _Case) -> Line | None:
    if case.edition is None or case.run is None:
        return None
    return doubt_line(Delivery.objects.filter(edition=case.edition, state=Delivery.State.IN_DOUBT).count())


def _refusals(case: _Case) -> Line | None:
    """Refusals count as risen when they are more than twice as frequent as in the last editions, and above 2 %."""
    if case.edition is None or case.run is None:
        return None
    refused = case.progress.states[Delivery.State.REFUSED]
    if refused < FEW:
        return None
    tried = refused + case.progress.states[Delivery.State.HANDED_OVER]
    share = refused / tried
    usual = _usually_refused(case.date) if share > ALWAYS_USUAL else 0.0
    if share <= max(ALWAYS_USUAL, 2 * usual):
        return Line("refusals", "Refused", "well", f"{refused:,} of {tried:,}, as usual.")
    sentence = f"{refused:,} of {tried:,} were refused ({share:.1%}; usually {usual:.1%}): read the answers under Deliveries."
    return Line("refusals", "Refused", "late", sentence)


def _usually_refused(date: dt.date) -> float:
    """The share of mails that were refused, of those that had an answer, in the last editions before `date`."""
    before = Edition.objects.filter(date__lt=date).order_by("-date").values("pk")[:USUAL_EDITIONS]
    answered = (Delivery.State.REFUSED, Delivery.State.HANDED_OVER)
    counted = Delivery.objects.filter(edition__in=before, correction=None, state__in=answered).aggregate(
        refused=Count("pk", filter=Q(state=Delivery.State.REFUSED)), tried=Count("pk")
    )
    return float(counted["refused"] / counted["tried"]) if counted["tried"] else 0.0


def _mails(number: int) -> str:
    return "1 mail is" if number == 1 else f"{number:,} mails are"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


LOOKS: tuple[Callable[[_Case], Line | None], ...] = (
    _approval,
    _press,
    _planning,
    _sending,
    _doubts,
    _refusals,
)
