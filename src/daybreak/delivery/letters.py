"""The mail of an edition: built once per press run, split at its tokens, spliced for each reader.

A whole `email.message` per reader would cost milliseconds; here only what is the reader's own is set in.
Format: RFC 5322, 2045 (quoted-printable), 2369 and 2919 (list headers), 8058 (one-click unsubscribe).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from functools import cached_property, lru_cache
from typing import Protocol

from daybreak.common.config import Config
from daybreak.common.refusal import Refused
from daybreak.delivery.lateness import Late
from daybreak.press.models import PressRun, Rendition
from daybreak.press.renditions import rendition, stored
from daybreak.press.typesetting import edition_path
from daybreak.press.writingin import as_in_link

TOKEN = re.compile(rb"%%(UNSUBSCRIBE_URL|NOTE|LATE)%%")
SENT_OTHERWISE = re.compile(rb"(?<= ) |\t|\A\.")
LEADING_DOT = re.compile(rb"\A\.")
PLAIN = re.compile(rb"(?:[A-Za-z0-9:/_-][A-Za-z0-9:/._-]{0,72})?")  # stands in quoted-printable as it is
SOFT_BREAK = b"=\r\n"
OWN = "UNSUBSCRIBE_URL"  # the slot that no two readers fill alike
READ_IT = "read it here:"
_WORD = r"""[^\x00-\x20\x7f-\x9f\ud800-\udfff<>()\[\],;:\\"@]+"""
ADDRESS = re.compile(f"{_WORD}@{_WORD}")
ENCODED_WORD = (
    45  # bytes: 60 signs of base64, 72 with what stands around them, of the 75 that a word may have
)
LONGEST_PLAIN = 35  # signs of a name, each of which may be escaped, in a line of 78
SIMPLE_NAME = re.compile(r"(?=.{1,60}\Z)[A-Za-z0-9'-]+(?: [A-Za-z0-9'-]+)*")
Encoder = Callable[[str], bytes]


class NoAddress(ValueError):
    """A reader's address would break the header it stands in. The message is a sentence."""


class Addressee(Protocol):
    """What a letter needs to know of its reader."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def unsubscribe_token(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the mail for what is the reader's own: the name of a value and how it is written there."""

    name: str
    write: Encoder


@dataclass(frozen=True)
class Letter:
    """The mail of one press run for any reader."""

    sender: str
    site_url: str
    fields: tuple[bytes | Slot, ...]  # of the header, each without its line end
    body: tuple[bytes | Slot, ...]

    @cached_property
    def shared(self) -> int:
        """How many pieces of the body stand before the first that differs in every mail."""
        own = (
            place for place, piece in enumerate(self.body) if isinstance(piece, Slot) and piece.name == OWN
        )
        return next(own, len(self.body))

    def to(
        self,
        reader: Addressee,
        delivery_id: object,
        at: dt.datetime,
        note: str = "",
        late: Late | None = None,
    ) -> bytes:
        """`pieces_for` the reader as one message."""
        fields, body = self.pieces_for(reader, delivery_id, at, note, late)
        return b"\r\n".join([*fields, b"", *body[:1]]) + b"".join(body[1:])

    def pieces_for(
        self,
        reader: Addressee,
        delivery_id: object,
        at: dt.datetime,
        note: str = "",
        late: Late | None = None,
    ) -> tuple[list[bytes], list[bytes]]:
        """The message for one reader, CRLF line ends, 7-bit: its header fields, each without its line end, and its
        body in pieces, of which all but the reader's own are the same objects in every mail.

        `note` is a plain sentence or empty; `late` is the edition before, when it came too late for the reader. The
        body is in the relaxed form of RFC 6376, 3.4.4 as it stands, and no line begins with a dot: neither signing
        nor sending need look for that.

        Raises NoAddress when the reader's address cannot stand in a header.
        """
        values = {
            "TO": to_header(reader.name, reader.email),
            "DATE": _date(at.replace(microsecond=0)),
            "MESSAGE_ID": f"<{delivery_id}@{self.sender.rpartition('@')[2]}>",
            "UNSUBSCRIBE_URL": f"{self.site_url}/unsubscribe/{reader.unsubscribe_token}/",
            "NOTE": note,
            "LATE": f"{late.called} was late; {READ_IT} {self.site_url}{late.path}" if late else "",
        }
        return _filled(self.fields, values), _filled(self.body, values)


def _filled(pieces: Iterable[bytes | Slot], values: dict[str, str]) -> list[bytes]:
    return [piece if isinstance(piece, bytes) else piece.write(values[piece.name]) for piece in pieces]


@lru_cache(maxsize=4)
def _date(at: dt.datetime) -> str:
    return format_datetime(
        at
    )  # as long as a mail's other headers together, and the same for a second's mails


def letter_of(run: PressRun, config: Config) -> Letter:
    """The letter of a press run. Raises Refused when its mail is lost."""
    try:
        subject = str(rendition(run, "mail.html").facts["subject"])
        text, page = stored(run, "mail.txt"), stored(run, "mail.html")
    except (Rendition.DoesNotExist, OSError) as error:
        raise Refused(f"The mail of {run} is lost: press the edition again.") from error
    feedback = (str(run.edition.date), str(run.number), "edition")
    return compose(subject, text, page, edition_path(run.edition.date), config, feedback)


def compose(
    subject: str, text: bytes, page: bytes, path: str, config: Config, feedback: tuple[str, str, str]
) -> Letter:
    """A letter whose parts are `text` and `page` (UTF-8, with tokens); `path` is what its READ_URL leads to.

    `feedback` are the first three parts of its Feedback-ID, the last of them the kind of mail.
    """
    boundary = b"=_" + hashlib.sha256(page).hexdigest()[:32].encode()  # "=_" never occurs in quoted-printable
    pieces: list[bytes | Slot] = []
    for kind, body, write in ((b"plain", text, _in_text), (b"html", page, _in_html)):
        pieces.append(
            b"--" + boundary + b"\r\nContent-Type: text/" + kind + b"; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        pieces += [*_body(_with_addresses(body, path, config), write), b"\r\n"]
    pieces.append(b"--" + boundary + b"--\r\n")
    fields = _fields(subject, config, boundary, _feedback_id(feedback, config))
    return Letter(config.mail_from, config.site_url, tuple(fields), tuple(_together(pieces)))


def _together(pieces: Iterable[bytes | Slot]) -> list[bytes | Slot]:
    """The pieces with those that follow each other without a slot between them as one."""
    joined: list[bytes | Slot] = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _with_addresses(body: bytes, path: str, config: Config) -> bytes:
    """The addresses that are the same for every reader, set once."""
    read = config.site_url + path
    addresses = {
        "READ_URL": read,
        "LISTEN_URL": f"{read}#listen",
        "ACCOUNT_URL": f"{config.site_url}/account/",
        "EDITOR": as_in_link(config.mail_from),
    }
    for name, address in addresses.items():  # of our own host and digits, or quoted: nothing needs escaping
        body = body.replace(f"%%{name}%%".encode(), address.encode())
    return body


def to_header(name: str, email: str) -> str:
    """The value of a To header. Nothing in a name can end the line or add an address.

    Raises NoAddress when `email` is not one address.
    """
    if not ADDRESS.fullmatch(email):
        raise NoAddress("The reader’s address is not one that a mail can carry.")
    if SIMPLE_NAME.fullmatch(name):  # nine of ten
        return f"{name} <{email}>"
    plain = _one_line(name)
    if not plain:
        return email
    return "\r\n ".join([*_phrase(plain), f"<{email}>"])


def _phrase(name: str) -> list[str]:
    """A name as a quoted string (RFC 5322, 3.2.4) or as encoded words (RFC 2047, 2), each for a line of its own.

    The standard library's way of folding takes seconds for some names of a hundred signs.
    """
    if _is_plain(name) and len(name) <= LONGEST_PLAIN:
        return ['"' + re.sub(r'(["\\])', r"\\\1", name) + '"']
    words = [b""]
    for sign in map(str.encode, name):
        if len(words[-1]) + len(sign) > ENCODED_WORD:
            words.append(b"")
        words[-1] += sign
    return [f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words]


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _is_plain(text: str) -> bool:
    """Whether a header shows `text` as it stands: ASCII, and nothing that is read as an encoded word."""
    return text.isascii() and "=?" not in text


def _worded(text: str, header: str) -> str:
    """One line of text as the value of `header`, folded, in encoded words (RFC 2047) unless it is plain.

    Not by the header registry: it decodes what looks like an encoded word, and writes the line ends that were in it.
    """
    charset = "us-ascii" if _is_plain(text) else "utf-8"
    return Header(text, charset, header_name=header).encode(linesep="\r\n")


def _feedback_id(parts: tuple[str, str, str], config: Config) -> bytes:
    """`parts` and the sender: what Gmail counts complaints by, the last part the same for ever."""
    sender = re.sub(r"[^a-z0-9]+", "-", config.mail_from.rpartition("@")[2].lower()).strip("-")[:15]
    return ":".join([*parts, sender]).encode()


def _fields(subject: str, config: Config, boundary: bytes, feedback_id: bytes) -> list[bytes | Slot]:
    sender = Address(config.paper_name, addr_spec=config.mail_from)
    return [
        policy.SMTP.header_factory("From", sender).fold(policy=policy.SMTP).removesuffix("\r\n").encode(),
        f"Subject: {_worded(_one_line(subject), 'Subject')}".encode(),
        Slot("TO", _field("To: ")),
        Slot("DATE", _field("Date: ")),
        Slot("MESSAGE_ID", _field("Message-ID: ")),
        f"List-Id: <{config.mail_from.replace('@', '.')}>".encode(),
        Slot("UNSUBSCRIBE_URL", _field("List-Unsubscribe: <", ">")),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"Feedback-ID: " + feedback_id,
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"',
    ]


def _field(before: str, after: str = "") -> Encoder:
    return lambda value: f"{before}{value}{after}".encode()


def _body(body: bytes, write: Encoder) -> list[bytes | Slot]:
    """A part in quoted-printable, each slot between soft line breaks so that no line grows beyond 76 signs."""
    pieces: list[bytes | Slot] = []
    parts = TOKEN.split(body)  # copy, name, copy, name, … copy
    for copy, name in zip(parts[::2], parts[1::2], strict=False):
        as_link = name == b"LATE" and write is _in_html
        pieces += [_and_soft_break(copy), Slot(name.decode(), _late_in_html if as_link else write)]
    return [*pieces, _quoted_printable(parts[-1])]


def _quoted_printable(data: bytes) -> bytes:
    encoded = binascii.b2a_qp(re.sub(rb"\r\n?", b"\n", data), istext=True)
    if b"  " in encoded or b"\t" in encoded or b"\n." in encoded or encoded.startswith(b"."):
        encoded = b"\n".join(map(_as_it_is_sent, encoded.split(b"\n")))
    return encoded.replace(b"\n", b"\r\n")


def _as_it_is_sent(line: bytes) -> bytes:
    """Encoded too: tabs, and spaces after a space, which a signature in the relaxed form counts as one space; and a
    dot at the start of a line, which SMTP would double (RFC 5321, 4.5.2)."""
    line = SENT_OTHERWISE.sub(lambda sign: b"=%02X" % sign[0][0], line)
    parts = []
    while len(line) > 76:
        end = line.rfind(b"=", 73, 75)  # an escape is not cut in two
        end = 75 if end < 0 else end
        parts.append(line[:end] + b"=")
        line = LEADING_DOT.sub(b"=2E", line[end:])
    return b"\n".join([*parts, line])


def _and_soft_break(data: bytes) -> bytes:
    """In quoted-printable, so that what follows stands on a new line of the source but not of the text."""
    if PLAIN.fullmatch(data):  # an address, or nothing: what is set for each reader
        return data + SOFT_BREAK
    # A letter set behind it and taken away again keeps the 76th place of the last line for the break.
    encoded = _quoted_printable(data + b"x")[:-1]
    return encoded if encoded.endswith(SOFT_BREAK) else encoded + SOFT_BREAK


def _in_text(value: str) -> bytes:
    return _and_soft_break(value.encode())


def _in_html(value: str) -> bytes:
    return _and_soft_break(html.escape(value).encode())


def _late_in_html(value: str) -> bytes:
    words, _, url = html.escape(value).partition(f"{READ_IT} ")
    return _and_soft_break(f'{words}<a href="{url}">{READ_IT.rstrip(":")}</a>.'.encode() if url else b"")
