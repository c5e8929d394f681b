"""A claim's mails handed over to a provider: many requests at once, each with one mail on a kept connection.

A row says “on the wire” before its request leaves, and no more requests are open than there are posts, so a process
that dies leaves at most as many rows in doubt. Only this thread speaks to the database; the others wait for answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice

from daybreak.common.config import Config
from daybreak.common.post import Post, open_post
from daybreak.common.posterrors import AddressRefused, InDoubt, PostError, ServerAway
from daybreak.delivery.handover.handing import Desk
from daybreak.delivery.handover.ledger import Job, Outcome
from daybreak.delivery.handover.lines import STRAIGHT_FAILURES
from daybreak.delivery.letters import NoAddress


@dataclass(slots=True)
class Posts:
    """Several posts of one kind and the threads that use them, one each."""

    posts: list[Post]
    threads: ThreadPoolExecutor


@contextmanager
def open_posts(config: Config) -> Iterator[Posts]:
    """The posts to the configured provider, closed on leaving. Each opens its connection at its first mail."""
    at_once = config.provider.connections if config.provider else 1
    with ExitStack() as stack:
        posts = [stack.enter_context(open_post(config)) for _ in range(at_once)]
        yield Posts(posts, stack.enter_context(ThreadPoolExecutor(at_once, "post")))


@dataclass(slots=True)
class ManyAtOnce:
    """The mails of one claim on the posts of one process."""

    posts: Posts
    desk: Desk
    jobs: Iterator[Job]
    idle: list[Post] = field(init=False)
    busy: dict[Future[None], tuple[Job, Post]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    away: str = ""  # why no further request is opened
    doubts: int = 0  # one after the other
    broken: BaseException | None = (
        None  # an error that is no ending of a mail: its row stays on the wire, in doubt
    )

    def __post_init__(self) -> None:
        self.idle = list(self.posts.posts)

    def run(self) -> None:
        """Hand all of them over; returns early, with `trouble` said, when the provider is away."""
        try:
            while self._offer() or self.busy:
                self._collect()
        finally:
            while self.busy:  # after an error too: what left has an answer coming
                self._collect()
            self.desk.ledger.write(self.outcomes)
            self.desk.ledger.sent.trouble = self.away or self.desk.ledger.sent.trouble
        if self.broken is not None:
            raise self.broken

    def _offer(self) -> bool:
        """Give each idle post a mail whose mark stands; whether a job was there."""
        jobs = [] if self.away or self.desk.ending() else list(islice(self._written(), len(self.idle)))
        outcomes, self.outcomes = self.outcomes, []
        try:
            held = self.desk.ledger.write(outcomes, jobs)
        except BaseException:
            self.outcomes = outcomes  # rolled back: they are written once more when the handing ends
            raise
        for job in jobs:
            if job.pk in held:
                post = self.idle.pop()
                handing = self.posts.threads.submit(
                    post.hand_over, self.desk.sender(job), job.email, b"".join(job.message)
                )
                self.busy[handing] = (job, post)
        return bool(jobs)

    def _written(self) -> Iterator[Job]:
        """The jobs whose hour is not past and whose mail can be written."""
        for job in self.jobs:
            if self.desk.late(job):
                self.desk.ledger.put_back([job])
                continue
            try:
                job.message = self.desk.write(job)
            except NoAddress as error:
                self.outcomes.append((job, AddressRefused(str(error))))
                continue
            yield job

    def _collect(self) -> None:
        """Wait for an answer and take in all that came."""
        done, _ = wait(self.busy, return_when=FIRST_COMPLETED)
        for handing in done:
            job, post = self.busy.pop(handing)
            self.idle.append(post)
            job.message = ()
            error = handing.exception()
            if error is not None and not isinstance(error, PostError):
                self.broken, self.away = error, "The sending was broken off."
                continue
            self.outcomes.append((job, error))
            self.doubts = self.doubts + 1 if isinstance(error, InDoubt) else 0
            if isinstance(error, ServerAway) or self.doubts >= STRAIGHT_FAILURES:
                self.away = str(error)  # when it stumbles over each, all the others need not be in doubt too
