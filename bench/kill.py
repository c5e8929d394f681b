"""Sending killed with no warning, again and again, to a server that misbehaves: who got it, twice, not, or in doubt.

    python bench/kill.py [--runs 50] [--readers 300]
    python tools/postgres.py .venv/bin/python bench/kill.py           the same on a PostgreSQL of its own

Each run kills the sending at a random instant (kill -9), the server answering 4xx and 5xx, dropping the line inside a
mail and after it before its answer, and stalling. Then the morning is sent to its end. Bars: twice 0, missed 0, in
doubt at most the open lines of the killed process and what the server took without an answer.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from ledger_world import LAST_SIX, NIGHT, make_readers, open_newsroom, print_edition
from sink import Faults, Sink

CONNECTIONS = 4
FAULTS = Faults(later=0.02, never=0.01, drop_inside=0.01, drop_after=0.005, stall=0.002)


@dataclass
class Toll:
    """What one run came to, in rows; `withheld` is what the server took and never answered."""

    delivered: int = 0
    twice: int = 0
    missed: int = 0
    in_doubt: int = 0
    withheld: int = 0
    kills: int = 0

    @property
    def holds(self) -> bool:
        """Whether the bars are kept."""
        return (
            not self.twice and not self.missed and self.in_doubt <= self.kills * CONNECTIONS + self.withheld
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--readers", type=int, default=300)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daybreak-kill-") as folder:
        return 0 if runs(arguments.runs, arguments.readers, Path(folder)) else 1


def runs(number: int, readers: int, folder: Path) -> bool:
    sink = Sink(FAULTS, keep=True)
    threading.Thread(
        target=lambda: [sink.turn(0.1) for _ in iter(lambda: sink.stop, True)], daemon=True
    ).start()
    url = f"smtp://127.0.0.1:{sink.port}?connections={CONNECTIONS}&timeout=2"
    open_newsroom(folder, DAYBREAK_MAIL_URL=url, DAYBREAK_MAIL_FROM="editions@paper.example")
    print_edition(size=20_000)
    make_readers(readers)
    tolls = []
    print(
        f"{'run':>4} {'kills':>6} {'delivered':>10} {'twice':>6} {'missed':>7} {'in doubt':>9} {'withheld':>9}"
    )
    for run in range(number):
        tolls.append(toll := one_run(sink))
        print(
            f"{run + 1:4} {toll.kills:6} {toll.delivered:10} {toll.twice:6} {toll.missed:7} {toll.in_doubt:9}"
            f" {toll.withheld:9}{'' if toll.holds else '   BAR BROKEN'}",
            flush=True,
        )
    sink.stop = True
    held = sum(toll.holds for toll in tolls)
    print(f"{held} of {number} runs keep the bars; {sum(toll.kills for toll in tolls)} kills")
    return held == number


def one_run(sink: Sink) -> Toll:
    """One morning, killed at random until it is through."""
    from daybreak.delivery.models import Delivery
    from daybreak.delivery.planning import plan
    from daybreak.desk.models import Edition

    Delivery.objects.all().delete()
    plan(Edition.objects.get(), NIGHT)
    sink.taken.clear()
    sink.doubted.clear()
    toll = Toll()
    for _ in range(random.randint(1, 3)):
        toll.kills += killed(sink)
    for _ in range(12):  # what was put off is due again later in the morning
        send().wait(timeout=120)
        if not Delivery.objects.filter(state__in=("due", "claimed")).update(due_at=LAST_SIX):
            break
    return count(toll, sink)


def count(toll: Toll, sink: Sink) -> Toll:
    from daybreak.delivery.models import Delivery

    states = {str(key): state for key, state in Delivery.objects.values_list("pk", "state")}
    taken = Counter(sink.taken)
    toll.delivered, toll.twice = len(taken), sum(times > 1 for times in taken.values())
    settled = {key for key, state in states.items() if state in ("in_doubt", "refused")}
    toll.missed = len(set(states) - set(taken) - settled)
    toll.missed += sum(state == "handed_over" and key not in taken for key, state in states.items())
    toll.in_doubt = sum(state == "in_doubt" for state in states.values())
    toll.withheld = len(sink.doubted)
    return toll


def killed(sink: Sink) -> bool:
    """Whether the process was still at work when it was killed."""
    goal = len(sink.taken) + random.randint(1, 80)
    process = send()
    while len(sink.taken) < goal and process.poll() is None:
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.01))
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return alive


def send() -> subprocess.Popen[bytes]:
    command = ["deliver", "run", "--json", "--planned", "--workers", "1", "--at", LAST_SIX.isoformat()]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "daybreak", *command], stdout=quiet, stderr=quiet, env=dict(os.environ)
    )


if __name__ == "__main__":
    raise SystemExit(main())
