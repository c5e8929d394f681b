"""Who of this machine's sending processes writes: SQLite has one pen, and who finds it taken sleeps for milliseconds.

So they queue for a locked file instead: the kernel wakes the next one at once, and a process can look whether the pen
is free and set another mail meanwhile. Everybody else who writes is met by the database's own waiting, as ever.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection


class Pen:
    """One process's hand on the pen; where the database needs none, it is always free. Kept until `lay_down`."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._file, self._held = file, False

    def take(self, *, wait: bool = True) -> bool:
        """Take it, or say that another process has it; the kernel lays it down for a process that dies."""
        if self._file is not None and not self._held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return False
        self._held = True
        return True

    def lay_down(self) -> None:
        """Let the next one write."""
        if self._file is not None and self._held:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._held = False

    @contextmanager
    def in_hand(self) -> Iterator[None]:
        """Write inside the block, waiting for the pen where it is not held yet."""
        self.take()
        try:
            yield
        finally:
            self.lay_down()


@contextmanager
def open_pen() -> Iterator[Pen]:
    """The pen of this newsroom's database, laid down when the block ends."""
    if connection.vendor != "sqlite":
        yield Pen()
        return
    path = Path(settings.CONFIG.data) / "pen"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:  # which lays it down when it is closed
        yield Pen(file)
