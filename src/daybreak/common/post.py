"""The post: one mail handed over to a server by SMTP (RFC 5321), or laid into the built-in outbox.

A hand-over ends in exactly one of four ways, and callers must not mix them up: it returns (taken), `TryLater`
(certainly not taken), `AddressRefused` (never will be), or `InDoubt` (the last byte had left, the answer is lost).
`ServerAway` is the `TryLater` that has nothing to do with this mail: the next one would fare no better.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from daybreak.common.config import Config
from daybreak.common.dkim import Signer
from daybreak.common.envelopes import ascii_where_possible
from daybreak.common.greeting import greet
from daybreak.common.posterrors import AddressRefused, InDoubt, PostError, ServerAway, TryLater
from daybreak.common.provider import SES
from daybreak.common.relays import MailServer
from daybreak.common.smtpline import Line, Stage

__all__ = [
    "AddressRefused",
    "InDoubt",
    "Outbox",
    "Post",
    "PostError",
    "ServerAway",
    "SigningPost",
    "SmtpPost",
    "TryLater",
    "open_post",
]
# Seconds between body and dot in which a server may still break off: letters are few and can wait.
PATIENCE = 0.02


class Post(Protocol):
    """Somewhere to hand mails over to."""

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message (RFC 5322 bytes) to one address.

        Raises TryLater, AddressRefused or InDoubt.
        """


@contextlib.contextmanager
def open_post(config: Config) -> Iterator[Post]:
    """The post this newsroom uses, closed on leaving. It opens its line at the first mail."""
    if config.provider is not None:
        # Imported here: its libraries are heavy, and most papers use none.
        from daybreak.common.providerpost import ProviderPost
        from daybreak.common.sespost import SesPost

        kind = SesPost if config.provider.name == SES else ProviderPost
        with contextlib.closing(kind(config.provider)) as provider:
            yield provider
        return
    if config.mail is None:
        yield Outbox(config.data / "outbox")
        return
    post = SmtpPost(config.mail)
    try:
        yield post
    finally:
        post.close()


class SigningPost:
    """Signs each mail before `post` gets it."""

    def __init__(self, post: Post, signer: Signer) -> None:
        self.post, self.signer = post, signer

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        self.post.hand_over(sender, recipient, self.signer.sign(message))


class Outbox:
    """A folder of .eml files that a person opens in the browser; the default when no server is named.

    A file's name is a UUID of version 7, so that the newest of many thousands is found by name alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        ascii_where_possible(recipient)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{uuid.uuid4()}"
            draft.write_bytes(b"X-Envelope-To: " + recipient.encode() + b"\r\n" + message)
            draft.replace(self.folder / f"{_uuid7()}.eml")
        except OSError as error:
            raise ServerAway(f"The outbox cannot be written: {error.strerror}.") from error


class SmtpPost:
    """One SMTP connection for one mail after another, opened at the first and again after it broke."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._line: Line | None = None

    def greet(self) -> None:
        """Connect, secure the line and sign in, handing nothing over. Raises ServerAway."""
        self._connected()

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        ascii_where_possible(recipient)  # what is no address does not open a line either
        line = self._connected()
        line.offer(sender, recipient, message)
        while line.stage not in (Stage.IDLE, Stage.DEAD):
            if line.stage is Stage.LEAVE and time.monotonic() >= line.ready_at:
                line.finish()
            self._wait(line)
        if line.stage is Stage.DEAD:
            self._line = None
        outcome = line.ended.popleft()
        if outcome is not None:
            raise outcome

    def close(self) -> None:
        """Say goodbye if the line is still open."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _connected(self) -> Line:
        if self._line is not None:
            self._line.step()  # a line that was closed meanwhile shows it here
        if self._line is None or self._line.stage is Stage.DEAD:
            self._line = greet(self.server, PATIENCE)
        return self._line

    def _wait(self, line: Line) -> None:
        if line.stage is Stage.DEAD:
            return
        patience = max(line.ready_at - time.monotonic(), 0) if line.stage is Stage.LEAVE else 0.25
        writing = [line.sock] if line.wants_write else []
        select.select([line.sock], writing, [], patience)
        line.step()
        line.expire(time.monotonic())


def _uuid7() -> uuid.UUID:
    """A UUID that sorts by the time it was made (RFC 9562, 5.7): 48 bits of milliseconds, then chance."""
    value = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)
