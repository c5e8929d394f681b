"""The post: one mail handed over to a server by SMTP (RFC 5321), or laid into the built-in outbox.

A hand-over ends in exactly one of four ways, and callers must not mix them up: it returns (taken), `TryLater`
(certainly not taken), `AddressRefused` (never will be), or `InDoubt` (the last byte had left, the answer is lost).
`ServerAway` is the `TryLater` that has nothing to do with this mail: the next one would fare no better.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import select
import smtplib
import ssl
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from daybreak.common.config import Config, MailServer
from daybreak.common.dkim import Signer


class PostError(Exception):
    """A mail was not, or perhaps not, handed over. The message is a sentence."""


class TryLater(PostError):
    """Certainly not taken: the server is away, busy or answered 4xx. The mail may be tried again."""


class ServerAway(TryLater):
    """The server cannot be reached, or will have none of us (a wrong password, a sender it does not know)."""


class AddressRefused(PostError):
    """The server will not take this mail (5xx). Trying again changes nothing."""


class InDoubt(PostError):
    """All bytes had left and no answer came: the mail may or may not be on its way."""


class Post(Protocol):
    """Somewhere to hand mails over to."""

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message (RFC 5322 bytes) to one address.

        Raises TryLater, AddressRefused or InDoubt.
        """


@contextlib.contextmanager
def open_post(config: Config) -> Iterator[Post]:
    """The post this newsroom uses, closed on leaving. It opens its line at the first mail."""
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
        _refuse_no_address(recipient)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{uuid.uuid4()}"
            draft.write_bytes(b"X-Envelope-To: " + recipient.encode() + b"\r\n" + message)
            draft.replace(self.folder / f"{_uuid7()}.eml")
        except OSError as error:
            raise ServerAway(f"The outbox cannot be written: {error.strerror}.") from error


class SmtpPost:
    """One SMTP connection, opened at the first mail and again after it broke."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._smtp: smtplib.SMTP | None = None
        self._reaction = 0.0  # seconds that the server took to answer the last DATA

    def greet(self) -> None:
        """Connect, secure the line and sign in, handing nothing over. Raises ServerAway."""
        self._connected()

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        _refuse_no_address(recipient)
        smtp = self._connected()
        try:
            self._offer(smtp, sender, recipient)
            self._send_body(smtp, _dot_stuffed(message))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise TryLater(f"The mail server broke off: {_words(error)}.") from error
        self._send_dot(smtp)

    def close(self) -> None:
        """Say goodbye if the line is still open."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        server = self.server
        try:
            if server.security == "tls":
                context = ssl.create_default_context()
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.timeout, context=context
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
            if server.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            if server.username:
                smtp.login(server.username, server.password)
        except (OSError, smtplib.SMTPException) as error:
            raise ServerAway(
                f"The mail server {server.host}:{server.port} cannot be used: {_words(error)}."
            ) from error
        self._smtp = smtp
        return smtp

    def _offer(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        options = " BODY=8BITMIME" if smtp.has_extn("8bitmime") else ""
        if not recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                raise AddressRefused("The mail server cannot write to an address in letters beyond ASCII.")
            options += " SMTPUTF8"
        smtp.command_encoding = "utf-8"
        code, answer = smtp.docmd(f"MAIL FROM:<{sender}>{options}")
        if 500 <= code < 600:  # not the reader's address but we are what it will not have
            self._reset(smtp)
            raise ServerAway(f"The mail server refuses mail from {sender}: {_answer(code, answer)}")
        self._expect(2, smtp, code, answer)
        self._expect(2, smtp, *smtp.docmd(f"RCPT TO:<{recipient}>"))
        asked = time.monotonic()
        self._expect(3, smtp, *smtp.docmd("DATA"))
        self._reaction = time.monotonic() - asked

    def _send_body(self, smtp: smtplib.SMTP, body: bytes) -> None:
        """Everything but the final dot: a line that breaks here has certainly delivered nothing.

        A body that fits the system's buffers is gone before a broken line shows, so the server gets as long to
        break off as it took to answer DATA; without that wait the drop would look like one after the dot.
        """
        assert smtp.sock is not None
        smtp.sock.sendall(body)
        if not isinstance(smtp.sock, ssl.SSLSocket):
            patience = min(max(self._reaction, 0.001), 0.05)
            if select.select([smtp.sock], [], [], patience)[0]:
                raise ConnectionAbortedError("it spoke or hung up inside the message")

    def _send_dot(self, smtp: smtplib.SMTP) -> None:
        """The final dot and its answer: from the first on, silence means doubt."""
        assert smtp.sock is not None
        try:
            smtp.sock.sendall(b".\r\n")
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._smtp = None
            smtp.close()
            raise InDoubt(f"The mail server gave no answer after the message: {_words(error)}.") from error
        if code // 100 not in (2, 4, 5):
            self.close()
            raise InDoubt(
                f"The mail server’s answer after the message makes no sense: {_answer(code, answer)}"
            )
        self._expect(2, smtp, code, answer)

    def _expect(self, kind: int, smtp: smtplib.SMTP, code: int, answer: bytes) -> None:
        """Return when the answer is of the hundred `kind`, otherwise leave the line ready for the next mail."""
        if code // 100 == kind:
            return
        words = _answer(code, answer)
        if code == 421:
            self.close()
        else:
            self._reset(smtp)
        if code == 530:
            raise ServerAway(f"The mail server wants a name and password: {words}")
        if 500 <= code < 600:
            raise AddressRefused(f"The mail server refused: {words}")
        raise TryLater(f"The mail server put it off: {words}")

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            code, _ = smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = 0
        if code != 250:
            self.close()


def _refuse_no_address(recipient: str) -> None:
    """An address is one line without brackets, so that it can neither end its command nor begin another."""
    if "@" not in recipient or re.search(r"[\x00-\x20\x7f<>\ud800-\udfff]", recipient):
        raise AddressRefused("This is no address that mail can be sent to.")


def _dot_stuffed(message: bytes) -> bytes:
    """Lines ended by CRLF alone, a second dot before each that begins with one (RFC 5321, 4.5.2), CRLF at the end.

    A bare LF or CR would let a text be read as the end of one mail and the start of another.
    """
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _uuid7() -> uuid.UUID:
    """A UUID that sorts by the time it was made (RFC 9562, 5.7): 48 bits of milliseconds, then chance."""
    value = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def _answer(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}"[:200]


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
