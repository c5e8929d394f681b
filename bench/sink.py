"""A mail server for benches that takes everything quickly, or with `Faults` misbehaves by chance.

As a program (`python bench/sink.py`) it prints its port, then for each line of its input how many mails it took since
the last one and the seconds from the first to the last of them.
"""

from __future__ import annotations

import random
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

END = b"\r\n.\r\n"
ENVELOPE = 2000  # bytes
HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"


@dataclass
class Faults:
    """Shares (0 to 1) of mails at which the sink answers 4xx or 5xx, drops inside DATA or after it, or stalls."""

    later: float = 0.0
    never: float = 0.0
    drop_inside: float = 0.0
    drop_after: float = 0.0
    stall: float = 0.0

    def strike(self) -> str:
        """The fault that meets the next mail, or an empty word."""
        draw = random.random()
        for name in ("later", "never", "drop_inside", "drop_after", "stall"):
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return ""


@dataclass
class Peer:
    """One connection: what has come and was not used, and whether it is inside a mail.

    `waits` for a peer that sends no text before DATA is answered (RFC 2920, 3.1): behind the end of its mail there is
    room for an envelope and no more.
    """

    sock: socket.socket
    rest: bytearray = field(default_factory=bytearray)
    inside: bool = False
    waits: bool = True
    fault: str = ""
    looked: int = 0


class Sink:
    """Takes mails on 127.0.0.1:`port` until `stop` is set. `taken` has each Message-ID when `keep` is asked for."""

    def __init__(self, faults: Faults | None = None, keep: bool = False) -> None:
        self.faults, self.keep = faults, keep
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.buffer = bytearray(1 << 18)
        self.count, self.first, self.last = 0, 0.0, 0.0
        self.taken: list[str] = []
        self.doubted: set[str] = set()  # taken, and the answer withheld
        self.stalled: list[Peer] = []
        self.stop = False

    def turn(self, seconds: float) -> None:
        """Answer whoever has spoken."""
        for key, _ in self.selector.select(seconds):
            if key.data is None:
                sock, _ = self.listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setblocking(False)
                self.selector.register(sock, selectors.EVENT_READ, Peer(sock))
                sock.send(b"220 sink\r\n")
            else:
                self._hear(key.data)

    def _hear(self, peer: Peer) -> None:
        try:
            size = peer.sock.recv_into(self.buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            self._drop(peer)
            return
        out: list[bytes] = []
        if peer.inside and not self.faults and not self.keep:  # only the end matters, and that comes last
            start = max(size - ENVELOPE, 0) if peer.waits else 0  # to look through it all takes 20 µs a mail
            window = (bytearray() if start else peer.rest[-4:]) + memoryview(self.buffer)[start:size]
            if window.rfind(END) < 0:
                peer.rest, peer.looked = window[-4:], 0
                return
        peer.rest += memoryview(self.buffer)[:size]
        while (self._mail if peer.inside else self._command)(peer, out):
            pass
        if out and peer.sock.fileno() >= 0:
            peer.sock.send(b"".join(out))

    def _mail(self, peer: Peer, out: list[bytes]) -> bool:
        if peer.fault == "drop_inside" and len(peer.rest) > 2000:
            self._drop(peer)
            return False
        end = peer.rest.find(END, max(peer.looked - len(END), 0))
        if end < 0:
            peer.looked = len(peer.rest)
            return False
        self._take(peer, out, end)
        del peer.rest[: end + len(END)]
        peer.inside, peer.looked = False, 0
        return peer.sock.fileno() >= 0 and peer.fault != "stall"

    def _take(self, peer: Peer, out: list[bytes], end: int) -> None:
        if peer.fault == "later":
            out.append(b"451 try again later\r\n")
            return
        if peer.fault == "never":
            out.append(b"554 not here\r\n")
            return
        self.count += 1
        self.last = time.monotonic()
        self.first = self.first or self.last
        if self.keep:
            start = peer.rest.find(b"Message-ID: <") + 13
            name = bytes(peer.rest[start : peer.rest.find(b"@", start)]).decode()
            self.taken.append(name)
            if peer.fault in ("drop_after", "stall"):
                self.doubted.add(name)
        if peer.fault == "drop_after":
            self._drop(peer)
        elif peer.fault == "stall":  # for good: what else it is told it does not hear
            self.selector.unregister(peer.sock)
            self.stalled.append(peer)
        else:
            out.append(b"250 taken\r\n")

    def _command(self, peer: Peer, out: list[bytes]) -> bool:
        if peer.rest.startswith(b"MAIL") and peer.rest.endswith(
            b"DATA\r\n"
        ):  # a group, nearly always: at once
            out.append(b"250 fine\r\n" * (peer.rest.count(b"\r\n") - 1))
            del peer.rest[:-6]
        end = peer.rest.find(b"\r\n")
        if end < 0:
            return False
        verb = bytes(peer.rest[:4]).upper()
        del peer.rest[: end + 2]
        if verb == b"DATA":
            peer.inside = True
            peer.waits = peer.waits and not peer.rest
            peer.fault = self.faults.strike() if self.faults else ""
            out.append(b"354 go on\r\n")
        elif verb == b"EHLO":
            out.append(HELLO)
        elif verb == b"QUIT":
            self._drop(peer)
            return False
        else:
            out.append(b"250 fine\r\n")
        return True

    def _drop(self, peer: Peer) -> None:
        if peer.sock.fileno() >= 0:
            self.selector.unregister(peer.sock)
            peer.sock.close()


def main() -> int:
    sink = Sink()
    print(sink.port, flush=True)
    sink.selector.register(sys.stdin, selectors.EVENT_READ, "stdin")
    while True:
        for key, _ in sink.selector.select():
            if key.data == "stdin":
                print(sink.count, sink.last - sink.first, flush=True)
                sink.count, sink.first = 0, 0.0
                if not sys.stdin.readline():
                    return 0
            elif key.data is None:
                sink.turn(0)
            else:
                sink._hear(key.data)


if __name__ == "__main__":
    raise SystemExit(main())
