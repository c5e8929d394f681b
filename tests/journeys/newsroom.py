"""A real newsroom for a journey: its own data folder, the command `daybreak` as a person types it, real servers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Newsroom:
    """A newsroom in `folder`; `settings` are added to its environment."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DAYBREAK_", "DATABASE_"))
        }
        return {**inherited, "DAYBREAK_DATA": str(self.folder / "var"), **self.settings}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "daybreak", *words]

    def run(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Type a verb and insist on its exit status."""
        done = subprocess.run(
            self.command(*words),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, (
            f"daybreak {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)

    def refused(self, *words: str, status: int = 1) -> str:
        """Type a verb that must be refused; the one line it says."""
        said = self.run(*words, status=status).stderr.strip()
        assert said.splitlines()[-1].startswith("daybreak: ")
        return said.splitlines()[-1]

    @contextmanager
    def running(self, *words: str, port: int) -> Iterator[Path]:
        """Run a verb that serves (`serve`, `demo`) until the block ends; gives the file its output goes to."""
        output = self.folder / "served.txt"
        with output.open("w") as out:
            process = subprocess.Popen(
                self.command(*words, "--port", str(port)),
                env=self.environment,
                cwd=self.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until_healthy(port, process, output)
            yield output
        finally:
            process.terminate()
            process.wait(30)


def wait_until_healthy(
    port: int, process: subprocess.Popen[bytes], output: Path, seconds: float = 120
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answered at port {port}:\n{output.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Mailbox:
    """A real SMTP server that keeps what it was given."""

    port: int
    received: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.received += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        return "250 OK"

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(data, policy=policy.default) for _, data in self.received]

    def to(self) -> list[str]:
        return [recipient for recipient, _ in self.received]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def first_link(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, f"no {pattern} in:\n{text}"
    return found.group()


def lines(items: Sequence[dict[str, str]]) -> str:
    """JSON Lines, as any program may write them for `wire import`."""
    return "".join(json.dumps(item) + "\n" for item in items)
