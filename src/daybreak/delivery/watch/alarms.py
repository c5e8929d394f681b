"""Alarms: raised when a line of the board is late, told once by each way, and told again when it is over.

The alarm is a row before anybody is told, and each message about it is a row before it is sent, so an alarm that
could not be told is told as soon as somebody can be reached.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Greatest

from daybreak.common.config import Config
from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.models import Alarm, Telling
from daybreak.delivery.watch.board import boards, house_lines, older_doubts
from daybreak.delivery.watch.doubts import KIND as DOUBTS
from daybreak.delivery.watch.telling import waiting_tellings

MAIL_SERVER = ("mail server", "mail")
AHEAD = dt.timedelta(minutes=10)  # longer than any look at the board takes
Key = tuple[str, str]


def perils(at: dt.datetime) -> dict[Key, str]:
    """What is late at `at`: kind and subject, and the sentence that says what to do."""
    late = {
        (line.kind, f"edition {board.date}"): f"Edition of {board.date}: {line.sentence}"
        for board in boards(at)
        for line in board.late
    }
    doubts = {(DOUBTS, f"edition {date}"): sentence for date, sentence in older_doubts(at).items()}
    house = (line for line in house_lines(at) if line.state == "late" and line.kind != DOUBTS)
    return late | doubts | {(line.kind, line.kind): line.sentence for line in house}


def out_of_step(at: dt.datetime) -> bool:
    """Whether an alarm is to be raised, cleared or told at `at`."""
    standing = {(alarm.kind, alarm.subject) for alarm in _open()}
    return standing != set(perils(at)) or tellings_due(at)


def tellings_due(at: dt.datetime) -> bool:
    """Whether a message about an alarm waits to be sent."""
    return waiting_tellings(at).exists()


def keep_in_step(at: dt.datetime, config: Config) -> tuple[int, int]:
    """Raise and clear alarms so that they say what the board says; how many of each. Safe to run twice at once."""
    now_late = perils(at)
    standing = {(alarm.kind, alarm.subject): alarm for alarm in _open()}
    raised = sum(
        raise_alarm(key, sentence, at, config) for key, sentence in now_late.items() if key not in standing
    )
    for key in now_late.keys() & standing.keys():
        Alarm.objects.filter(pk=standing[key].pk).update(sentence=now_late[key][:500])
    cleared = sum(clear_alarm(key, at, config) for key in standing.keys() - now_late.keys())
    return raised, cleared


def raise_alarm(key: Key, sentence: str, at: dt.datetime, config: Config) -> bool:
    """Raise an alarm unless one of its kind and subject is open; whether it was raised now."""
    kind, subject = key
    with transaction.atomic():
        if is_open(key):
            return False
        Alarm.objects.bulk_create(
            [Alarm(kind=kind, subject=subject, sentence=sentence[:500], raised_at=at)], ignore_conflicts=True
        )
        alarm = Alarm.objects.get(kind=kind, subject=subject, cleared_at=None)
        if alarm.raised_at != at:
            return False  # another process was quicker
        _owe(alarm, Telling.News.RAISED, at, config)
        note("alarm raised", subject, by="the clock", at=at, kind=kind, sentence=alarm.sentence)
        return True


def clear_alarm(key: Key, at: dt.datetime, config: Config) -> bool:
    """End the open alarm of a kind and subject; whether there was one. Who was told of it is told that it is over.

    One that a process raised a moment later is left: it knew more. What was raised much later than `at` was so by a
    clock that ran ahead.
    """
    kind, subject = key
    with transaction.atomic():
        alarm = Alarm.objects.filter(kind=kind, subject=subject, cleared_at=None).first()
        known = Q(raised_at__lte=at) | Q(raised_at__gt=at + AHEAD)
        over = {"cleared_at": Greatest("raised_at", Value(at, DateTimeField()))}
        if alarm is None or not Alarm.objects.filter(known, pk=alarm.pk, cleared_at=None).update(**over):
            return False
        # What nobody was told of needs neither its message nor an all-clear; what may have been heard needs no more
        # than that it is over, for tried again it would come after that.
        heard = set(alarm.tellings.filter(attempts__gt=0).values_list("way", flat=True))
        alarm.tellings.filter(told_at=None).delete()
        _owe(alarm, Telling.News.CLEARED, at, config, heard)
        note("alarm cleared", subject, by="the clock", at=at, kind=kind)
        return True


def ringing() -> int:
    """How many alarms are open."""
    return Alarm.objects.filter(cleared_at=None).count()


def is_open(key: Key) -> bool:
    """Whether an alarm of a kind and subject rings."""
    kind, subject = key
    return Alarm.objects.filter(kind=kind, subject=subject, cleared_at=None).exists()


def see(alarm_id: int, *, by: str, at: dt.datetime) -> Alarm:
    """Say that somebody has seen to it. Raises Misused without a name, Refused when there is no such alarm."""
    if not by.strip():
        raise Misused("An alarm is taken by name: say whose.")
    with transaction.atomic():
        taken = Alarm.objects.filter(pk=alarm_id, seen_at=None).update(seen_at=at, seen_by=by.strip()[:120])
        alarm = Alarm.objects.filter(pk=alarm_id).first()
        if alarm is None:
            raise Refused("There is no such alarm: look at the board again.")
        if not taken:
            raise Refused(f"{alarm.seen_by} has taken this alarm already.")
        note("alarm seen", alarm.subject, by=by, at=at, kind=alarm.kind)
    return alarm


def _open() -> Iterable[Alarm]:
    """Open alarms of what the board shows; the mail server is asked on its own and clears its own."""
    kind, _ = MAIL_SERVER
    return Alarm.objects.filter(cleared_at=None).exclude(kind=kind)


def _owe(
    alarm: Alarm,
    news: Telling.News,
    at: dt.datetime,
    config: Config,
    only: Collection[str] = Telling.Way.values,
) -> None:
    ways = [Telling.Way.MAIL] if config.alarm_mail else []
    ways += [Telling.Way.WEBHOOK] if config.alarm_webhook else []
    Telling.objects.bulk_create(
        [Telling(alarm=alarm, way=way, news=news, due_at=at) for way in ways if way in only],
        ignore_conflicts=True,
    )
