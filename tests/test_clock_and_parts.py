"""The two things that `serve` is made of: parts that are kept alive, and a clock that asks what is due."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest

from daybreak import running
from daybreak.running import LONGEST_WAIT, STEADY, Clock, Part
from daybreak.schedule import SCHEDULE

AT = dt.datetime(2022, 5, 6, 4, tzinfo=dt.UTC)


def ended(failures: int, ran_for: float = 0.0) -> Part:
    """A part that has just died after `failures` before."""
    part = Part("worker", ["false"], failures=failures)
    part.keep_alive()
    assert part.process is not None
    part.process.wait()
    part.started -= ran_for
    part.keep_alive()
    return part


def test_what_keeps_dying_is_started_later_and_later_but_for_ever() -> None:
    waits = [ended(failures).start_after - time.monotonic() for failures in (0, 3, 2_000)]
    assert waits[0] <= 1 < waits[1] <= 8 < waits[2] <= LONGEST_WAIT


def test_what_ran_well_meanwhile_is_started_again_at_once() -> None:
    assert ended(5, ran_for=STEADY + 1).failures == 1


@pytest.mark.django_db
def test_a_duty_that_cannot_be_asked_keeps_no_other_from_its_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(at: dt.datetime) -> bool:
        raise KeyError("a zone that is gone")

    first, second, *_ = SCHEDULE
    schedule = (replace(first, due=broken), replace(second, due=lambda at: True))
    monkeypatch.setattr(running, "SCHEDULE", schedule)
    assert Clock().look(AT) == [second.name]
    assert first.name in caplog.text
