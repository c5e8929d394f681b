"""A mail as one server is to get it: the commands of its envelope, and its body as it goes over the line (RFC 5321)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daybreak.common.dkim import with_crlf
from daybreak.common.posterrors import AddressRefused, ServerAway


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be handed over: the commands of the envelope with their verbs, and the body in pieces."""

    envelope: list[tuple[str, bytes]]
    body: Sequence[bytes]


def mail_for(
    extensions: Mapping[str, str], sender: str, recipient: str, message: Sequence[bytes], settled: bool
) -> Mail:
    """`message`, in pieces, for a server with these `extensions` (EHLO keywords in capitals with their parameters).

    `settled` promises that its lines end in CRLF, the last one too, and that none begins with a dot.
    Raises AddressRefused when it cannot write to this reader, ServerAway when it takes no mail of this size.
    """
    to, options = _envelope(extensions, recipient, sum(map(len, message)))
    envelope = [
        ("MAIL", f"MAIL FROM:<{sender}>{options}\r\n".encode()),
        ("RCPT", f"RCPT TO:<{to}>\r\n".encode()),
        ("DATA", b"DATA\r\n"),
    ]
    return Mail(envelope, message if settled else (dot_stuffed(b"".join(message)),))


def _envelope(extensions: Mapping[str, str], recipient: str, size: int) -> tuple[str, str]:
    """The address and the options of a mail of `size` octets."""
    to = ascii_where_possible(recipient)
    options = " BODY=8BITMIME" if "8BITMIME" in extensions else ""
    if not to.isascii():
        if "SMTPUTF8" not in extensions:
            raise AddressRefused("The mail server cannot write to an address in letters beyond ASCII.")
        options += " SMTPUTF8"
    if "SIZE" in extensions:
        limit = extensions["SIZE"]
        if limit.isdecimal() and 0 < int(limit[:12]) < size:
            raise ServerAway(f"The mail server takes no more than {int(limit[:12]):,} bytes of a mail.")
        options += f" SIZE={size}"
    return to, options


def ascii_where_possible(recipient: str) -> str:
    """A domain beyond ASCII in its ASCII form (IDNA), where the part before the @ needs nothing more.

    Raises AddressRefused when `recipient` is not one address on one line, or could begin a command of its own.
    """
    user, at, domain = recipient.rpartition("@")
    if not at or re.search(r"[\x00-\x20\x7f<>\ud800-\udfff]", recipient):
        raise AddressRefused("This is no address that mail can be sent to.")
    if recipient.isascii() or not user.isascii():
        return recipient
    try:
        return f"{user}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise AddressRefused("This is no address that mail can be sent to.") from error


def dot_stuffed(message: bytes) -> bytes:
    """CRLF line ends, a second dot before each line that begins with one (RFC 5321, 4.5.2), CRLF at the end."""
    body = with_crlf(message).replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body if body.endswith(b"\r\n") else body + b"\r\n"
