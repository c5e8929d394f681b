"""The tag in front of an MP3: what it is, and its chapters.

ID3v2.3 and not 2.4: the Chapter Frame Addendum 1.0 serves both, and every player reads 2.3, while frame
sizes (plain in 2.3, synchsafe in 2.4) have been written and read wrongly by well-known programs; the two
differ from 128 bytes on, which a chapter with its title and address easily has. The price: UTF-16 beyond
Latin-1.

Sources: "ID3 tag version 2.3.0" (3 February 1999); "ID3v2 Chapter Frame Addendum" 1.0 (2 December 2005).
"""

from __future__ import annotations

import datetime as dt
import string
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

MOST_CHAPTERS = 255  # the table of contents counts them in one byte
_NO_OFFSET = 0xFFFFFFFF  # "use the time, not the byte"
_TOP_LEVEL_AND_ORDERED = 3
_FRONT_COVER = 3
_COVERS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class TagError(ValueError):
    """The tag cannot be written; the message is one sentence that says what to mend."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a player shows: ``language`` is an ISO 639-2 code, ``cover`` a JPEG or PNG (none when empty)."""

    title: str
    artist: str
    album: str
    date: dt.date
    language: str = "eng"
    cover: bytes = b""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the recording; ``start`` and ``end`` in seconds from its beginning."""

    title: str
    url: str
    start: float
    end: float


def tag(tags: Tags, chapters: Sequence[Chapter], duration: float) -> bytes:
    """The whole tag for a recording of ``duration`` seconds. Raises TagError."""
    if len(chapters) > MOST_CHAPTERS:
        raise TagError(f"An MP3 holds {MOST_CHAPTERS} chapters, not {len(chapters)}: join some.")
    frames = [
        _text("TIT2", tags.title),
        _text("TPE1", tags.artist),
        _text("TALB", tags.album),
        _text("TYER", f"{tags.date:%Y}"),
        _text("TDAT", f"{tags.date:%d%m}"),
        _text("TCON", "Podcast"),
        _text("TLAN", tags.language),
        _text("TLEN", str(_milliseconds(duration))),
        *_contents(chapters),
    ]
    if tags.cover:
        frames.append(_cover(tags.cover))
    body = b"".join(frames)
    return b"ID3\x03\x00\x00" + synchsafe(len(body)) + body


def synchsafe(size: int) -> bytes:
    """Four bytes of seven bits each (ID3v2.3, section 3.1): no byte can look like the start of an MP3 frame.

    Raises TagError above 256 MiB.
    """
    if size >= 1 << 28:
        raise TagError("The tag would be larger than 256 MiB: use a smaller cover.")
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: str, body: bytes) -> bytes:
    return name.encode("ascii") + struct.pack(">IH", len(body), 0) + body


def _text(name: str, text: str) -> bytes:
    return _frame(name, _encoded(text))


def _encoded(text: str) -> bytes:
    """An encoding byte and the text: Latin-1 if that will do, else UTF-16 with its byte order mark."""
    # NUL would end the text, and line breaks are not allowed.
    text = " ".join(text.replace("\0", " ").split())
    try:
        return b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\1\xff\xfe" + text.encode("utf-16-le", "replace")


def _contents(chapters: Sequence[Chapter]) -> list[bytes]:
    """The table of contents, then the chapters; Apple's player shows none unless the table has a title."""
    if not chapters:
        return []
    names = [f"chapter{number}".encode("ascii") + b"\0" for number, _ in enumerate(chapters, 1)]
    table = b"contents\0" + bytes([_TOP_LEVEL_AND_ORDERED, len(names)]) + b"".join(names)
    return [
        _frame("CTOC", table + _text("TIT2", "Chapters")),
        *(_frame("CHAP", _chapter(name, chapter)) for name, chapter in zip(names, chapters, strict=True)),
    ]


def _chapter(name: bytes, chapter: Chapter) -> bytes:
    start, end = _milliseconds(chapter.start), _milliseconds(chapter.end)
    body = name + struct.pack(">IIII", start, end, _NO_OFFSET, _NO_OFFSET) + _text("TIT2", chapter.title)
    if chapter.url:
        address = quote(chapter.url, safe=string.punctuation).encode("ascii")
        body += _frame("WXXX", b"\0\0" + address)
    return body


def _cover(picture: bytes) -> bytes:
    kinds = [kind for opening, kind in _COVERS.items() if picture.startswith(opening)]
    if not kinds:
        raise TagError("The cover must be a JPEG or PNG picture.")
    return _frame("APIC", b"\0" + kinds[0].encode("ascii") + bytes([0, _FRONT_COVER, 0]) + picture)


def _milliseconds(seconds: float) -> int:
    milliseconds = round(seconds * 1000)
    if not 0 <= milliseconds < _NO_OFFSET:
        raise TagError(f"A time of {seconds:g} seconds does not fit into an MP3 tag.")
    return milliseconds
