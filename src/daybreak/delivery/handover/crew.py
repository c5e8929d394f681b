"""Several sending processes when there is much to do: signing keeps a processor busy, so each gets a worker.

A worker is `daybreak deliver run` of its own. Claims keep workers apart, here as on other machines.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields

from django.conf import settings

from daybreak.delivery.handover.ending import until_asked_to_end
from daybreak.delivery.handover.ledger import Clock, Sent
from daybreak.delivery.models import Delivery
from daybreak.delivery.sending import deliver_due, open_way

ENOUGH_FOR_ONE = 2_000  # mails that are not worth a second process's start


def deliver_in_force(
    clock: Clock,
    *,
    workers: int = 0,
    rehearsed_at: dt.datetime | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Sent:
    """`deliver_due` in this process and in as many more as `workers` says, by the machine's cores when it is 0.

    Raises Refused when the press lost a mail.
    """
    config = settings.CONFIG
    wanted = workers or config.mail_workers or workers_for(_due(clock()))
    others: list[subprocess.Popen[str]] = []
    sent = Sent()

    def tell_the_others() -> None:
        for other in others:
            other.terminate()

    with until_asked_to_end(tell_the_others) as ending:
        others += [_start(rehearsed_at) for _ in range(wanted - 1)]
        try:
            sent.add(deliver_due(lambda: open_way(config), clock, config, may_go_on, ending))
        finally:
            for other in others:
                sent.add(_end(other, told=ending()))
    return sent


def workers_for(due: int) -> int:
    """How many processes `due` mails are worth on this machine; one when they go to the built-in outbox."""
    if not settings.CONFIG.relays and settings.CONFIG.provider is None:
        return 1
    return max(1, min(os.cpu_count() or 1, -(-due // ENOUGH_FOR_ONE)))


def _due(at: dt.datetime) -> int:
    due = Delivery.objects.filter(state=Delivery.State.DUE, due_at__lte=at).values("pk")
    return due.order_by()[: ENOUGH_FOR_ONE * 256].count()


def _start(rehearsed_at: dt.datetime | None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "daybreak", "deliver", "run", "--json", "--workers", "1", "--planned"]
    if rehearsed_at is not None:
        command += ["--at", rehearsed_at.isoformat()]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _end(worker: subprocess.Popen[str], *, told: bool) -> Sent:
    """What a worker says it did. One that was told to end ends by the signal, and says nothing."""
    output, _ = worker.communicate()
    if told and worker.returncode == -signal.SIGTERM:
        return Sent()
    try:
        counts = json.loads(output)
        return Sent(**{field.name: counts[field.name] for field in fields(Sent)})
    except (ValueError, KeyError, TypeError):
        return Sent(trouble=f"A sending process ended with status {worker.returncode}.")
