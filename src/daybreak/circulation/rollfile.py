"""The roll as a file: CSV (RFC 4180) read row by row and written, hostile until parsed.

Columns: `email`, then any of `name`, `time_zone` (IANA), `delivery_time` (06:00), `kind` (trial, subscriber, comp or
lapsed), `ends_at` (ISO 8601; a bare date is its first instant in UTC), `delivery_days` (Mon Wed Fri) and
`paused_until` (the date, YYYY-MM-DD, on which the mail comes again). In any order, apart by comma, semicolon or tab.
An empty cell says nothing: an existing reader keeps what is known, a new one gets the default.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO, cast

from daybreak.circulation.address import parse_address
from daybreak.circulation.days import parse_days, written
from daybreak.circulation.preferences import parse_name
from daybreak.circulation.zones import parse_hour, parse_zone
from daybreak.common.clock import parse_instant
from daybreak.common.refusal import Refused

COLUMNS = ("email", "name", "time_zone", "delivery_time", "kind", "ends_at", "delivery_days", "paused_until")
RollKind = Literal["trial", "subscriber", "comp", "lapsed"]


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says; None where it says nothing. `ends_at` is an aware UTC instant, outside the period."""

    email: str
    name: str | None = None
    time_zone: str | None = None
    delivery_time: dt.time | None = None
    kind: RollKind | None = None
    ends_at: dt.datetime | None = None
    delivery_days: int | None = None
    paused_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RollFile:
    """A file's text with its header understood: which column stands where, and which are `unused`."""

    text: str
    delimiter: str
    places: dict[str, int]
    width: int
    unused: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, Row | Refused]]:
        """Each row that is not empty, with its line number; one that cannot be used comes as its Refused."""
        lines = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True)
        next(lines)
        while True:
            begins = lines.line_num + 1
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error:
                # The reader starts afresh with the line after the one that it gave up on.
                yield (
                    begins,
                    Refused(f"a quotation mark is astray: up to line {lines.line_num} nothing was read."),
                )
                continue
            if any(cell.strip() for cell in cells):
                yield begins, self._row(cells)

    def _row(self, cells: list[str]) -> Row | Refused:
        if len(cells) > self.width:
            return Refused(
                f"there are {len(cells)} cells under {self.width} columns: put quotation marks around text."
            )
        filled = cells + [""] * (self.width - len(cells))
        try:
            return parse_row({name: filled[place].strip() for name, place in self.places.items()})
        except Refused as refused:
            return refused


def open_roll(text: str) -> RollFile:
    """Understand the header of a CSV file's text. Raises Refused when there is no column `email`, or one twice."""
    text = text.removeprefix("\ufeff")
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(",;\t", key=first.count)
    header = [_column(name) for name in next(csv.reader([first], delimiter=delimiter), [])]
    if "email" not in header:
        raise Refused("There is no column “email” in the first line: name the columns there.")
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise Refused(f"The column “{twice[0]}” stands twice in the first line: take one out.")
    return RollFile(
        text=text,
        delimiter=delimiter,
        places={name: header.index(name) for name in COLUMNS if name in header},
        width=len(header),
        unused=tuple(name for name in header if name and name not in COLUMNS),
    )


def parse_row(cells: dict[str, str]) -> Row:
    """The row in `cells` (column name → text). Raises Refused with what is wrong in one sentence."""
    kind = cells.get("kind", "").lower()
    if kind and kind not in ("trial", "subscriber", "comp", "lapsed"):
        raise Refused(f"“{kind[:40]}” is no kind: write trial, subscriber, comp or lapsed.")
    ends_at = parse_instant(cells["ends_at"]) if cells.get("ends_at") else None
    if ends_at is not None and not 1970 <= ends_at.year < 2500:
        raise Refused(f"ends_at is in the year {ends_at.year}: check it.")
    if ends_at is not None and not kind:
        raise Refused("ends_at says nothing without a kind: write trial, subscriber, comp or lapsed.")
    return Row(
        email=parse_address(cells["email"]),
        name=parse_name(cells["name"]) if cells.get("name") else None,
        time_zone=parse_zone(cells["time_zone"]) if cells.get("time_zone") else None,
        delivery_time=parse_hour(cells["delivery_time"]) if cells.get("delivery_time") else None,
        delivery_days=parse_days(cells["delivery_days"]) if cells.get("delivery_days") else None,
        paused_until=_parse_pause(cells["paused_until"]) if cells.get("paused_until") else None,
        kind=cast(RollKind, kind) if kind else None,
        ends_at=ends_at,
    )


def write_roll(rows: Iterable[Row], out: TextIO) -> None:
    """Write rows under all columns. Values stay exact: one that begins with = is not defused for a spreadsheet."""
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for row in rows:
        sheet.writerow(
            (
                row.email,
                row.name,
                row.time_zone,
                f"{row.delivery_time:%H:%M}" if row.delivery_time else None,
                row.kind,
                row.ends_at.isoformat().replace("+00:00", "Z") if row.ends_at else None,
                written(row.delivery_days) if row.delivery_days else None,
                row.paused_until,
            )
        )


def _parse_pause(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"“{text[:20]}” is no date for paused_until: write it as 2022-05-06.") from error
    if not 1970 <= day.year < 2500:
        raise Refused(f"paused_until is in the year {day.year}: check it.")
    return day


def _column(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split()).replace("e_mail", "email")
