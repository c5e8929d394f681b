"""Processes that are killed in the middle, and processes that run at once: nobody twice, nobody missed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.common.test_post import _free_port

ROOT = Path(__file__).parents[2]
CONNECTIONS = 3
SIX = ("--at", "2022-05-06T04:00:00Z")


class SlowMailbox:
    """Takes a mail, waits, and only then says so: most kills fall on either side of that moment."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(random.uniform(0, 0.01))
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content)["Message-ID"].strip("<>").partition("@")[0])
        await asyncio.sleep(random.uniform(0, 0.01))
        return "250 Taken"


class Box(Protocol):
    """What remembers the mails that a server took."""

    taken: list[Any]


class House:
    """A data folder of its own with a planned edition, and the mail server it sends to."""

    def __init__(self, data: Path, box: Box, port: int, database_url: str) -> None:
        self.box = box
        self.environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("DAYBREAK_", "DATABASE_"))
            },
            "DAYBREAK_DATA": str(data),
            "DATABASE_URL": database_url,
            "DAYBREAK_MAIL_URL": f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}",
            "DJANGO_SETTINGS_MODULE": "daybreak.settings",
        }

    def start(self, *arguments: str, module: str = "tests.delivery.worker") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environ, text=True, stdout=subprocess.PIPE)

    def do(self, *arguments: str, module: str = "tests.delivery.worker") -> str:
        process = self.start(*arguments, module=module)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output

    def states(self) -> dict[str, str]:
        """The state of each row by its id."""
        return {pk: state for pk, state, _ in json.loads(self.do("ledger"))}


@contextmanager
def own_database() -> Iterator[str]:
    """The address of an empty database: on the PostgreSQL that the tests run on, else SQLite in the data folder."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    import psycopg

    name = f"house_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.rpartition("/")[0] + f"/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with own_database() as url:
        yield from _house(tmp_path, url)


def _house(tmp_path: Path, url: str, box: SlowMailbox | None = None) -> Iterator[House]:
    box = box or SlowMailbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port())
    controller.start()
    built = House(tmp_path, box, controller.port, url)
    built.do("migrate", "--skip-checks", "--verbosity", "0", module="django")
    yield built
    controller.stop()


def kill_in_the_middle(house: House, more: int) -> bool:
    """Start a worker and kill it with no warning once `more` mails came; whether it was still at work."""
    worker = house.start("run", *SIX)
    goal, patience = len(house.box.taken) + more, time.monotonic() + 30
    while len(house.box.taken) < goal and worker.poll() is None and time.monotonic() < patience:
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.02))
    alive = worker.poll() is None
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    return alive


class Choosy(SlowMailbox):
    """Knows nothing of every third reader."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if int(address[6:9]) % 3 == 0:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 fine"


def test_what_a_killed_worker_heard_of_dead_addresses_is_kept_once(tmp_path: Path) -> None:
    with own_database() as url:
        for house in _house(tmp_path, url, Choosy()):
            house.do("prepare", "60")
            for _ in range(3):
                kill_in_the_middle(house, random.randint(2, 11))
            house.do("run", *SIX)
            assert json.loads(house.do("told")) == [20, 20, 20, 20]
            assert set(Counter(house.box.taken).values()) == {1}


def test_killed_again_and_again_nobody_gets_it_twice_and_nobody_is_forgotten(house: House) -> None:
    house.do("prepare", "60")
    kills = sum(kill_in_the_middle(house, random.randint(2, 11)) for _ in range(4))
    assert kills >= 3
    house.do("run", *SIX)

    states, taken = house.states(), Counter(house.box.taken)
    assert set(taken.values()) == {1}
    assert set(states.values()) <= {"handed_over", "in_doubt"}
    assert {pk for pk, state in states.items() if state == "handed_over"} <= set(taken)
    doubtful = [pk for pk, state in states.items() if state == "in_doubt"]
    assert set(states) == set(taken) | set(doubtful)
    assert len(doubtful) <= kills * CONNECTIONS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_asked_to_end_it_hears_what_is_on_the_wire_and_leaves_nothing_in_doubt(
    house: House, number: signal.Signals, workers: str
) -> None:
    house.do("prepare", "90")
    worker = house.start("run", "--workers", workers, *SIX)
    while len(house.box.taken) < 12 and worker.poll() is None:
        time.sleep(0.001)
    worker.send_signal(number)
    worker.communicate(timeout=30)
    assert worker.returncode != 0
    states = house.states()
    assert Counter(states.values()) == {
        "handed_over": len(house.box.taken),
        "due": 90 - len(house.box.taken),
    }
    assert {pk for pk, state in states.items() if state == "handed_over"} == set(house.box.taken)


def test_workers_at_once_hand_over_each_mail_once(house: House) -> None:
    house.do("prepare", "90")
    workers = [house.start("run", *SIX) for _ in range(3)]
    for worker in workers:
        worker.communicate(timeout=60)
        assert worker.returncode == 0
    assert set(Counter(house.box.taken).values()) == {1}
    assert Counter(house.states().values()) == {"handed_over": 90}


def test_one_of_a_crew_takes_no_more_when_its_leader_is_gone(house: House) -> None:
    house.do("prepare", "90")
    lead = f"import subprocess, sys; subprocess.run([sys.executable, '-m', 'tests.delivery.worker', 'run', '--planned', *{SIX!r}])"
    leader = subprocess.Popen(
        [sys.executable, "-c", lead], cwd=ROOT, env=house.environ, stdout=subprocess.DEVNULL
    )
    while not house.box.taken:
        time.sleep(0.01)
    leader.kill()
    leader.wait()
    before, patience = -1, time.monotonic() + 30
    while before != len(house.box.taken) and time.monotonic() < patience:
        before = len(house.box.taken)
        time.sleep(0.5)
    assert 0 < len(house.box.taken) < 90
    house.do("run", *SIX)
    assert set(Counter(house.box.taken).values()) == {1}
    assert Counter(house.states().values()) == {"handed_over": 90}
