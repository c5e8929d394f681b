"""Every open connection to every relay: opened beside the work, rested after trouble, shared by weight and pace."""

from __future__ import annotations

import random
import selectors
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from daybreak.common.config import Config, MailServer
from daybreak.common.greeting import greet
from daybreak.common.posterrors import ServerAway
from daybreak.common.smtpline import Line, Stage
from daybreak.delivery.handover.pacing import Paces

STRAIGHT_FAILURES = 4  # then a relay is left alone until the next run
TEND_EVERY = 0.01  # seconds
FIRST_REST = 0.5  # seconds, doubled with each failure


@dataclass(slots=True)
class Relay:
    """One relay: its lines, those being opened, and how it has behaved."""

    server: MailServer
    lines: list[Line] = field(default_factory=list)
    opening: list[Future[Line]] = field(default_factory=list)
    failures: int = 0
    greeted: bool = False
    rests_until: float = 0.0
    paused_until: float = 0.0
    carried: int = 0
    trouble: str = ""

    @property
    def given_up(self) -> bool:
        """Whether it has failed too often: one that never greeted us is not asked a second time."""
        return self.failures >= (STRAIGHT_FAILURES if self.greeted else 1)

    def share(self) -> float:
        """Mails carried for its weight."""
        return self.carried / self.server.weight

    def failed(self, why: str, *, each: bool = False) -> None:
        """It broke off or would have none of us: no new connection for a while, the other lines go on.

        Lines that break together, as when it is started anew, are one failure, unless `each` counts.
        """
        self.trouble = why
        if each or self.failures == 0 or time.monotonic() >= self.rests_until:
            self.failures += 1
            self.rest()

    def rest(self) -> None:
        """No new connection for a while, the longer the more often it has failed."""
        rest = FIRST_REST * 2.0 ** min(self.failures, 8)
        self.rests_until = time.monotonic() + rest * random.uniform(0.5, 1.0)  # noqa: S311 (workers not in step)

    def worked(self) -> None:
        """It took a mail, or said why not."""
        self.failures = 0


class Lines:
    """The lines of this process. `tend` looks after them, `idle` offers those that can take a mail now."""

    def __init__(self, config: Config) -> None:
        self.relays = [Relay(server) for server in config.relays]
        self._relays = {id(relay.server): relay for relay in self.relays}
        self.paces = Paces(config)
        self.selector = selectors.DefaultSelector()
        self._greeters = ThreadPoolExecutor(max_workers=8, thread_name_prefix="greeting")
        self._watched: dict[Line, int] = {}
        self._tended = 0.0

    def tend(self, wanted: int) -> bool:
        """Take up new lines, bury dead ones, and open more while fewer than `wanted` are there.

        False when it did nothing, because it did so a moment ago.
        """
        now = time.monotonic()
        if now < self._tended + TEND_EVERY:
            return False
        self._tended = now
        for relay in self.relays:
            for line in relay.lines:
                line.expire(now)
            self._bury(relay)
        for relay in self.relays:  # after all burials: a new connection may have a dead one's number
            self._take_up(relay)
        for relay in self.relays:
            there = sum(len(other.lines) + len(other.opening) for other in self.relays)
            free = relay.server.connections - len(relay.lines) - len(relay.opening)
            if relay.given_up or now < relay.rests_until:
                continue
            for _ in range(min(free, max(wanted - there, 0))):
                relay.opening.append(self._greeters.submit(greet, relay.server))
                there += 1
        return True

    def idle(self) -> Iterator[tuple[Relay, Line]]:
        """Lines that can take a mail, the relay that has carried least for its weight first."""
        for relay in sorted(self.relays, key=Relay.share):
            for line in relay.lines:
                if line.stage is Stage.IDLE and self._in_pace(relay):
                    yield relay, line

    def is_next(self, relay: Relay) -> bool:
        """Whether the next mail is this relay's by weight, and in its pace."""
        there = [other for other in self.relays if other.lines]
        return relay is min(there, key=Relay.share) and self._in_pace(relay)

    def watch(self, line: Line) -> None:
        """Wait for room to write too, or no more: to be said of each line that was written to."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.wants_write else 0)
        if wanted != self._watched.get(line, wanted) and line.stage is not Stage.DEAD:
            self.selector.modify(line.sock, wanted, line)
            self._watched[line] = wanted

    def wait(self, seconds: float) -> list[Line]:
        """Step every line that has something to do, waiting up to `seconds` for one; which they were."""
        stepped: list[Line] = [key.data for key, _ in self.selector.select(seconds)]
        for line in stepped:
            line.step()
            self.watch(line)
        return stepped

    @property
    def trouble(self) -> str:
        """Why no relay can be used any more in this run; empty while one can."""
        if any(relay.lines or relay.opening or not relay.given_up for relay in self.relays):
            return ""
        return self.relays[0].trouble

    @property
    def open(self) -> int:
        """How many lines there are."""
        return len(self._watched)

    @property
    def opening(self) -> bool:
        """Whether a connection is being opened."""
        return any(relay.opening for relay in self.relays)

    def relay_of(self, line: Line) -> Relay:
        """The relay that `line` goes to."""
        return self._relays[id(line.server)]

    def close(self) -> None:
        """Close every line; what is on one of them without its dot is not sent."""
        self._greeters.shutdown(wait=True, cancel_futures=True)
        for relay in self.relays:
            self._take_up(relay)
            for line in relay.lines:
                line.close()
            relay.lines.clear()
        self.selector.close()
        self.paces.close()

    def _in_pace(self, relay: Relay) -> bool:
        if not relay.server.pace:
            return True
        now = time.monotonic()  # a clock that is set back would pause the relay until it is as late again
        if now < relay.paused_until:
            return False
        wait = self.paces.wait(f"relay {relay.server.name}", relay.server.pace, time.time())
        relay.paused_until = now + wait
        return wait == 0.0

    def _take_up(self, relay: Relay) -> None:
        for opening in [future for future in relay.opening if future.done()]:
            relay.opening.remove(opening)
            if opening.cancelled():
                continue
            try:
                line = opening.result()
            except ServerAway as error:
                relay.failed(str(error))
                continue
            relay.greeted = True
            relay.lines.append(line)
            self.selector.register(line.sock, selectors.EVENT_READ, line)
            self._watched[line] = selectors.EVENT_READ

    def _bury(self, relay: Relay) -> None:
        for line in [line for line in relay.lines if line.stage is Stage.DEAD]:
            relay.lines.remove(line)
            self.selector.unregister(line.sock)
            del self._watched[line]


@contextmanager
def open_lines(config: Config) -> Iterator[Lines]:
    """The lines to the configured relays, closed on leaving."""
    lines = Lines(config)
    try:
        yield lines
    finally:
        lines.close()
