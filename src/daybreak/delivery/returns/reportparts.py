"""A mail that came back, taken apart: its own words, its groups of fields, and what it returns of ours.

Hostile until parsed: at most LARGEST bytes are read, and a mail that nests parts beyond all reason is read as text.
"""

from __future__ import annotations

import email
import html
import re
from collections.abc import Iterator
from email.message import Message

import nh3

LARGEST = 128_000  # bytes: the reason stands before the returned mail
DEEPEST = 40  # multipart or message parts in one mail
WORDS = 60_000  # letters of the report's own words

ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@=]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}", re.IGNORECASE)
_ORIGINAL_FOLLOWS = re.compile(
    r"^[ \t>*#=-]{0,80}(?:(?:this is |below (?:is|this line)|the (?:body|header|start) of |an? |included is )?.{0,40}"
    r"(?:original|copy of|returned|unsent|undelivered) .{0,12}(?:message|mail|header|e-?mail)s?\b.{0,60}"
    r"(?:follow\w*\.?|below\W*|-{2,}|is following\W*|headers?\W*|:)|-+ ?original message ?-+|message headers? follows?\W*"
    r"|-+ ?(?:this is|below this line is) a copy of .*|received: ?(?:from|by) .*|return-path: ?<.*)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGE_ID = re.compile(r"^(?:original-)?message-id:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)


def parsed(data: bytes) -> Message:
    """The message in `data`, read no further than LARGEST bytes; too deep a nest is one text part.

    Long runs of empty lines are shortened: rules that look for lines would go over them again and again.
    """
    data = re.sub(rb"(?:\r?\n){20,}", b"\n" * 20, data[:LARGEST].lstrip(b"\r\n"))
    # The library strips what str.strip() does, the separators of ASCII too.
    if len(re.findall(rb"(?i)content-type:[\s\x1c-\x1f]*(?:multipart|message)/", data)) <= DEEPEST:
        try:
            return email.message_from_bytes(data)
        except (ValueError, RecursionError):  # a boundary in a character set that is none
            pass
    return email.message_from_bytes(re.sub(rb"(?i)content-type:", b"X-Nested-Type:", data))


class Report:
    """A message taken apart: its own words, its groups of fields, and what is left of the mail that came back."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.fields: list[str] = []
        own: list[str] = []
        returned: list[str] = []
        for part in parts_of(_report_inside(message) or message):
            kind = part.get_content_type()
            text = text_of(part)
            if kind == "message/delivery-status":
                self.fields.append(text)
            elif kind in (
                "message/rfc822",
                "text/rfc822-headers",
                "message/rfc822-headers",
                "message/global",
            ):
                returned.append(text)
            elif kind.startswith("text/") or kind in ("message/feedback-report",) or not own:
                own.append(without_tags(text[:WORDS]) if kind == "text/html" else text)
        self.text = "\n".join(own)[:WORDS]
        whole = re.sub(
            r"(?m)^>(?!>)[ \t]?", "", "\n".join(own)[:WORDS]
        )  # somebody may have forwarded the report
        cut = _ORIGINAL_FOLLOWS.search(whole)
        self.words = whole[: cut.start()] if cut else whole
        self.returned = "\n".join([whole[cut.start() :] if cut else "", *returned])
        match = _MESSAGE_ID.search(self.returned) or _MESSAGE_ID.search("\n".join(self.fields))
        self.message_id = match[1] if match else ""
        self.subject = header(message, "Subject")

    def groups(self) -> Iterator[dict[str, str]]:
        """The fields of each recipient; also where a server wrote them into plain text."""
        texts = self.fields or ([self.words] if "final-recipient:" in self.words.lower() else [])
        for text in texts:
            for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
                yield from _recipient_fields(block)

    @property
    def senders(self) -> set[str]:
        """Addresses that are not the failed one: whom the report is to and from, and whom the mail was from."""
        lines = re.findall(r"(?im)^(?:from|return-path|sender|reply-to):(.*)$", self.returned[:20_000])
        heads = [header(self.message, name) for name in ("To", "From", "Reply-To", "Return-Path", "Sender")]
        return {address.lower() for line in [*lines, *heads] for address in ADDRESS.findall(line)}


def parts_of(message: Message) -> Iterator[Message]:
    """The leaves of a message and the mails attached to it, those not opened."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(_inside(part)))
        else:
            yield part


def _report_inside(message: Message) -> Message | None:
    """The delivery report that somebody (a virus scanner, a forwarding reader) attached to a mail of their own."""
    parts = list(parts_of(message))
    if any(part.get_content_type() == "message/delivery-status" for part in parts):
        return None
    mails = (mail for part in parts if part.get_content_type() == "message/rfc822" for mail in _inside(part))
    return next((mail for mail in mails if mail.get_content_type() == "multipart/report"), None)


def _inside(part: Message) -> list[Message]:
    """The parts of a part, none of a leaf. (Of a leaf the library would decode the text by any codec it names.)"""
    payload = part.get_payload() if part.is_multipart() else ()
    return [each for each in payload if isinstance(each, Message)]


def text_of(part: Message) -> str:
    """The text of a part, whatever character set it says or lies about."""
    if part.is_multipart():  # message/*: the fields or the mail inside
        return "\n\n".join(_heads(each) + "\n" + text_of(each) for each in _inside(part))
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    for charset in (_charset(part), "utf-8", "latin-1"):
        try:
            return plain(data.decode(charset))
        except (LookupError, ValueError):  # ValueError: a name with a zero in it is no charset
            continue
    return ""


def _charset(part: Message) -> str:
    try:
        return part.get_content_charset() or "utf-8"
    except ValueError:  # a name with a zero in it, in the form of RFC 2231
        return "utf-8"


def plain(text: str) -> str:
    """Text that any database stores: no zeros, no half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def addresses_in(text: str) -> list[str]:
    """The addresses in a header's text. (The library's own parser goes down with each bracket, and falls.)"""
    return [each.rstrip(".") for each in ADDRESS.findall(text[:20_000])]


def _heads(message: Message) -> str:
    return "".join(f"{name}: {value}\n" for name, value in message.items())


def header(message: Message, name: str) -> str:
    """A header's value on one line, "" without one; bytes beyond ASCII are taken as UTF-8."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        text = raw
    return " ".join(plain(text).split())


def without_tags(page: str) -> str:
    """The words of an HTML page."""
    return html.unescape(nh3.clean(page, tags=set(), clean_content_tags={"style", "script", "head", "title"}))


def _recipient_fields(block: str) -> Iterator[dict[str, str]]:
    """The fields of the recipients in a block; some servers leave out the empty line between two."""
    fields: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not name or " " in name:
            continue
        if name == "final-recipient" and name in fields:
            yield fields
            fields = {}
        fields.setdefault(name, value.strip()[:4000])
    if {"final-recipient", "original-recipient", "action"} & set(fields):
        yield fields
