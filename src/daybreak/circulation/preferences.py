"""What a reader may change: the name, the morning, and whether and when editions come by mail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from daybreak.circulation.days import EVERY_DAY, parse_days
from daybreak.circulation.models import Reader
from daybreak.circulation.vacation import held_until, today_of
from daybreak.circulation.zones import parse_hour, parse_zone
from daybreak.common.models import note
from daybreak.common.refusal import Refused

NO_HOLD: dict[str, dt.date | None] = {"vacation_from": None, "vacation_until": None}


@dataclass(frozen=True, slots=True)
class MailChoice:
    """When editions come by mail: all that the link at a mail's foot can change.

    `until` is the day on which they come again, while a vacation hold lasts.
    """

    days: int
    until: dt.date | None
    stopped: bool

    def written(self) -> str:
        """For an address: “31”, “21.2022-05-13” or “31..stopped”; `parse_choice` reads it back."""
        return f"{self.days}.{self.until or ''}.{'stopped' if self.stopped else ''}".rstrip(".")


def choice_of(reader: Reader, at: dt.datetime) -> MailChoice:
    """What `reader` has chosen, as it is at `at`."""
    return MailChoice(reader.delivery_days, held_until(reader, at), reader.mail_stopped_at is not None)


def parse_choice(text: str) -> MailChoice | None:
    """What `MailChoice.written` wrote; None for anything else."""
    days, _, rest = text.partition(".")
    until, _, stopped = rest.partition(".")
    try:
        choice = MailChoice(int(days), dt.date.fromisoformat(until) if until else None, stopped == "stopped")
    except ValueError:
        return None
    return choice if choice.written() == text and 1 <= choice.days <= EVERY_DAY else None


def parse_name(text: str) -> str:
    """A name as given, white space tidied. Raises Refused when it is too long or holds control characters."""
    name = " ".join(text.split())
    if len(name) > 120 or not name.isprintable():
        raise Refused("That name cannot be used: write at most 120 letters.")
    return name


def change_mornings(reader: Reader, time_zone: str, hour: str, days: str) -> None:
    """Have the paper at `hour` (HH:MM on the wall) in `time_zone` (IANA) on `days` (named) from now on.

    Raises Refused; then nothing is changed.
    """
    zone, time, wanted = parse_zone(time_zone), parse_hour(hour), parse_days(days)
    reader.time_zone, reader.delivery_time, reader.delivery_days = zone, time, wanted
    reader.save(update_fields=["time_zone", "delivery_time", "delivery_days"])


def change_name(reader: Reader, name: str) -> None:
    """Be called `name`. Raises Refused."""
    reader.name = parse_name(name)
    reader.save(update_fields=["name"])


def stop_mail(reader: Reader, at: dt.datetime, *, by: str) -> bool:
    """No more editions by mail; whether that changed anything. Nothing else stops: plan, receipts, site."""
    running = Q(mail_stopped_at__isnull=True)
    return _set_mail(reader, at, "stopped the mail", by, running, mail_stopped_at=at)


def pause_mail(reader: Reader, until: dt.date, at: dt.datetime, *, by: str) -> bool:
    """A vacation hold from today to before `until`, a day after today; whether that changed anything.

    It takes the place of a stop and of another hold.
    """
    held = hold(reader, until, at)
    return _set_mail(reader, at, f"paused the mail until {until}", by, mail_stopped_at=None, **held)


def resume_mail(reader: Reader, at: dt.datetime, *, by: str) -> bool:
    """Editions by mail again after a stop or a hold; whether that changed anything."""
    return _set_mail(reader, at, "resumed the mail", by, mail_stopped_at=None, **hold(reader, None, at))


def change_days(reader: Reader, days: int, at: dt.datetime, *, by: str) -> bool:
    """Have the mail on `days` (`days.py`) from now on; whether that changed anything."""
    return _set_mail(reader, at, "changed the days of the mail", by, delivery_days=days)


def choose(reader: Reader, choice: MailChoice, at: dt.datetime, *, by: str) -> bool:
    """Have the mail as `choice` says; whether that changed anything."""
    stopped = (reader.mail_stopped_at or at) if choice.stopped else None
    facts = {"delivery_days": choice.days, "mail_stopped_at": stopped, **hold(reader, choice.until, at)}
    return _set_mail(reader, at, "changed the mail back", by, **facts)


def hold(reader: Reader, until: dt.date | None, at: dt.datetime) -> dict[str, dt.date | None]:
    """The columns of `reader` with a vacation hold until `until`, or without one: None, or a day that has come.

    One that lasts already goes on from its beginning. What it had of days stays when it ends: they say why an edition
    did not come.
    """
    today = today_of(reader.time_zone, at)
    begun = reader.vacation_from if held_until(reader, at) else None
    if until is not None and until > today:
        return {"vacation_from": begun or today, "vacation_until": until}
    if begun is None:
        return {}
    return {"vacation_from": begun, "vacation_until": today} if begun < today else NO_HOLD


def _set_mail(
    reader: Reader, at: dt.datetime, act: str, by: str, only: Q | None = None, /, **facts: object
) -> bool:
    with transaction.atomic():
        moved = Reader.objects.filter(only or Q(), pk=reader.pk).exclude(**facts).update(**facts)
        if moved:
            note(act, f"reader {reader.pk}", by=by, at=at)
    if moved:
        for name, value in facts.items():
            setattr(reader, name, value)
    return bool(moved)
