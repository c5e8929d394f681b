"""A thousand feeds on loopback, asked for the first time, again unchanged, and with some that hang.

    python bench/fetch.py [--feeds 1000] [--hosts 250] [--latency 0.05] [--hanging 100]

The peer is what one writes in an afternoon: urllib in 64 threads with conditional requests and gzip, and feedparser.
Each contender runs in a process of its own against the same server, one after the other. `read` fetches and parses,
as the peer does; `poll` (with --only) is the whole round, with articles filed, copies found and stories joined, which
takes its time with invented words: give it --items 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import gzip
import json
import multiprocessing
import os
import random
import resource
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from aiohttp import web

THREADS = 64
DEADLINE = 5.0  # seconds, for both
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
Round = Callable[[bool], Iterator[int]]


@dataclass(frozen=True)
class Plan:
    """What is asked: `urls` that answer, and `hanging` ones that never do."""

    urls: list[str]
    hanging: list[str]
    endpoints: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--only", nargs="*", default=["threads", "read"], help="any of threads, read, poll")
    parser.add_argument("--items", type=int, default=10, help="in each feed")
    parser.add_argument("--hosts", type=int, default=250)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument(
        "--hanging", type=int, default=100, help="feeds that never answer, on a twentieth of the hosts"
    )
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    port = spawn.Value("i", 0)
    server = spawn.Process(target=serve, args=(options, port), daemon=True)
    server.start()
    while not port.value:
        time.sleep(0.1)
    plan = plan_of(options, port.value)
    figures = {name: alone(spawn, name, plan) for name in options.only}
    server.kill()
    show(figures, options)


def plan_of(options: argparse.Namespace, port: int) -> Plan:
    hosts = [f"127.0.{1 + number // 250}.{1 + number % 250}:{port}" for number in range(options.hosts)]
    few = hosts[: max(1, options.hosts // 20)]
    return Plan(
        urls=[f"http://{hosts[number % len(hosts)]}/feed/{number}" for number in range(options.feeds)],
        hanging=[f"http://{few[number % len(few)]}/hang/{number}" for number in range(options.hanging)],
        endpoints=hosts,
    )


# -- the server ------------------------------------------------------------------------------------------


def serve(options: argparse.Namespace, port: Any) -> None:
    words = [f"word{number}" for number in range(50_000)]
    bodies = [gzip.compress(body(number, words, options.items)) for number in range(options.feeds)]
    sent = {"requests": 0, "bytes": 0}

    async def feed(request: web.Request) -> web.Response:
        await asyncio.sleep(options.latency)
        packed = bodies[int(request.match_info["number"])]
        sent["requests"] += 1
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers={"ETag": '"1"'})
        sent["bytes"] += len(packed)
        headers = {"ETag": '"1"', "Content-Encoding": "gzip"}
        return web.Response(body=packed, content_type="application/rss+xml", headers=headers)

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    async def tally(request: web.Request) -> web.Response:
        told = dict(sent)
        sent.update(requests=0, bytes=0)
        return web.json_response(told)

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/feed/{number}", feed)
        app.router.add_get("/hang/{number}", hang)
        app.router.add_get("/tally", tally)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0, backlog=4096)  # all of 127/8 leads here
        await site.start()
        port.value = runner.addresses[0][1]
        await asyncio.Event().wait()

    asyncio.run(run())


def body(number: int, words: list[str], items: int) -> bytes:
    chance = random.Random(number)
    entries = "".join(
        f"<item><title>{' '.join(chance.choices(words, k=9))}</title><link>https://outlet{number}.example/{one}</link>"
        f"<pubDate>Thu, 05 May 2022 {chance.randrange(24):02}:{chance.randrange(60):02}:00 GMT</pubDate>"
        f"<description>{' '.join(chance.choices(words, k=40))}</description></item>"
        for one in range(items)
    )
    return f'<rss version="2.0"><channel><title>Outlet {number}</title>{entries}</channel></rss>'.encode()


# -- the contenders --------------------------------------------------------------------------------------


def alone(spawn: Any, name: str, plan: Plan) -> dict[str, Any]:
    with spawn.Pool(1) as pool:
        found: dict[str, Any] = pool.apply(measure, (name, plan))
    return found


def measure(name: str, plan: Plan) -> dict[str, Any]:
    """Seconds, seconds of CPU and bytes of the first and the unchanged round, seconds until the last good answer
    among hanging ones, and the peak memory in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    contend = {"threads": threads, "read": read, "poll": poll}[name](plan)
    found: dict[str, Any] = {}
    for round_, hanging in (("first", False), ("same", False), ("hang", True)):
        tally(plan)
        began, cpu, items = time.perf_counter(), time.process_time(), 0
        last = began
        for got in contend(hanging):
            items += got
            last = time.perf_counter()
        found[round_] = {
            "seconds": last - began,
            "cpu": time.process_time() - cpu,
            "items": items,
            **tally(plan),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak": peak / 1024, "start": before / 1024}


def tally(plan: Plan) -> dict[str, int]:
    with urllib.request.urlopen(f"http://{plan.endpoints[0]}/tally") as answer:
        told: dict[str, int] = json.loads(answer.read())
    return told


def threads(plan: Plan) -> Round:
    import feedparser

    etags: dict[str, str] = {}

    def ask(url: str) -> int:
        headers = {"Accept-Encoding": "gzip", **({"If-None-Match": etags[url]} if url in etags else {})}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, headers=headers), timeout=DEADLINE
            ) as answer:
                data = gzip.decompress(answer.read())
                etags[url] = answer.headers["ETag"]
        except urllib.error.HTTPError as error:
            if error.code != 304:
                raise
            return 0
        except OSError:
            return -1
        return len(feedparser.parse(data).entries)

    def contend(hanging: bool) -> Iterator[int]:
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [pool.submit(ask, url) for url in mixed(plan, hanging)]
            yield from (got for done in as_completed(asked) if (got := done.result()) >= 0)

    return contend


def read(plan: Plan) -> Round:
    from daybreak.wire.formats.reading import open_feed
    from daybreak.wire.network.fetching import Request, fetch

    etags: dict[str, str] = {}

    def contend(hanging: bool) -> Iterator[int]:
        urls = mixed(plan, hanging)
        requests = [Request(key, url, etags.get(url, "")) for key, url in enumerate(urls)]
        outcomes = fetch(requests, user_agent="Bench/1", at=AT, allow=plan.endpoints, deadline=DEADLINE)
        for outcome in outcomes:
            if outcome.status == 200:
                etags[urls[outcome.key]] = outcome.etag
                yield len(open_feed(outcome.body, outcome.url, outcome.content_type).items)
            elif outcome.status == 304:
                yield 0

    return contend


def poll(plan: Plan) -> Round:
    os.environ["DAYBREAK_DATA"] = tempfile.mkdtemp(prefix="daybreak-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "daybreak.settings"
    import django

    django.setup()
    from daybreak.opening import bring_up_to_date
    from daybreak.wire.models import Source
    from daybreak.wire.polling import poll as poll_round

    bring_up_to_date()
    Source.objects.bulk_create(Source(name=url, feed_url=url) for url in plan.urls)

    def contend(hanging: bool) -> Iterator[int]:
        if hanging:
            Source.objects.bulk_create(Source(name=url, feed_url=url) for url in plan.hanging)
        Source.objects.update(next_due_at=None)
        done = poll_round(AT, user_agent="Bench/1", allow=plan.endpoints, deadline=DEADLINE)
        yield done.filed.taken

    return contend


def mixed(plan: Plan, hanging: bool) -> list[str]:
    """The feeds in the order asked; hanging ones stand first, where they hurt most."""
    return [*plan.hanging, *plan.urls] if hanging else plan.urls


def show(figures: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    print(
        f"{options.feeds} feeds of {options.items} items on {options.hosts} hosts, each answer after {options.latency:g} s"
    )
    print(
        f"{'':9}{'first':>8}{'CPU':>7}{'MB':>6}{'items':>7}{'304':>8}{'CPU':>7}{'MB':>6}{'peak MB':>9}{f'{options.hanging} hang':>9}"
    )
    for name, one in figures.items():
        first, same = one["first"], one["same"]
        print(
            f"{name:9}{first['seconds']:>7.1f}s{first['cpu']:>6.1f}s{first['bytes'] / 1e6:>6.1f}{first['items']:>7}"
            f"{same['seconds']:>7.1f}s{same['cpu']:>6.1f}s{same['bytes'] / 1e6:>6.1f}{one['peak']:>9.0f}{one['hang']['seconds']:>8.1f}s"
        )
    peer = figures.get("threads")
    for name in figures.keys() - {"threads"} if peer else ():
        told = ", ".join(
            f"{round_} {peer[round_]['seconds'] / figures[name][round_]['seconds']:.1f}"
            f" (CPU {peer[round_]['cpu'] / figures[name][round_]['cpu']:.1f})"
            for round_ in ("first", "same", "hang")
        )
        print(f"{name} is so many times as fast as the threads: {told}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
