"""Reading pages in processes of their own: one that hangs, explodes or lies costs itself and nothing else.

A worker is `python -m daybreak.wire.pagetexts.pageworker`: it takes pages on its standard input and answers on its standard
output, each message a length (four bytes, big-endian) and so many bytes. Nothing that comes
back from a worker, which has read strangers’ bytes, is trusted further than JSON of a limited size.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import queue
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import IO

from daybreak.wire.pagetexts.pagetext import PageText, read_page

SECONDS = 20.0  # a page may take
MEMORY = 1_000_000_000  # bytes of address space that a worker may take
_PAGES_PER_WORKER = 500  # then a fresh one, so that no leak grows
_LARGEST_ANSWER = 2_000_000  # bytes
_START = 60.0  # seconds until a worker has loaded its library, on a machine that is busy
_READY = b"ready"
_WARMING = b"<html><body><article><p>" + b"A first page. " * 50 + b"</p></article></body></html>"
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was fetched; `key` is given back with what was read."""

    key: int
    url: str
    html: bytes


class Unreadable(Exception):
    """A page whose reading failed; the message is a sentence."""


class PageReaders:
    """Worker processes, started when needed; a context manager that ends them."""

    def __init__(self, workers: int = 2, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._workers, self._seconds, self._memory = workers, seconds, memory
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: list[_Worker] = []
        for _ in range(workers):
            worker = _Worker(seconds, memory)
            self._all.append(worker)
            self._idle.put(worker)

    def __enter__(self) -> PageReaders:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.stop()

    def read(self, pages: Iterable[Page]) -> Iterator[tuple[int, PageText | Unreadable]]:
        """What each page says, or why it could not be read, as they are done; takes no more pages than are read."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="reading") as threads:
            under_way: set[Future[tuple[int, PageText | Unreadable]]] = set()
            for page in pages:
                under_way.add(threads.submit(self._one, page))
                while len(under_way) >= 2 * self._workers:
                    ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ended)
            while under_way:
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ended)

    def process_ids(self) -> list[int]:
        """The worker processes that there are now."""
        return [worker.process.pid for worker in self._all if worker.process is not None]

    def _one(self, page: Page) -> tuple[int, PageText | Unreadable]:
        worker = self._idle.get()
        try:
            return page.key, worker.read(page)
        except Unreadable as problem:
            return page.key, problem
        finally:
            self._idle.put(worker)


class _Worker:
    """One process, replaced when it dies, hangs or has grown old."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds, self._memory = seconds, memory
        self.process: subprocess.Popen[bytes] | None = None
        self._read = 0

    def read(self, page: Page) -> PageText:
        """What a page says. Raises Unreadable with a sentence."""
        used = self._read > 0
        try:
            answer = json.loads(self._asked(page))
        except TimeoutError:
            self.stop()
            raise Unreadable(f"It took more than {self._seconds:g} seconds to read.") from None
        except (OSError, EOFError, ValueError):
            self.stop()
            if used:  # it may have died before this page, or of an earlier one
                return self.read(page)
            raise Unreadable("Reading it needed too much memory, or ended the reader.") from None
        if "error" in answer:
            raise Unreadable(f"It could not be read: {answer['error']}."[:300])
        published = answer["published"]
        return PageText(**answer | {"published": dt.datetime.fromisoformat(published) if published else None})

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self.process = None
            self._read = 0

    def _ready(self) -> subprocess.Popen[bytes]:
        if self.process is not None and (self.process.poll() is not None or self._read >= _PAGES_PER_WORKER):
            self.stop()
        if self.process is None:
            command = [sys.executable, "-m", "daybreak.wire.pagetexts.pageworker", str(self._memory)]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
            assert self.process.stdin is not None and self.process.stdout is not None
            os.set_blocking(self.process.stdin.fileno(), False)
            _taken(self.process.stdout, len(_READY), time.monotonic() + _START)
        self._read += 1
        return self.process

    def _asked(self, page: Page) -> bytes:
        process = self._ready()
        assert process.stdin is not None and process.stdout is not None
        url = page.url.encode()
        until = time.monotonic() + self._seconds
        for part in (_LENGTH.pack(len(url)), url, _LENGTH.pack(len(page.html)), page.html):
            _write(process.stdin, part, until)
        (size,) = _LENGTH.unpack(_taken(process.stdout, _LENGTH.size, until))
        if size > _LARGEST_ANSWER:
            raise ValueError("an answer that is too long")
        return _taken(process.stdout, size, until)


def _write(pipe: IO[bytes], data: bytes, until: float) -> None:
    """All of `data` into a pipe that does not block. Raises TimeoutError at `until` (monotonic seconds)."""
    view = memoryview(data)
    while view:
        _, ready, _ = select.select([], [pipe], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        view = view[os.write(pipe.fileno(), view) :]


def _taken(pipe: IO[bytes], size: int, until: float) -> bytes:
    """Exactly `size` bytes. Raises TimeoutError at `until` (monotonic seconds), EOFError when the other end is gone."""
    data = b""
    while len(data) < size:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(pipe.fileno(), size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def work(memory: int) -> None:
    """The worker's life: pages in, answers out, until its input ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    pages, answers = sys.stdin.buffer, sys.stdout.buffer
    read_page(
        _WARMING, "https://paper.example/"
    )  # loads what is loaded on first use, outside any page's time
    answers.write(_READY)
    answers.flush()
    while head := pages.read(_LENGTH.size):
        url = pages.read(_LENGTH.unpack(head)[0]).decode()
        html = pages.read(_LENGTH.unpack(pages.read(_LENGTH.size))[0])
        answer = json.dumps(_answer(html, url)).encode()
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _answer(html: bytes, url: str) -> dict[str, object]:
    try:
        page = read_page(html, url)
    except MemoryError:
        raise  # this process is not to be trusted with another page
    except Exception as error:  # a parser of strangers' bytes may fail in any way; all of them mean this
        return {"error": type(error).__name__}
    return asdict(page) | {"published": page.published.isoformat() if page.published else None}


if __name__ == "__main__":
    work(int(sys.argv[1]))
