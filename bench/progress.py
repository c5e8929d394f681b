"""What it costs to look at a send in progress, beside counting the same rows without their index.

python bench/progress.py [--readers 100000]
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path

from ledger_world import FAR_ZONES, NIGHT, ZONES, make_readers, open_newsroom, print_edition, timed

AT = dt.datetime(2022, 5, 6, 4, 1, tzinfo=dt.UTC)
TRIES = 3


def main() -> None:
    """Build the newsroom, hand four in ten mails over in the ledger alone, and time each look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    readers = parser.parse_args().readers
    with tempfile.TemporaryDirectory() as folder:
        open_newsroom(Path(folder))
        make_readers(readers, ZONES + FAR_ZONES)
        print_edition()
        _look(readers)


def _look(readers: int) -> None:
    from django.db.models import Count

    from daybreak.delivery.models import Delivery
    from daybreak.delivery.planning import plan_all, readers_without_a_row
    from daybreak.delivery.progress import progress_of, waves
    from daybreak.delivery.status import ReaderLines, summary
    from daybreak.delivery.unplanned import readers_unplanned
    from daybreak.desk.models import Edition

    plan_all(NIGHT)
    edition = Edition.objects.get()
    some = Delivery.objects.filter(reader_id__lte=readers * 4 // 10)
    some.update(
        state="handed_over", run=edition.press_runs.get(), handed_over_at=AT - dt.timedelta(seconds=9)
    )
    progress = progress_of(edition, AT)
    # Asked by edition, the rows are found by their other index and each is read for its state.
    plain = Delivery.objects.filter(edition=edition, correction=None).order_by().values("due_at", "state")
    looks: dict[str, Callable[[], object]] = {
        "count by reading each row": lambda: list(plain.annotate(number=Count("pk"))),
        "progress (every few seconds)": lambda: progress_of(edition, AT),
        "… with the mornings": lambda: waves(edition, progress_of(edition, AT)),
        "… with the sentence": lambda: summary(edition, AT, progress),
        "readers without a row (once a page)": readers_without_a_row(edition, AT).count,
        "… who had their morning": lambda: readers_unplanned(edition, AT).count(),
        "fifty readers of one state": lambda: ReaderLines(edition, AT, "due")[0:50],
    }
    best = {name: min(timed(look) for _ in range(TRIES)) for name, look in looks.items()}
    plainly = best["count by reading each row"]
    print(f"{readers:,} rows{'':<32}{'ms':>9}{'× plain':>10}")
    for name, seconds in best.items():
        print(f"{name:<42}{seconds * 1000:9.1f}{seconds / plainly:10.2f}")


if __name__ == "__main__":
    main()
