"""All timed work, in one list. The clock looks at each duty and sets a task going only when something is due.

The due rows are the queue; a task only carries "look now". A task that is lost is set going again at the next look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django_tasks.base import Task

from daybreak.circulation.notices import notices_due
from daybreak.circulation.tasks import deliver_notices, forget_what_is_over
from daybreak.delivery.planning import planning_due
from daybreak.delivery.sending import sending_due
from daybreak.delivery.tasks import (
    ask_mail_server,
    keep_watch,
    mail_server_wanted,
    plan_mornings,
    seed,
    seeding_due,
    send_mornings,
    take_in_mail,
)
from daybreak.delivery.watch.alarms import out_of_step
from daybreak.press.printing import editions_due
from daybreak.press.tasks import press_what_is_approved
from daybreak.wire.facts.particulars import older_articles
from daybreak.wire.lives.memory import looks_due
from daybreak.wire.pagetexts.pagequeue import pages_due
from daybreak.wire.polling import sources_due
from daybreak.wire.tasks import describe_articles, look_back_from_stories, poll_wire, read_articles


@dataclass(frozen=True, slots=True)
class Duty:
    """Every `every` seconds the clock asks `due`; when it says yes, `task` is set going."""

    name: str
    every: float
    due: Callable[[dt.datetime], bool]
    task: Task[..., Any]


SCHEDULE = (
    Duty("letters to readers", 2, notices_due, deliver_notices),
    Duty("press what is approved", 2, lambda at: bool(editions_due(at)), press_what_is_approved),
    Duty("mornings", 15, sending_due, send_mornings),
    Duty("readers who came, moved or changed their days", 60, planning_due, plan_mornings),
    Duty("keep watch", 60, out_of_step, keep_watch),
    Duty("seeds", 60, seeding_due, seed),
    Duty("ask the mail server", 300, mail_server_wanted, ask_mail_server),
    Duty("mail that came", 60, lambda at: settings.CONFIG.bounce_mailbox is not None, take_in_mail),
    Duty("forget what is over", 3600, lambda at: True, forget_what_is_over),
    Duty("poll the wire", 30, sources_due, poll_wire),
    Duty("look back from stories", 60, looks_due, look_back_from_stories),
    Duty("read articles", 30, pages_due, read_articles),
    Duty("describe articles", 60, lambda at: older_articles(), describe_articles),
)
