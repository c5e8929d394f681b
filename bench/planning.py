"""How fast rows are planned, and whether a ledger a hundred times larger is planned a hundred times as long.

    python bench/planning.py [--readers 10000,100000,1000000]
    python tools/postgres.py .venv/bin/python bench/planning.py        the same on a PostgreSQL of its own

Beside it, the floor: the same rows copied by one bare INSERT … SELECT into a table without an index.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from ledger_world import FAR_ZONES, NIGHT, ZONES, make_readers, open_newsroom, print_edition, timed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", default="10000,100000,1000000", help="sizes, rising, with commas")
    sizes = [int(size) for size in parser.parse_args().readers.split(",")]
    with tempfile.TemporaryDirectory(prefix="daybreak-planning-") as folder:
        open_newsroom(Path(folder), DAYBREAK_MAIL_URL="")
        measure(sizes)
    return 0


def measure(sizes: list[int]) -> None:
    from django.db import connection

    from daybreak.circulation.models import Reader
    from daybreak.delivery.models import Delivery
    from daybreak.delivery.planning import plan
    from daybreak.desk.models import Edition

    edition = Edition.objects.get(pk=print_edition())
    print(
        f"{connection.vendor}\n{'readers':>9} {'seconds':>8} {'rows/s':>9} {'again s':>8} {'floor rows/s':>13}"
    )
    for size in sizes:
        make_readers(size - Reader.objects.count(), ZONES + FAR_ZONES)
        Delivery.objects.all()._raw_delete(Delivery.objects.db)
        started = time.perf_counter()
        made = plan(edition, NIGHT).made
        took = time.perf_counter() - started
        assert made == size, f"{made} of {size} rows"
        again = timed(lambda: plan(edition, NIGHT))
        bare = timed(copy_bare)
        print(f"{size:9,} {took:8.2f} {size / took:9,.0f} {again:8.2f} {size / bare:13,.0f}", flush=True)


def copy_bare() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare AS SELECT * FROM delivery_delivery WHERE false")
        cursor.execute("INSERT INTO bare SELECT * FROM delivery_delivery")
        cursor.execute("DROP TABLE bare")


if __name__ == "__main__":
    raise SystemExit(main())
