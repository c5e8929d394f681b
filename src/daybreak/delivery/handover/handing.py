"""Jobs handed over: on many lines at once by SMTP, or one after the other by any other post.

On lines, each turn does what there is: it feeds idle lines, takes in what servers said, writes marks and outcomes
together, and gives leave for the dots whose marks stand. While all lines wait it sets and signs the next mails.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from daybreak.common.posterrors import (
    AddressRefused,
    BrokenOff,
    InDoubt,
    NotBegun,
    PostError,
    ServerAway,
    TryLater,
)
from daybreak.common.smtpline import Line, Stage
from daybreak.delivery.handover.ending import HEARD_TO_THE_END, Ending, never
from daybreak.delivery.handover.ledger import Job, Ledger, Outcome
from daybreak.delivery.handover.lines import TEND_EVERY, Lines, Relay
from daybreak.delivery.handover.supply import Supply
from daybreak.delivery.letters import NoAddress

BREAKS = 3  # lines that may break under one mail before it is put off
LONGEST_WAIT = 0.25  # seconds between two looks at the time limits
GATHERED = 1.5  # marks and outcomes, for each line, that make a transaction worth while
AHEAD = 64  # mails set at most while another process writes
PATIENCE = 0.003  # seconds that a dot waits for others


@dataclass(slots=True)
class Desk:
    """What all ways of handing over need: how a mail is set and signed, its envelope sender, its rows."""

    ledger: Ledger
    write: Callable[[Job], list[bytes]]  # in pieces, with CRLF line ends; raises NoAddress
    sender: Callable[[Job], str]
    ending: Ending = never

    def late(self, job: Job) -> bool:
        """Whether the last instant of a mail is past."""
        return self.ledger.clock() > job.not_after


def one_by_one(jobs: Iterator[Job], post: Callable[[str, str, bytes], None], desk: Desk) -> None:
    """Hand over each mail by `post`. Stops when the server is away."""
    outcomes: list[Outcome] = []
    try:
        for job in jobs:
            if desk.ending():
                return
            if desk.late(job):
                desk.ledger.put_back([job])
                continue
            try:
                message = b"".join(desk.write(job))
            except NoAddress as error:
                outcomes.append((job, AddressRefused(str(error))))
                continue
            done, outcomes = outcomes, []
            if job.pk not in desk.ledger.write(done, [job]):
                continue  # the lease ended and another worker has it
            try:
                post(desk.sender(job), job.email, message)
                outcomes.append((job, None))
            except PostError as error:
                outcomes.append((job, error))
                if isinstance(error, ServerAway):
                    desk.ledger.sent.trouble = str(error)
                    return
    finally:
        desk.ledger.write(outcomes)


@dataclass(slots=True)
class Handing:
    """The mails of a supply on the lines of one process."""

    lines: Lines
    desk: Desk
    supply: Supply
    jobs: Iterator[Job] = field(init=False)
    ready: deque[Job] = field(default_factory=deque)  # set and signed
    # What is on each line: one mail, or two while the first one's dot is out and the second's envelope went with it.
    busy: dict[Line, list[Job]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    finished: bool = False  # no job is left to take

    def __post_init__(self) -> None:
        self.jobs = self.supply.paced(self.lines.paces)

    def run(self) -> None:
        """Hand all of them over; returns early, with `trouble` said, when no relay is left."""
        try:
            while self.busy or self.outcomes or not self._nothing_to_offer():
                if self.lines.tend(len(self.busy) + len(self.ready) + (0 if self.finished else 64)):
                    self._collect(self.busy)
                if self.desk.ending():
                    self._hear_to_the_end()
                    break
                if not self.busy and self.lines.trouble:
                    self.desk.ledger.sent.trouble = self.lines.trouble
                    break
                if len(self.busy) < self.lines.open:  # else none is idle: no need to look at each
                    self._offer()
                self._turn()
        finally:
            for line in self.busy:  # after an error: what is on a line without its dot is not sent
                line.drop("the sending was broken off")
            # What broke a line stands behind the others next time, or they would never have their turn.
            self.outcomes += [(job, TryLater(self.lines.trouble)) for job in self.ready if job.broken]
            self.desk.ledger.write(self.outcomes)
            self.desk.ledger.unmark(self.ready)  # one may have had 421 to its dot

    def _hear_to_the_end(self) -> None:
        """Wait for the answers to the dots that are out; all other mails are as if they had not been taken up."""
        until = time.monotonic() + HEARD_TO_THE_END
        while self.busy and time.monotonic() < until:
            self._collect(self.busy)
            for line in [line for line in self.busy if line.stage is not Stage.ANSWER]:
                line.drop("the sending was told to end")
                del self.busy[line]
            self._collect(self.lines.wait(LONGEST_WAIT))

    # -- what goes out -----------------------------------------------------------------------------------
    def _nothing_to_offer(self) -> bool:
        if not self.ready and not self.finished:
            self._prepare()
        return not self.ready and self.finished

    def _prepare(self) -> bool:
        """Set and sign one mail more; whether one was there."""
        for job in self.jobs:
            if self.desk.late(job):
                self.desk.ledger.put_back([job])
                continue
            try:
                job.message = self.desk.write(job)
            except NoAddress as error:
                self.outcomes.append((job, AddressRefused(str(error))))
                continue
            self.ready.append(job)
            return True
        self.finished = True
        return False

    def _offer(self) -> None:
        for relay, line in self.lines.idle():
            if self._nothing_to_offer():
                return
            if self._put_on(line.offer, relay, line):
                self.lines.watch(line)
                self._collect([line])  # it may have broken at the first byte

    def _follow(self, line: Line) -> None:
        """Have a mail that is ready follow the one whose dot is to leave."""
        relay = self.lines.relay_of(line)
        if self.ready and line.pipelines and self.lines.is_next(relay):
            self._put_on(line.follow, relay, line)

    def _put_on(self, way: Callable[..., None], relay: Relay, line: Line) -> bool:
        """Put the first mail that is ready on a line; False when its server can never carry it."""
        job = self.ready.popleft()
        try:
            way(self.desk.sender(job), job.email, *job.message, settled=True)
        except AddressRefused as error:
            self.outcomes.append((job, error))
            return False
        except ServerAway as error:
            relay.failed(str(error), each=True)
            self.ready.appendleft(job)
            if line.stage is Stage.IDLE:
                line.drop("it can carry none of our mails")
            return False
        relay.carried += 1
        self.busy.setdefault(line, []).append(job)
        return True

    # -- a turn ------------------------------------------------------------------------------------------
    def _turn(self) -> None:
        """Take in what was said; once nothing is, set a mail more, or write what is to be written, or wait."""
        if stepped := self.lines.wait(0):
            self._collect(stepped)
            return
        if len(self.ready) < max(len(self.busy), 1) and not self.finished and self._prepare():
            return
        now = time.monotonic()
        leave = [line for line in self.busy if line.stage is Stage.LEAVE]
        ready = [line for line in leave if line.ready_at <= now]
        if self._worth_writing(ready, leave, now):
            if self._pen_is_free():
                self._write(ready)
                self._collect(leave)
        else:
            self._wait(leave, now)

    def _worth_writing(self, ready: list[Line], leave: list[Line], now: float) -> bool:
        """Whether to write what is there: a transaction costs as much as ten rows in it, so a few wait for more."""
        if not ready and not self.outcomes:
            return False
        moving = len(self.busy) - len(leave)  # lines of which something is to be heard soon
        enough = len(ready) + len(self.outcomes) >= self.lines.open * GATHERED
        return enough or not moving or (bool(ready) and now > ready[0].ready_at + PATIENCE)

    def _pen_is_free(self) -> bool:
        """Take the pen; while another process has it, set a mail more, and wait for it once enough are set."""
        ahead = not self.finished and len(self.ready) < AHEAD
        if self.desk.ledger.pen.take(wait=not ahead):
            return True
        self._prepare()
        return False

    def _wait(self, leave: list[Line], now: float) -> None:
        """Until somebody speaks, or a dot may leave."""
        longest = (
            TEND_EVERY if self.lines.opening else LONGEST_WAIT
        )  # no selector sees a line that is being opened
        soonest = min((line.ready_at - now for line in leave), default=longest)
        self._collect(self.lines.wait(max(min(soonest, longest), 0.0005)))

    def _write(self, leave: list[Line]) -> None:
        """Marks and outcomes in one transaction; then, and only then, the dots."""
        late = [line for line in leave if self.desk.late(self.busy[line][0])]
        for line in late:
            self.desk.ledger.put_back(self.busy.pop(line))
            line.drop("its hour is past")
        going = [line for line in leave if line not in late]
        outcomes, self.outcomes = self.outcomes, []
        try:
            held = self.desk.ledger.write(outcomes, [self.busy[line][0] for line in going])
        except BaseException:
            self.outcomes = outcomes  # rolled back: they are written once more when the handing ends
            raise
        for line in going:
            if self.busy[line][0].pk not in held:
                del self.busy[line]
                line.drop("the lease ended")
                continue
            line.step()  # what broke inside the body shows now, before the dot
            if line.stage is Stage.LEAVE:
                self._follow(line)
                line.finish()
                self.lines.watch(line)

    # -- what came back ----------------------------------------------------------------------------------
    def _collect(self, lines: Iterable[Line]) -> None:
        """Take the outcomes of those mails that their lines are done with."""
        for line in list(lines):  # which may be `busy` itself
            while line.ended and line in self.busy:
                self._outcome_of(line)

    def _outcome_of(self, line: Line) -> None:
        jobs, error = self.busy[line], line.ended.popleft()
        job = jobs.pop(0)
        if not jobs:
            del self.busy[line]
        self._judge(line, error)
        if isinstance(error, NotBegun):
            self.ready.appendleft(job)
        elif isinstance(error, BrokenOff) or (line.stage is Stage.DEAD and self._another(line, error)):
            self._again(job, error)
        else:
            job.message = ()
            self.outcomes.append((job, error))

    def _judge(self, line: Line, error: PostError | None) -> None:
        """What the outcome of a mail says of the relay. Some end a line after so many mails, and some with the word
        that they have for one address: neither says that the relay is unwell."""
        relay = self.lines.relay_of(line)
        if isinstance(error, NotBegun):
            return
        if isinstance(error, BrokenOff | InDoubt):
            relay.failed(str(error), each=isinstance(error, InDoubt))
        elif isinstance(error, ServerAway):
            relay.failed(str(error), each=True)
            line.drop("it will have none of us")
        elif isinstance(error, TryLater) and line.stage is Stage.DEAD:
            relay.rest()
        else:
            relay.worked()

    def _another(self, line: Line, error: PostError | None) -> bool:
        """Whether a mail that one relay hung up on is for another to try."""
        relay = self.lines.relay_of(line)
        others = (other for other in self.lines.relays if other is not relay and not other.given_up)
        return isinstance(error, TryLater) and any(others)

    def _again(self, job: Job, error: PostError | None) -> None:
        """Certainly not sent, and perhaps no fault of this mail: another line may carry it, a few times."""
        job.broken += 1
        if job.broken < BREAKS:
            self.ready.appendleft(job)
        else:
            self.outcomes.append((job, error))
