"""One hand at a time on the stories: the filer's or an editor's."""

from __future__ import annotations

from django.db import connection

_LOCK = 0x64617962  # any number, the same in each process


def wait_for_turn() -> None:
    """Wait until nobody else changes which story an article is in; the turn ends with the transaction.

    Two filers would open one story twice, and an editor's merge would miss what a filer is about to put in.
    SQLite sees to it by itself: its transactions take the write lock when they begin.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
