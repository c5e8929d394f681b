"""Files of wire copy: lists of feeds (OPML), items (JSON Lines), saved feeds and sitemaps, agency copy (ninjs,
NewsML-G2). Plain or gzipped, one by one or a folder of them.

JSON Lines are read as a stream; one bad line costs that line and a sentence, never the rest.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from daybreak.common.clock import parse_instant
from daybreak.common.refusal import Refused
from daybreak.wire.addresses import AddressError, canonical
from daybreak.wire.filing import Filed, file_items
from daybreak.wire.formats.agencies import is_newsml, is_ninjs, read_newsml, read_ninjs
from daybreak.wire.formats.charset import decoded
from daybreak.wire.formats.plaintext import plain_text
from daybreak.wire.formats.reading import LARGEST, FeedError, Item, open_feed
from daybreak.wire.formats.xmltree import XMLError
from daybreak.wire.outlets.opml import Listed, read_list
from daybreak.wire.outlets.sources import add_source

LONGEST_LINE = 2_000_000  # bytes
MOST_COMPLAINTS = 50  # lines of one file that are named one by one
Complain = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave: sources added (and already known), items filed, and lines or entries left out."""

    added: int = 0
    known: int = 0
    filed: Filed = field(default_factory=Filed)
    skipped: int = 0

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            self.added + other.added,
            self.known + other.known,
            self.filed + other.filed,
            self.skipped + other.skipped,
        )

    @property
    def empty(self) -> bool:
        """Whether nothing could be taken."""
        return not (self.added or self.known or self.filed.taken)


def import_folder(folder: Path, at: dt.datetime, complain: Complain) -> Imported:
    """Take in every file of a folder, as `import_file` does, in the order of their names; one that cannot be read
    costs itself and a sentence. Raises Refused when nothing at all could be taken."""
    done = Imported()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        try:
            done += import_file(path, at, partial(_complain_of, path.name, complain))
        except (Refused, OSError) as error:
            done += Imported(skipped=1)
            complain(f"{path.name} is left out: {error}")
    if done.empty:
        raise Refused(f"Nothing could be taken from {folder}: it holds no file of wire copy.")
    return done


def _complain_of(name: str, complain: Complain, sentence: str) -> None:
    complain(f"{name}, {sentence}")


def import_file(path: Path, at: dt.datetime, complain: Complain) -> Imported:
    """Take in a file as seen at `at` (aware UTC).

    `complain` gets a sentence for each line that is left out. Raises Refused when the file is empty, of no known
    kind, or gave nothing at all; OSError when it cannot be opened.
    """
    with path.open("rb") as file:
        return import_stream(file, path.name, at, complain)


def import_stream(plain: IO[bytes], name: str, at: dt.datetime, complain: Complain) -> Imported:
    """As `import_file`, from an open file that can be rewound; `name` is what sentences call it."""
    gzipped = plain.read(2) == b"\x1f\x8b"
    plain.seek(0)
    file = cast(IO[bytes], gzip.GzipFile(fileobj=plain)) if gzipped else plain
    try:
        imported = _import(file, name, at, complain)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused(f"{name} is a damaged gzip file: fetch it again.") from error
    if imported.empty:
        raise Refused(
            f"Nothing could be taken from {name}: it holds no feed with items, no list of feeds (OPML), no agency "
            "copy that may be used, and no line of JSON that is an item."
        )
    return imported


def _import(file: IO[bytes], name: str, at: dt.datetime, complain: Complain) -> Imported:
    lines = _Lines(file, at, complain)
    first = lines.first()
    if first is None:
        raise Refused(f"{name} is empty.")
    start = first[:4096].lstrip(b"\xef\xbb\xbf \t\r\n\x00\xff\xfe")
    if start.startswith(b"<"):
        return _import_xml(first + _rest(file, name), name, at, complain)
    if b"\x00" in start:
        raise Refused(f"{name} is neither OPML, nor a feed, nor JSON Lines of items: check the file.")
    if start.startswith(b"[") or start.rstrip() == b"{" or b"jsonfeed.org/version" in start:
        return _import_json(first + _rest(file, name), name, at, complain)
    filed = file_items(lines.items(first), at)
    if lines.skipped > MOST_COMPLAINTS:
        complain(f"and {lines.skipped - MOST_COMPLAINTS} more lines are left out.")
    return Imported(filed=filed, skipped=lines.skipped)


def _import_json(data: bytes, name: str, at: dt.datetime, complain: Complain) -> Imported:
    """A file that is one JSON value: a feed, an item of an agency, or a list of items."""
    try:
        value = json.loads(decoded(data).lstrip("\ufeff"))
    except (ValueError, RecursionError):
        value = None
    if is_ninjs(value):
        value = [value]
    elif (
        isinstance(value, dict)
        and isinstance(value.get("items"), list)
        and any(map(is_ninjs, value["items"]))
    ):
        value = value["items"]
    if not isinstance(value, list):
        return _import_feed(data, name, at)
    items: list[Item] = []
    skipped = 0
    for number, one in enumerate(value, start=1):
        try:
            items.append(_item_of(one, at))
        except Refused as refusal:
            skipped += 1
            if skipped <= MOST_COMPLAINTS:
                complain(f"item {number} is left out: {str(refusal).rstrip('.')}.")
    return Imported(filed=file_items(items, at), skipped=skipped)


def _item_of(value: Any, at: dt.datetime) -> Item:
    return read_ninjs(value, at) if is_ninjs(value) else read_item(value)


def _import_newsml(text: str, name: str, at: dt.datetime, complain: Complain) -> Imported:
    items, skipped = [], 0
    try:
        for one in read_newsml(text, at):
            if isinstance(one, Item):
                items.append(one)
            else:
                skipped += 1
                complain(one)
    except XMLError as error:
        raise Refused(f"{name} cannot be read. {error}") from error
    return Imported(filed=file_items(items, at), skipped=skipped)


def _rest(file: IO[bytes], name: str) -> bytes:
    rest = file.read(LARGEST + 1)
    if len(rest) > LARGEST:
        raise Refused(f"{name} is larger than {LARGEST // 1_000_000} MB: split it, or write JSON Lines.")
    return rest


def _import_xml(data: bytes, name: str, at: dt.datetime, complain: Complain) -> Imported:
    text = decoded(data)
    if re.search(r"<opml[\s>]", text[:5000], re.IGNORECASE):
        return _import_opml(text, name, complain)
    if is_newsml(text):
        return _import_newsml(text, name, at, complain)
    return _import_feed(data, name, at)


def _import_feed(data: bytes, name: str, at: dt.datetime) -> Imported:
    try:
        feed = open_feed(data, "")
    except FeedError as error:
        raise Refused(f"{name}: {error} Items are written one JSON object a line.") from error
    return Imported(filed=file_items(feed.items, at), skipped=feed.skipped)


def _import_opml(text: str, name: str, complain: Complain) -> Imported:
    return add_listed(read_list(text, name, complain), complain)


def add_listed(feeds: Iterable[Listed], complain: Complain) -> Imported:
    """Poll every feed of a list from now on; `complain` gets a sentence for each whose address is none."""
    added = known = skipped = 0
    for listed in feeds:
        try:
            _, new = add_source(listed.name, listed.feed_url, listed.about)
        except AddressError as error:
            skipped += 1
            complain(f"“{listed.name}” is left out: {error}")
            continue
        added, known = added + new, known + (not new)
    return Imported(added=added, known=known, skipped=skipped)


class _Lines:
    """The lines of a JSON Lines file as items; counts and complains about those that are none."""

    def __init__(self, file: IO[bytes], at: dt.datetime, complain: Complain) -> None:
        self._file = file
        self._at = at
        self._complain = complain
        self._number = 0
        self.skipped = 0

    def first(self) -> bytes | None:
        """The first line that is not blank, None when there is none."""
        while line := self._file.readline(LONGEST_LINE):
            self._number += 1
            if line.strip(b"\xef\xbb\xbf \t\r\n\x00"):
                return line
        return None

    def items(self, first: bytes) -> Iterator[Item]:
        """The items of the file, `first` being the line that was already read."""
        line = first
        while line:
            if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
                self._leave_out(f"longer than {LONGEST_LINE // 1_000_000} MB")
                self._skip_line()
            elif line.strip():
                item = self._item(line)
                if item:
                    yield item
            line = self._file.readline(LONGEST_LINE)
            self._number += 1

    def _item(self, line: bytes) -> Item | None:
        try:
            return _item_of(json.loads(line.lstrip(b"\xef\xbb\xbf").decode("utf-8")), self._at)
        except UnicodeDecodeError:
            self._leave_out("not UTF-8 text")
        except (ValueError, RecursionError):
            self._leave_out("not a JSON object")
        except Refused as refusal:
            self._leave_out(str(refusal))
        return None

    def _leave_out(self, why: str) -> None:
        self.skipped += 1
        if self.skipped <= MOST_COMPLAINTS:
            self._complain(f"line {self._number} is left out: {why.rstrip('.')}.")

    def _skip_line(self) -> None:
        while (more := self._file.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
            pass


def read_item(value: Any) -> Item:
    """An item from a JSON value with `url`, `title`, `source`, `published`, and perhaps `summary`, `body`,
    `language`. Raises Refused with what is missing or wrong."""
    if not isinstance(value, dict):
        raise Refused("not a JSON object")
    for name in ("url", "title", "source", "published"):
        held = value.get(name)
        if held is None or not str(held).strip():
            raise Refused(f"“{name}” is missing")
    for name in ("url", "title", "source", "published", "summary", "body", "language"):
        if not isinstance(value.get(name), str | None):
            raise Refused(f"“{name}” is no text")
    canonical(value["url"])
    title = plain_text(value["title"]).replace("\n", " ")
    if not title:
        raise Refused("“title” has no words")
    return Item(
        url=value["url"].strip(),
        title=title,
        source=plain_text(value["source"]),
        published=parse_instant(value["published"]),
        summary=plain_text(value.get("summary") or ""),
        body=plain_text(value.get("body") or ""),
        language=value.get("language") or "",
    )
