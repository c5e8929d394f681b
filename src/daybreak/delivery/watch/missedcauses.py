"""Why a morning was missed by everybody: what the press runs, the ledger, the alarms and the journal know of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db.models import Max, Min, Q

from daybreak.common.clock import UTC
from daybreak.common.models import JournalEntry
from daybreak.delivery.models import Alarm, Delivery, SendHold
from daybreak.delivery.mornings import over_everywhere, the_rules
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun

HALF = dt.timedelta(hours=12)
AWAY = "away"
CAUSES = {
    "approval": "{} not approved in time.",
    "press": "{} approved in time and not printed in time: the press failed.",
    "paused": "{} paused under Deliveries.",
    "mail server": "{} printed in time, but the mail server took nothing.",
    AWAY: "{} missed because the newsroom was away then, or was restored from an older backup.",
}
ONLY_AWAY = "The newsroom was away then, or was restored from an older backup."


def why_missed(days: list[dt.date]) -> str:
    """What kept the mail from everybody on `days`, in sentences; of several causes, how often each did."""
    causes = Counter(map(cause_of, days))
    if set(causes) == {AWAY}:
        return ONLY_AWAY
    if len(causes) == 1:
        return CAUSES[next(iter(causes))].format("It was" if len(days) == 1 else "They were")
    counted = ((CAUSES[cause], causes[cause]) for cause in CAUSES if causes[cause])
    return " ".join(
        words.format(f"{number:,} of them {'was' if number == 1 else 'were'}") for words, number in counted
    )


def cause_of(day: dt.date) -> str:
    """A key of CAUSES: what kept the edition of `day` from everybody."""
    if SendHold.objects.filter(kind=SendHold.Kind.PAUSE, edition__date=day).exists():
        return "paused"
    rang = set(Alarm.objects.filter(subject=f"edition {day}").values_list("kind", flat=True))
    run = PressRun.objects.filter(edition__date=day).order_by("number").first()
    rows = Delivery.objects.filter(edition__date=day, correction=None)
    span = rows.aggregate(first=Min("due_at"), last=Max("not_after"))
    last = span["last"] or over_everywhere(day, the_rules())
    if run is None or run.approved_at > last:
        return _unprinted(day, rang, last)
    if run.pressed_at > last:
        return "press" if "press" in rang else AWAY
    return "mail server" if rows.filter(attempts__gt=0).exists() or _server_was_away(span) else AWAY


def _unprinted(day: dt.date, rang: set[str], last: dt.datetime) -> str:
    """Why there was nothing to send by `last`. A newsroom that worked on it around that morning was there."""
    edition = Edition.objects.filter(date=day, state=Edition.State.APPROVED, approved_at__lte=last).first()
    if edition is not None:
        return "press" if "press" in rang else AWAY
    midnight = dt.datetime.combine(day, dt.time(), UTC)
    about = JournalEntry.objects.filter(subject=f"edition {day}")  # by its index: the journal is long
    there = about.filter(at__gte=midnight - HALF, at__lt=midnight + HALF)
    return "approval" if there.exists() else AWAY


def _server_was_away(span: dict[str, dt.datetime | None]) -> bool:
    """Whether the alarm of the mail server rang while mails could have left."""
    if span["first"] is None or span["last"] is None:
        return False
    rang = Alarm.objects.filter(kind="mail server", raised_at__lte=span["last"])
    return rang.filter(Q(cleared_at__isnull=True) | Q(cleared_at__gte=span["first"])).exists()
