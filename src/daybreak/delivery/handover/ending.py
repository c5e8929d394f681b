"""Asked to end in the middle of a morning: nothing more is taken, and what is on the wire is heard to its end.

Without it, each line that waited for its last answer would leave a mail in doubt whenever the newsroom is started anew.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
HEARD_TO_THE_END = 5.0  # seconds: `serve` gives its parts ten
Ending = Callable[[], bool]


def never() -> bool:
    """Nobody asks."""
    return False


@contextmanager
def until_asked_to_end(then: Callable[[], None] = lambda: None) -> Iterator[Ending]:
    """Whether SIGTERM or SIGINT came since the block began; what they would have done is done when it ends.

    `then` is called when the first comes.

    A handler that somebody set (a worker's own) hears them at once. Outside the main thread nobody hears any.
    """
    if threading.current_thread() is not threading.main_thread():
        yield never
        return
    asked: list[int] = []
    passed_on: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def hear(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) == 1:
            then()
        handler = before[signal.Signals(number)]
        # A service manager tells the whole group and `serve` its parts: twice is not more urgent, for it ends in seconds.
        if len(asked) == 1 and callable(handler) and handler is not signal.default_int_handler:
            passed_on.append(number)
            handler(number, frame)

    for number in SIGNALS:
        signal.signal(number, hear)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked and not passed_on:
        signal.raise_signal(asked[0])
