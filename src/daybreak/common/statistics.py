"""Telling PostgreSQL that a table has grown: it plans by what it last counted, and counts by itself only now and then.

Without it, planning an edition just after 100,000 readers came in took minutes, with it two seconds. SQLite plans by
the shape of its indexes and needs nothing.
"""

from __future__ import annotations

from django.db import connection, models

MANY = 5_000  # rows; fewer change no plan for the worse


def has_grown(table: type[models.Model], rows: int) -> None:
    """Count a table anew after `rows` were added to it, when they are many: a sample, a fraction of a second."""
    if rows >= MANY and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")
