"""Replay a real night of the wire: 2 May 2022, 06:00 UTC, to 3 May, 06:00 UTC, hour by hour into the database.

One filer takes all hours, as in `serve`; beside it, `wire import` for each hour, which has to recall the days before
each time.

Prints the twenty leading stories with their outlets for a person to judge, and how fast the articles went into
the database. The data is not part of the project: `--data FOLDER`, DAYBREAK_BENCH_DATA, or ../shared/data beside
the repository.

    python bench/replay.py [--data FOLDER] [--top 20]
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

START = dt.datetime(2022, 5, 2, 6, tzinfo=dt.UTC)
HOURS = 24
WIRE = "newswire2022/wire_2022-05-02_2022-05-29.jsonl.gz"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--top", type=int, default=20)
    arguments = parser.parse_args()
    wire = arguments.data / WIRE
    if not wire.is_file():
        print(f"{wire} is not there: give --data or set DAYBREAK_BENCH_DATA.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="daybreak-replay-") as folder:
        replay(hours_of(wire), Path(folder), arguments.top)
    return 0


def hours_of(wire: Path) -> dict[int, list[dict[str, Any]]]:
    """The night's items by the hour in which they arrived."""
    hours: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(wire, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            seen = dt.datetime.fromisoformat(record["first_seen"])
            hour = (seen - START) // dt.timedelta(hours=1)
            if 0 <= hour < HOURS:
                hours[hour].append(
                    {
                        "url": record["url"],
                        "title": record["title"],
                        "source": record["source"] or "",
                        "published": record["published"],
                        "summary": record["description"] or "",
                        "body": record["content"] or "",
                        "language": "en",
                    }
                )
    return hours


def replay(hours: dict[int, list[dict[str, Any]]], folder: Path, top: int) -> None:
    os.environ["DAYBREAK_DATA"] = str(folder / "data")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybreak.settings")
    import django

    django.setup()
    from click.testing import CliRunner
    from django.core.management import call_command

    from daybreak.wire.commands import wire
    from daybreak.wire.models import Article, Story
    from daybreak.wire.stories import news_budget

    call_command("migrate", verbosity=0, skip_checks=True)
    lasting = through_one_filer(hours)
    call_command("flush", verbosity=0, interactive=False)
    spent = 0.0
    skipped = 0
    for hour, items in sorted(hours.items()):
        file = folder / f"{hour:02}.jsonl"
        file.write_text("\n".join(json.dumps(item) for item in items), encoding="utf-8")
        at = START + dt.timedelta(hours=hour + 1)
        began = time.perf_counter()
        done = CliRunner().invoke(wire, ["import", str(file), "--at", at.isoformat()], catch_exceptions=False)
        spent += time.perf_counter() - began
        said = re.search(r"(\d+) skipped", done.output)
        skipped += int(said[1]) if said else 0
    at = START + dt.timedelta(hours=HOURS)
    began = time.perf_counter()
    budget = news_budget(at, limit=top)
    took = time.perf_counter() - began
    for place, line in enumerate(budget, start=1):
        print(f"\n{place}. {line.headline}  [{line.score:.2f}: {'; '.join(line.reasons)}]")
        for article in line.articles:
            print(f"     {'=' if article.copy else ' '} {article.source[:24]:<24} {article.title}")
    articles, stories = Article.objects.count(), Story.objects.count()
    copies = Article.objects.exclude(original=None).count()
    print(f"\n{articles} articles taken ({copies} copies), {skipped} lines skipped, {stories} stories")
    print(
        f"whole path into the database: {lasting:.0f} articles/s by a filer that lasts, as in `serve`; ",
        end="",
    )
    print(f"{articles / spent:.0f} by `wire import` anew for each of {len(hours)} hours")
    print(f"news budget: {took * 1000:.0f} ms; clustering alone: {clustering_rate():.0f} articles/s")


def through_one_filer(hours: dict[int, list[dict[str, Any]]]) -> float:
    """Articles a second from records to rows, hour by hour through one filer."""
    from daybreak.wire.filing import Filer
    from daybreak.wire.formats.reading import Item

    filer, taken = Filer(), 0
    began = time.perf_counter()
    for hour, records in sorted(hours.items()):
        items = (
            Item(**{**record, "published": dt.datetime.fromisoformat(record["published"])})
            for record in records
        )
        taken += filer.file(items, START + dt.timedelta(hours=hour + 1)).new
    return taken / (time.perf_counter() - began)


def clustering_rate() -> float:
    """Articles a second through the grouper alone, over what was filed."""
    from daybreak.wire.joining.grouping import Grouper, GroupItem
    from daybreak.wire.joining.wording import telling_text
    from daybreak.wire.models import Article

    items = [
        GroupItem(
            a.url_key, a.title, telling_text(a.summary, a.body), a.published_at.timestamp(), a.source.name
        )
        for a in Article.objects.order_by("first_seen_at", "published_at").select_related("source")
    ]
    grouper = Grouper()
    began = time.perf_counter()
    for item in items:
        grouper.add(item)
    return len(items) / (time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(main())
