"""A mail server greeted: connected, its line secured, signed in. All of it within the server's time limit.

A server may be hostile or broken: what it says is bounded in length, and the limit is on the whole greeting, so
that one which drips a byte a second holds nobody up.
"""

from __future__ import annotations

import base64
import socket
import ssl
import time

from daybreak.common.posterrors import ServerAway
from daybreak.common.relays import MailServer
from daybreak.common.smtpanswers import Answer, Answers, Nonsense
from daybreak.common.smtpline import Line


def greet(server: MailServer, patience: float = 0.001) -> Line:
    """A line to `server`, ready for its first mail. Blocks up to `server.timeout` seconds. Raises ServerAway."""
    greeting = _Greeting(server)
    try:
        return Line(server, *greeting.greeted(), patience)
    except (OSError, ValueError, Nonsense) as error:
        greeting.close()
        told = getattr(error, "strerror", None) or str(error)
        words = " ".join(told.split())[:200].rstrip(".") or type(error).__name__
        raise ServerAway(f"The mail server {server.host}:{server.port} cannot be used: {words}.") from error


class _Greeting:
    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.until = time.monotonic() + server.timeout
        self.sock: socket.socket | None = None
        self.answers = Answers()

    def greeted(self) -> tuple[socket.socket, dict[str, str]]:
        server = self.server
        self.sock = socket.create_connection((server.host, server.port), timeout=self._left())
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.security == "tls":
            self._secure()
        self._expect(2, self._answer())
        extensions = self._hello()
        if server.security == "starttls":
            self._expect(2, self._ask("STARTTLS"))
            if (
                self.answers.started
            ):  # words from before the lock would count as said behind it (CVE-2011-0411)
                raise Nonsense("it spoke before the line was secured")
            self._secure()
            extensions = self._hello()
        if server.username:
            self._sign_in(extensions.get("AUTH", "").upper().split())
        assert self.sock is not None
        return self.sock, extensions

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()

    def _secure(self) -> None:
        assert self.sock is not None
        self.sock.settimeout(self._left())
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.server.host)

    def _hello(self) -> dict[str, str]:
        assert self.sock is not None
        name = socket.gethostname()
        if "." not in name or not name.isascii():
            own = self.sock.getsockname()[0]
            name = f"[IPv6:{own}]" if ":" in own else f"[{own}]"
        answer = self._ask(f"EHLO {name}")
        if answer.code // 100 == 5:
            self._expect(2, self._ask(f"HELO {name}"))
            return {}
        self._expect(2, answer)
        words = (line.partition(" ") for line in answer.lines[1:])
        return {keyword.upper(): parameters for keyword, _, parameters in words}

    def _sign_in(self, ways: list[str]) -> None:
        name, password = self.server.username, self.server.password
        if "PLAIN" in ways or "LOGIN" not in ways:
            self._expect(2, self._ask(f"AUTH PLAIN {_base64(f'{chr(0)}{name}{chr(0)}{password}')}"))
            return
        self._expect(3, self._ask("AUTH LOGIN"))
        self._expect(3, self._ask(_base64(name)))
        self._expect(2, self._ask(_base64(password)))

    def _ask(self, command: str) -> Answer:
        assert self.sock is not None
        self.sock.settimeout(self._left())
        self.sock.sendall(command.encode() + b"\r\n")
        return self._answer()

    def _answer(self) -> Answer:
        assert self.sock is not None
        while True:
            self.sock.settimeout(self._left())
            data = self.sock.recv(4096)
            if not data:
                raise ConnectionAbortedError("it hung up")
            found = list(self.answers.read(data))
            if len(found) > 1:
                raise Nonsense("it answers what it was not asked")
            if found:
                return found[0]

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long to greet")
        return left

    @staticmethod
    def _expect(kind: int, answer: Answer) -> None:
        if answer.code // 100 != kind:
            raise Nonsense(f"it says {answer}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
