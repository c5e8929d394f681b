"""A provider on this machine: takes mails over HTTP, remembers them, and stumbles where it is told to."""

from __future__ import annotations

import base64
import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import parse_qsl

OK = "ok"


class FakeProvider(ThreadingHTTPServer):
    """`taken` are the mails it accepted, as fields. `moods` are used up one a request, then all is well.

    A mood is an HTTP status (nothing is taken), "500 after", "hang up after", "garbled after" (the mail is taken,
    then the answer is lost), or "429 N" (wait N seconds). `slowness` is the most seconds that it takes before it
    has a mail, and again before it says so; `no` is what it says when it refuses, text, or fields as they are, or bytes.

    A GET of a path in `answers` has that status, JSON (or bytes as they are) and headers; `asked` are all GETs. With
    `key` each GET needs it, 401 else.
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.headers_seen: list[dict[str, str]] = []
        self.moods: list[str] = []
        self.connections = 0
        self.slowness = 0.0
        self.no: str | bytes | dict[str, Any] = "no"
        self.no_headers: dict[str, str] = {}
        self.answers: dict[str, tuple[int, Any, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.key = ""
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence: whoever asked may have been killed."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeProvider

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # whoever asked was killed while asking
            self.close_connection = True
            return
        mood = self.server.moods.pop(0) if self.server.moods else OK
        if mood.split()[0].isdigit() and not mood.endswith("after"):
            status, _, wait = mood.partition(" ")
            self._refuse(int(status), wait)
            return
        time.sleep(random.uniform(0, self.server.slowness))
        self.server.taken.append(self._fields(body))
        time.sleep(random.uniform(0, self.server.slowness))
        self.server.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
        if mood == "500 after":
            self._answer(500, {"message": "stumbled"})
        elif mood == "hang up after":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif mood == "garbled after":
            self._send(200, b"<html>")
        else:
            self._answer(200, self._accepted())

    def _refuse(self, status: int, wait: str) -> None:
        no = self.server.no
        if isinstance(no, str):
            no = {"message": no, "Message": "no", "ErrorCode": 1}
        self._send(
            status, no if isinstance(no, bytes) else json.dumps(no).encode(), wait, self.server.no_headers
        )

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        basic = f"Basic {base64.b64encode(f'api:{self.server.key}'.encode()).decode()}"
        known = (self.server.key, f"Bearer {self.server.key}", basic)
        if self.server.key and not any(value in known for value in self.headers.values()):
            self._send(401, b'{"message": "Forbidden", "ErrorCode": 10}')
            return
        status, value, headers = self.server.answers.get(self.path, (404, {"message": "not found"}, {}))
        self._send(status, value if isinstance(value, bytes) else json.dumps(value).encode(), headers=headers)

    def _fields(self, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            found: Any = json.loads(body)
            first: dict[str, Any] = found[0] if isinstance(found, list) else found
            return first
        if kind.startswith("multipart/"):
            message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            parts = [part for part in message.walk() if not part.is_multipart()]
            names = [str(part.get_param("name", header="content-disposition")) for part in parts]
            return {
                name: cast(bytes, part.get_payload(decode=True)).decode()
                for name, part in zip(names, parts, strict=True)
            }
        return dict(parse_qsl(body.decode()))

    def _accepted(self) -> Any:
        return {
            "id": "<1@provider.example>",
            "message": "Queued",
            "ErrorCode": 0,
            "Message": "OK",
            "MessageID": "1",
            "MessageId": "0102018a-000000",
            "messageId": "<1@provider.example>",
            "To": "ada@example.org",
            "success": True,
            "message_ids": ["1"],
        }

    def _answer(self, status: int, value: Any, retry_after: str = "") -> None:
        self._send(status, json.dumps(value).encode(), retry_after)

    def _send(
        self,
        status: int,
        body: bytes,
        retry_after: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """A provider that runs until the block ends."""
    server = FakeProvider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
