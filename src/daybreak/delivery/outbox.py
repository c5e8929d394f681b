"""The built-in outbox, read: mails that were laid into it because no mail server is named."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.eml")
HEAD = 16_384  # bytes of a file in which its headers end


@dataclass(frozen=True, slots=True)
class OutboxLine:
    """One mail in the list. `at` is what its Date header says, None when that is no date."""

    name: str
    to: str
    subject: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """One mail opened: headers in order, its two bodies (empty when missing) and its source.

    `at` is what its Date header says, None when that is no date.
    """

    headers: tuple[tuple[str, str], ...]
    to: str
    subject: str
    at: dt.datetime | None
    html: str
    text: str
    source: str


def names(folder: Path) -> list[str]:
    """The file names of the outbox, newest first: they begin with the time they were made, so no file is opened."""
    try:
        return sorted(filter(NAME.fullmatch, os.listdir(folder)), reverse=True)  # noqa: PTH208 - a third of the time
    except FileNotFoundError:
        return []


def line(folder: Path, name: str) -> OutboxLine:
    """What the list shows of a mail; reads its headers only. Raises FileNotFoundError, ValueError on a strange name."""
    with _path(folder, name).open("rb") as file:
        mail = _parsed(file.read(HEAD), headers_only=True)
    return OutboxLine(name, _header(mail, "To"), _header(mail, "Subject"), _date(mail))


def mail(folder: Path, name: str) -> OutboxMail:
    """A whole mail. Raises FileNotFoundError, and ValueError on a strange name."""
    data = _path(folder, name).read_bytes()
    parsed = _parsed(data)
    return OutboxMail(
        headers=tuple((key, str(value)) for key, value in parsed.items()),
        to=_header(parsed, "To"),
        subject=_header(parsed, "Subject"),
        at=_date(parsed),
        html=_body(parsed, "html"),
        text=_body(parsed, "plain"),
        source=data.decode("utf-8", "replace"),
    )


def _path(folder: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError("A mail’s name in the outbox is a UUID.")
    return folder / name


def _parsed(data: bytes, *, headers_only: bool = False) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(data, headersonly=headers_only)
    assert isinstance(message, EmailMessage)
    return message


def _header(message: EmailMessage, name: str) -> str:
    return str(message[name] or "")


def _date(message: EmailMessage) -> dt.datetime | None:
    return getattr(message["Date"], "datetime", None)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
