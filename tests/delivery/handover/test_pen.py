"""One pen for all who write to SQLite: who has it writes, who has not may look and do something else."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest
from django.conf import settings
from django.db import connection

from daybreak.delivery.handover.pen import Pen, open_pen

HOLDER = """
import fcntl, sys, time
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pen"


def pen(file: Path) -> Pen:
    opened: BinaryIO = file.open("ab")
    return Pen(opened)


def test_who_has_no_pen_is_told_at_once_and_has_it_when_it_is_laid_down(file: Path) -> None:
    one, other = pen(file), pen(file)
    assert one.take()
    assert one.take(wait=False), "it is in hand already"
    assert not other.take(wait=False)
    one.lay_down()
    assert other.take(wait=False)
    assert not one.take(wait=False)


def test_who_waits_for_the_pen_gets_it_next(file: Path) -> None:
    one, written = pen(file), []

    def write() -> None:
        with pen(file).in_hand():
            written.append("other")

    with one.in_hand():
        waiting = threading.Thread(target=write)
        waiting.start()
        waiting.join(0.05)
        written.append("one")
    waiting.join(10)
    assert written == ["one", "other"]


def test_the_pen_is_laid_down_when_writing_fails(file: Path) -> None:
    with pytest.raises(OSError), pen(file).in_hand():
        raise OSError("the disk is full")
    assert pen(file).take(wait=False)


def test_a_killed_process_leaves_the_pen(file: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    mine = pen(file)
    assert not mine.take(wait=False)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert mine.take(wait=False)


def test_only_a_database_that_one_at_a_time_may_write_to_has_a_pen() -> None:
    with open_pen() as one, open_pen() as other:
        assert one.take()
        assert other.take(wait=False) is (connection.vendor != "sqlite")
    assert (settings.CONFIG.data / "pen").exists() is (connection.vendor == "sqlite")
