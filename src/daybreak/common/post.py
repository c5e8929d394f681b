"""The post: one mail handed over to a server by SMTP (RFC 5321), or laid into the built-in outbox.

A hand-over ends in exactly one of four ways, and callers must not mix them up: it returns (taken), `TryLater`
(certainly not taken), `AddressRefused` (never will be), or `InDoubt` (the last byte had left, the answer is lost).
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from daybreak.common.config import Config, MailServer


class PostError(Exception):
    """A mail was not, or perhaps not, handed over. The message is a sentence."""


class TryLater(PostError):
    """Certainly not taken: the server is away, busy or answered 4xx. The mail may be tried again."""


class AddressRefused(PostError):
    """The server will not take this mail (5xx). Trying again changes nothing."""


class InDoubt(PostError):
    """All bytes had left and no answer came: the mail may or may not be on its way."""


class Post(Protocol):
    """Somewhere to hand mails over to."""

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message (RFC 5322 bytes, CRLF line ends). Raises TryLater, AddressRefused or InDoubt."""


@contextlib.contextmanager
def open_post(config: Config) -> Iterator[Post]:
    """The post this newsroom uses, closed on leaving. Raises TryLater when the server cannot be reached."""
    if config.mail is None:
        yield Outbox(config.data / "outbox")
        return
    post = SmtpPost(config.mail)
    try:
        yield post
    finally:
        post.close()


class Outbox:
    """A folder of .eml files that a person opens in the browser; the default when no server is named."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{uuid.uuid4()}"
            draft.write_bytes(b"X-Envelope-To: " + recipient.encode("utf-8", "replace") + b"\r\n" + message)
            os.replace(draft, self.folder / f"{uuid.uuid4()}.eml")
        except OSError as error:
            raise TryLater(f"The outbox cannot be written: {error.strerror}.") from error


class SmtpPost:
    """One SMTP connection, opened at the first mail and again after it broke."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._smtp: smtplib.SMTP | None = None

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        smtp = self._connected()
        try:
            self._offer(smtp, sender, recipient)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise TryLater(f"The mail server broke off: {_words(error)}.") from error
        self._transfer(smtp, message)

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
            raise TryLater(
                f"The mail server {server.host}:{server.port} cannot be used: {_words(error)}."
            ) from error
        self._smtp = smtp
        return smtp

    def _offer(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        utf8 = " SMTPUTF8" if not recipient.isascii() else ""
        for command in (f"MAIL FROM:<{sender}> BODY=8BITMIME{utf8}", f"RCPT TO:<{recipient}>", "DATA"):
            smtp.command_encoding = "utf-8" if utf8 else "ascii"
            code, answer = smtp.docmd(command)
            if code not in (250, 251, 252, 354):
                self._give_up(smtp, code, answer)

    def _transfer(self, smtp: smtplib.SMTP, message: bytes) -> None:
        """The body and the final dot apart: a line that breaks before the dot has certainly delivered nothing."""
        assert smtp.sock is not None
        try:
            smtp.sock.sendall(_dot_stuffed(message))
        except OSError as error:
            self.close()
            raise TryLater(f"The mail server broke off inside the message: {_words(error)}.") from error
        try:
            smtp.sock.sendall(b".\r\n")
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._smtp = None
            smtp.close()
            raise InDoubt(f"The mail server gave no answer after the message: {_words(error)}.") from error
        if code != 250:
            self._give_up(smtp, code, answer)

    def _give_up(self, smtp: smtplib.SMTP, code: int, answer: bytes) -> None:
        words = f"{code} {answer.decode('utf-8', 'replace')}"[:200]
        if code == 421:
            self.close()
        else:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.rset()
        if 500 <= code < 600:
            raise AddressRefused(f"The mail server refused: {words}")
        raise TryLater(f"The mail server put it off: {words}")


def _dot_stuffed(message: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a dot gets a second one; the message ends with CRLF."""
    body = message if message.endswith(b"\r\n") else message + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
