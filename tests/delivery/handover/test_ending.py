"""Told to end: the sending hears it, and so does whoever else would have."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from daybreak.delivery.handover.ending import until_asked_to_end


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What a worker's own handler of SIGTERM heard."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def test_a_workers_own_handler_hears_it_at_once_and_once(heard: list[int]) -> None:
    with until_asked_to_end() as ending:
        assert not ending()
        signal.raise_signal(signal.SIGTERM)
        assert ending()
        signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM], "a worker that hears it twice drops what it has in hand"
    assert heard == [signal.SIGTERM]
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM] * 2, "the handler is back"


def test_those_who_work_beside_are_told_at_once(heard: list[int]) -> None:
    told: list[str] = []
    with until_asked_to_end(lambda: told.append("the others")):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert told == ["the others"]
    assert heard == [signal.SIGTERM]


def test_ctrl_c_breaks_off_only_when_the_work_is_put_down() -> None:
    put_down = []
    with pytest.raises(KeyboardInterrupt), until_asked_to_end() as ending:
        signal.raise_signal(signal.SIGINT)
        put_down.append(ending())
    assert put_down == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_inside_leaves_the_handlers_as_they_were(heard: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(OSError), until_asked_to_end():
        raise OSError
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_thread_beside_the_main_one_hears_nothing_and_works() -> None:
    answers: list[bool] = []

    def work() -> None:
        with until_asked_to_end() as ending:
            answers.append(ending())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [False]
