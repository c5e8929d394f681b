"""Many rows into the ledger at once: the database copies them from the readers by itself.

Rows made one by one in Python cost ten times as much; at a million readers that is the difference between seconds
and the morning.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Min, QuerySet

from daybreak.circulation.models import Period, Reader
from daybreak.common.statistics import has_grown
from daybreak.delivery.models import Delivery
from daybreak.desk.models import Correction, Edition

# One statement covers so many readers' ids. On SQLite nobody else can write while it runs; on PostgreSQL each walks
# the periods of all readers before its own again, so that many short ones would cost the square.
STRIDE = {"sqlite": 25_000, "postgresql": 1_000_000}
HANDS, MANY = 2, 5_000  # connections that share so many readers: PostgreSQL looks up what each row refers to
# A UUID of version 7 (RFC 9562, 5.7) whose first bits rise with the row: a key by chance would be written all over
# its index, which slows the more the ledger grows. 48 bits of milliseconds, 12 and 14 of a counter, 48 of chance.
NEW_ID = {
    "sqlite": "%s || printf('7%%03x%%04x', (owed.id >> 14) & 4095, 32768 | (owed.id & 16383)) || lower(hex(randomblob(6)))",
    # 1879080960 is 7000 8000 in hexadecimal, the version and the variant.
    "postgresql": (
        "(%s || to_hex(1879080960 | (((owed.id >> 14) & 4095) << 16) | (owed.id & 16383))"
        " || right(gen_random_uuid()::text, 12))::uuid"
    ),
}
# SQLite's journal takes whole pages: rows that go out together lie together. PostgreSQL's takes the changes alone.
ORDERED = {"sqlite": " ORDER BY wave.due_at, owed.id", "postgresql": ""}


@dataclass(frozen=True, slots=True)
class Wave:
    """Readers of one zone and one hour: their mails are due together and never leave after `not_after`."""

    due_at: dt.datetime
    not_after: dt.datetime


Waves = dict[tuple[str, dt.time], Wave]
NOTHING: Mapping[str, object] = MappingProxyType({})


def insert_rows(
    edition: Edition,
    readers: QuerySet[Reader],
    waves: Waves,
    correction: Correction | None = None,
    facts: Mapping[str, object] = NOTHING,
) -> int:
    """Make a due row of the edition, or of its correction, for each of `readers` who is in one of `waves` and has none.

    Returns how many were made. `facts` are columns, with values, in which they are not as a due row is.

    Another worker may plan at the same time: the constraint lets only one row a reader stand.
    """
    ends = readers.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return 0
    first, end = ends["first"], ends["last"] + 1
    for table in (Reader, Period):  # however they came to be so many
        has_grown(table, end - first)
    same = {**_the_same_for_all(edition, correction), **facts}

    def insert(start: int, stop: int) -> int:
        stride = STRIDE[connection.vendor]
        strides = (range(at, min(at + stride, stop)) for at in range(start, stop, stride))
        with _table_of(waves) as waves_there:
            return sum(
                _copy(same, readers.filter(pk__gte=part.start, pk__lt=part.stop), waves_there)
                for part in strides
            )

    made = _side_by_side(insert, first, end) if _worth_sharing(end - first) else insert(first, end)
    has_grown(Delivery, made)
    return made


def _worth_sharing(span: int) -> bool:
    """Whether several connections are to make the rows: SQLite has one writer, and a transaction one connection."""
    return connection.vendor == "postgresql" and span >= MANY and not connection.in_atomic_block


def _side_by_side(insert: Callable[[int, int], int], first: int, end: int) -> int:
    """`insert` of as many parts of the ids from `first` to before `end` as there are HANDS, each on its connection."""

    def on_its_own(start: int) -> int:
        try:
            return insert(start, min(start + part, end))
        finally:
            connection.close()

    part = -(-(end - first) // HANDS)
    with ThreadPoolExecutor(HANDS, thread_name_prefix="planning") as hands:
        return sum(hands.map(on_its_own, range(first, end, part)))


@contextmanager
def _table_of(waves: Waves) -> Iterator[str]:
    """The waves as a table of this connection alone, with the index that a join needs; its name."""
    columns: list[Any] = [
        *(Reader._meta.get_field(name) for name in ("time_zone", "delivery_time")),
        *(Delivery._meta.get_field(name) for name in ("due_at", "not_after")),
    ]
    shape = ", ".join(f"{field.column} {field.db_type(connection)}" for field in columns)
    rows = [
        [
            field.get_db_prep_save(value, connection)
            for field, value in zip(columns, (*key, wave.due_at, wave.not_after), strict=True)
        ]
        for key, wave in waves.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS planned_wave")
        cursor.execute(
            f"CREATE TEMPORARY TABLE planned_wave ({shape}, PRIMARY KEY (time_zone, delivery_time))"
        )
        cursor.executemany("INSERT INTO planned_wave VALUES (%s, %s, %s, %s)", rows)
        try:
            yield "planned_wave"
        finally:
            cursor.execute("DROP TABLE planned_wave")


def _copy(same: dict[str, Any], readers: QuerySet[Reader], waves: str) -> int:
    """Make the rows of `readers`; how many. `same` is what every new row has."""
    sql, values = _statement(same, readers, waves)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)
    except IntegrityError:
        # Another worker made some of them meanwhile. That is rare, and to be ready for it costs PostgreSQL a sixth.
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} ON CONFLICT DO NOTHING", values)
            return int(cursor.rowcount)


def _statement(same: dict[str, Any], readers: QuerySet[Reader], waves: str) -> tuple[str, list[Any]]:
    """INSERT … SELECT with its values: the readers joined to the waves by zone and hour."""
    owed, owed_values = (
        readers.order_by("id").values("id", "time_zone", "delivery_time").query.sql_with_params()
    )
    # Nothing from outside stands in it: names of our own columns, and places for values. CROSS keeps SQLite from
    # walking all readers once for each wave; PostgreSQL chooses for itself.
    sql = (
        f"INSERT INTO {Delivery._meta.db_table} (id, reader_id, due_at, not_after, {', '.join(same)}) "  # noqa: S608
        f"SELECT {NEW_ID[connection.vendor]}, owed.id, wave.due_at, wave.not_after, "
        f"{', '.join(['%s'] * len(same))} FROM ({owed}) AS owed CROSS JOIN {waves} AS wave "
        "WHERE wave.time_zone = owed.time_zone AND wave.delivery_time = owed.delivery_time"
        f"{ORDERED[connection.vendor]}"
    )
    prefix = f"{time.time_ns() // 1_000_000:012x}"
    return sql, [prefix, *same.values(), *owed_values]


def _the_same_for_all(edition: Edition, correction: Correction | None) -> dict[str, Any]:
    """Columns and values that every new row has: what is owed, and the model's own defaults."""
    facts: dict[str, Any] = {"edition_id": edition.pk, "correction_id": correction.pk if correction else None}
    given = {"id", "reader", "due_at", "not_after", "edition", "correction"}
    for field in Delivery._meta.concrete_fields:
        if field.name not in given:
            facts[str(field.column)] = field.get_db_prep_save(field.get_default(), connection)
    return facts
