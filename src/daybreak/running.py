"""`daybreak serve`: web, worker and clock as one process group. A part that dies is started again."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

import click
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from daybreak.common.clock import now
from daybreak.common.post import open_post
from daybreak.common.refusal import Refused
from daybreak.delivery.watch.lastresort import LastResort
from daybreak.lifeline import end_with_parent
from daybreak.opening import refuse_taken_port
from daybreak.schedule import SCHEDULE, Duty

log = logging.getLogger("daybreak.running")

LOOK = 0.5  # seconds between two looks of the clock: a process that slept until the hour would miss a moved clock
PATIENCE = 10.0  # seconds a part may take to end
STEADY = 60.0  # seconds: what ran for so long starts anew when it ends
LONGEST_WAIT = 60.0  # seconds before one that keeps dying is started again
KEEP_TASKS = dt.timedelta(days=7)


@dataclass
class Part:
    """A child process that should be running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    start_after: float = 0.0

    def keep_alive(self) -> None:
        """Start it when it is not running, later and later if it keeps dying."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            self.failures = 1 if time.monotonic() - self.started > STEADY else self.failures + 1
            wait = min(LONGEST_WAIT, 0.5 * 2 ** min(self.failures, 10))  # a thousand deaths overflow
            log.error(
                "The %s ended with %s; it starts again in %.0f s.", self.name, self.process.returncode, wait
            )
            self.start_after, self.process = time.monotonic() + wait, None
        if time.monotonic() >= self.start_after:
            self.started = time.monotonic()
            self.process = subprocess.Popen(self.command, preexec_fn=end_with_parent)

    def stop(self) -> None:
        """Ask it to end, and make it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Clock:
    """Looks at the schedule; `last` is when each duty was last looked at (monotonic seconds)."""

    last: dict[str, float] = field(default_factory=dict)

    def look(self, at: dt.datetime) -> list[str]:
        """Set going what is due at `at` and not already waiting; the names of those duties."""
        return [duty.name for duty in SCHEDULE if self._turn(duty) and _wanted(duty, at) and _set_going(duty)]

    def _turn(self, duty: Duty) -> bool:
        moment = time.monotonic()
        if moment - self.last.get(duty.name, -duty.every) < duty.every:
            return False
        self.last[duty.name] = moment
        return True


def _wanted(duty: Duty, at: dt.datetime) -> bool:
    """Whether a duty is due; one that cannot say so must not keep the others, least of all the mornings, from it."""
    try:
        return duty.due(at)
    except DatabaseError:
        raise
    except Exception:
        log.exception("The clock could not ask whether it is time: %s.", duty.name)
        return False


def _set_going(duty: Duty) -> bool:
    waiting = DBTaskResult.objects.filter(task_path=duty.task.module_path, status=TaskResultStatus.READY)
    if waiting.exists():
        return False
    duty.task.enqueue()
    return True


def run_newsroom(host: str, port: int) -> None:
    """Run until SIGINT or SIGTERM. Raises Refused when the port is taken."""
    refuse_taken_port(host, port)
    parts = [
        Part("web server", _web(host, port)),
        Part("worker", _worker("default")),
        Part("worker for long tasks", _worker("long")),
        Part("worker for the mornings", _worker("mail")),
    ]
    if settings.CONFIG.bounce_smtp is not None:
        door_host, door_port = settings.CONFIG.bounce_smtp
        if door_port == port:
            raise Refused(
                f"Port {port} is that of DAYBREAK_BOUNCE_SMTP too: name another there or by --port."
            )
        refuse_taken_port(door_host, door_port, "name another in DAYBREAK_BOUNCE_SMTP")
        parts.append(
            Part("door for returned mail", [sys.executable, "-m", "daybreak.delivery.returns.returndoor"])
        )
    clock = Clock()
    last_resort = LastResort(settings.CONFIG, lambda: open_post(settings.CONFIG))
    with _until_told() as told:
        click.echo(f"Serving {settings.CONFIG.site_url}/ (Ctrl+C ends it)", err=True)
        swept = 0.0
        while not told:
            for part in parts:
                part.keep_alive()
            look(clock, last_resort)
            if time.monotonic() - swept > 3600 or not swept:
                swept = time.monotonic()
                _sweep()
            time.sleep(LOOK)
    for part in parts:
        part.stop()


def look(clock: Clock, last_resort: LastResort) -> None:
    """A database that is away for a while must not stop the clock: the rows are still due at the next look."""
    try:
        last_resort.well(now(), wrote=bool(clock.look(now())))
    except DatabaseError as error:
        log.error("The clock could not use the database: %s", error)
        last_resort.failed(error, now())
    finally:
        close_old_connections()


def _sweep() -> None:
    with contextlib.suppress(DatabaseError):
        call_command("prune_db_task_results", min_age_days=KEEP_TASKS.days, verbosity=0)


@contextlib.contextmanager
def _until_told() -> Iterator[list[int]]:
    told: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _web(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(max(4, os.cpu_count() or 1)), "--no-ws"),
        *("--log-level", "warning", "--respawn-failed-workers"),
        *("--factory", "daybreak.wsgi:served_by_a_worker"),
    ]


def _worker(queue: str) -> list[str]:
    command = [sys.executable, "-m", "django", "db_worker", "--no-startup-delay"]
    return [*command, "--queue-name", queue, "--interval", "0.3"]
