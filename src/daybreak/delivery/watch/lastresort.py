"""Telling people that the database takes nothing: no alarm can be a row then, so it is told straight from the clock.

Once when the trouble lasts, and once more when it is over. What was told is remembered by this process alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from django.db import DatabaseError

from daybreak.common.config import Config
from daybreak.delivery.models import Alarm, Telling
from daybreak.delivery.watch.telling import OpenPost, tell

log = logging.getLogger(__name__)

KIND = "database"
PATIENCE = 120.0  # seconds of trouble before anybody is woken: one that is started anew is away for less
FORGOTTEN = (
    900.0  # seconds without new trouble after which it is over, though nothing was to be written meanwhile
)
AGAIN = 300.0  # seconds before who could not be told is tried again
FULL = ("disk is full", "disk I/O error", "No space left")  # SQLite's words, and PostgreSQL's (53100)


@dataclass
class LastResort:
    """Hears how each look at the database ended. `moment` says the time that cannot be set, in seconds."""

    config: Config
    open_post: OpenPost
    moment: Callable[[], float] = time.monotonic
    _since: float | None = None  # the first failure of this trouble
    _latest: float = 0.0
    _tried: float | None = None
    _owed: Alarm | None = None
    _told: bool = False
    _thread: Thread | None = None

    def failed(self, error: DatabaseError, at: dt.datetime) -> None:
        """The database refused; whoever is to be told is, when it has done so for `PATIENCE`."""
        moment = self.moment()
        if self._since is None or moment - self._latest > FORGOTTEN:
            self._since = moment
        self._latest = moment
        waits = self._told or moment - self._since < PATIENCE
        if waits or (self._tried is not None and moment - self._tried < AGAIN):
            return
        self._tried = moment
        self._owed = self._owed or Alarm(kind=KIND, subject=KIND, raised_at=at, sentence=_sentence(error))
        self._tell(self._owed, Telling.News.RAISED, at)

    def well(self, at: dt.datetime, wrote: bool) -> None:
        """A look went well, and something was written at it or not: what can be read may take no write."""
        if self._since is None or not (wrote or self.moment() - self._latest > FORGOTTEN):
            return
        over, told = self._owed, self._told
        self._since, self._tried, self._owed, self._told = None, None, None, False
        if over is not None and told:
            over.cleared_at = at
            self._tell(over, Telling.News.CLEARED, at)

    def wait(self) -> None:
        """Until who is being told has heard it."""
        if self._thread is not None:
            self._thread.join()

    def _tell(self, alarm: Alarm, news: Telling.News, at: dt.datetime) -> None:
        """Beside the clock, which must not wait for a mail server."""
        self.wait()
        self._thread = Thread(target=self._tell_all, args=(alarm, news, at), daemon=True)
        self._thread.start()

    def _tell_all(self, alarm: Alarm, news: Telling.News, at: dt.datetime) -> None:
        ways = {Telling.Way.MAIL: self.config.alarm_mail, Telling.Way.WEBHOOK: self.config.alarm_webhook}
        for way in (way for way, whom in ways.items() if whom):
            error = tell(Telling(alarm=alarm, way=way, news=news), at, self.config, self.open_post)
            if error:
                log.error("Nobody could be told by %s that the database takes nothing: %s", way, error)
            self._told |= not error and news == Telling.News.RAISED


def _sentence(error: DatabaseError) -> str:
    told = " ".join(str(error).split())
    what = "make room on its disk" if any(words in told for words in FULL) else "see that it runs"
    return f"The database takes nothing ({told}), so nothing is pressed or sent: {what}."[:500]
