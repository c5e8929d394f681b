"""A disk without room: the sending stops with a sentence, and goes on where it was once there is room."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections import Counter

import pytest

from tests.delivery.test_crashes import ROOT, SIX, House, house

__all__ = ["house"]
ROOM = 200_000  # bytes that a file may grow to, in the place of a disk that holds no more


def run_without_room(house: House) -> subprocess.CompletedProcess[str]:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))

    command = [sys.executable, "-m", "daybreak", "deliver", "run", "--workers", "1", *SIX]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=house.environ,
        text=True,
        capture_output=True,
        timeout=60,
        preexec_fn=no_room,
    )


@pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="the disk is the server's there"
)
def test_a_full_disk_stops_the_sending_with_a_sentence_and_nobody_is_forgotten(house: House) -> None:
    house.do("prepare", "60")
    stopped = run_without_room(house)
    assert stopped.returncode == 1
    assert 0 < len(house.box.taken) < 60, "in the middle of it"
    (sentence,) = stopped.stderr.strip().splitlines()
    assert sentence.startswith("daybreak: there is no room on the disk of the database")
    house.do("run", *SIX)
    rows, taken = house.states(), Counter(house.box.taken)
    assert set(taken.values()) == {1}
    assert set(rows.values()) <= {"handed_over", "in_doubt"}
    assert {pk for pk, state in rows.items() if state == "handed_over"} <= set(taken)
    assert set(rows) == set(taken) | {pk for pk, state in rows.items() if state == "in_doubt"}
