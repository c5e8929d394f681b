"""A mail server of a test's own, in words: what it says to each reader and to the end of each mail."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from django.conf import settings as django_settings

from daybreak.common.config import Config
from daybreak.common.relays import MailServer
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import deliver_due, open_way
from tests.common.test_dkim import curve, verdicts  # noqa: F401
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed

Answer = Callable[["Relay", str], str]


class Relay:
    """A mail server that asks `answer` what to say to each "RCPT address" and to the end of each mail (".")."""

    def __init__(self, answer: Answer = lambda relay, what: "250 fine") -> None:
        self.answer = answer
        self.taken: list[str] = []
        self.senders: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    def serve(self, sock: socket.socket) -> None:
        self.connections += 1
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = sock.makefile("rb")
        sock.sendall(b"220 relay\r\n")
        recipient = ""
        for line in lines:
            words = line.decode().strip()
            verb = words[:4].upper()
            if verb == "RCPT":
                recipient = words[9:-1]
            answer = self._to_data(lines, sock, recipient) if verb == "DATA" else self._to(verb, words)
            if answer == "drop":
                return
            sock.sendall(answer.encode() + b"\r\n")

    def _to(self, verb: str, words: str) -> str:
        if verb == "EHLO":
            return "250-relay\r\n250 PIPELINING"
        if verb == "MAIL":
            self.senders.append(words[11:-1])
        return self.answer(self, f"RCPT {words[9:-1]}") if verb == "RCPT" else "250 fine"

    def _to_data(self, lines: BinaryIO, sock: socket.socket, recipient: str) -> str:
        sock.sendall(b"354 go on\r\n")
        body = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return "drop"  # the other side hung up inside the mail
            body += line
        if not body:
            return "554 nobody"
        answer = self.answer(self, ".")
        if answer.startswith("2"):
            self.taken.append(recipient)
            self.bodies.append(body.replace(b"\r\n..", b"\r\n."))
        return answer


@contextmanager
def at_work(*relays: Relay, connections: int = 3, **options: Any) -> Iterator[Config]:
    """A configuration whose relays these are, each on a port of its own."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in relays]

    def accept(relay: Relay, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(relay, sock), daemon=True).start()

    def talk(relay: Relay, sock: socket.socket) -> None:
        with sock:
            try:
                relay.serve(sock)
            except OSError:
                return  # the other side hung up

    for relay, listener in zip(relays, listeners, strict=True):
        threading.Thread(target=accept, args=(relay, listener), daemon=True).start()
    servers = tuple(
        MailServer(
            "127.0.0.1", listener.getsockname()[1], "", "", "none", timeout=5.0, connections=connections
        )
        for listener in listeners
    )
    options.setdefault("relays", servers)
    yield replace(django_settings.CONFIG, **options)
    for listener in listeners:
        listener.close()


def deliver(config: Config, at: dt.datetime = BERLIN_SIX, **more: Any) -> Sent:
    return deliver_due(lambda: open_way(config), at, config, **more)


def planned(number: int) -> None:
    many_readers(number)
    plan(printed(), NIGHT)
