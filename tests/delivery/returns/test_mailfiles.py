"""A mailbox over IMAP: mails are taken in once, marked only after they are recorded, and a silent server is left."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from daybreak.circulation.models import Reader
from daybreak.common.refusal import Refused
from daybreak.common.returnedmail import BounceMailbox
from daybreak.delivery.models import Outcome
from daybreak.delivery.returns import mailfiles
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.mailfiles import take_in_mailbox
from tests.delivery.ledger import BERLIN_SIX
from tests.delivery.returned import bounce_of, handed_over, mail

LATER = BERLIN_SIX + dt.timedelta(hours=1)


class Mailbox(socketserver.ThreadingTCPServer):
    """An IMAP server (RFC 3501) with one folder; knows the commands that are needed and refuses the rest."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        super().__init__(("127.0.0.1", 0), _Talk)

    def box(self, password: str = "secret") -> BounceMailbox:
        return BounceMailbox("imap", "INBOX", "127.0.0.1", self.server_address[1], "paper", password)


class _Talk(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            word = " ".join(command.split()[: 2 if command.upper().startswith("UID") else 1]).upper()
            answer = {
                "CAPABILITY": self.capability,
                "LOGIN": self.login,
                "SELECT": self.select,
                "UID SEARCH": self.search,
                "UID FETCH": self.fetch,
                "UID STORE": self.store,
                "LOGOUT": self.logout,
            }.get(word, self.unknown)
            for each in answer(command):
                self.wfile.write(each)
            self.wfile.write(f"{tag} {self.verdict} done\r\n".encode())

    def unknown(self, command: str) -> Iterator[bytes]:
        self.verdict = "BAD"
        return iter(())

    def capability(self, command: str) -> Iterator[bytes]:
        self.verdict = "OK"
        yield b"* CAPABILITY IMAP4rev1\r\n"

    def login(self, command: str) -> Iterator[bytes]:
        self.verdict = "OK" if command.split()[1:] == ["paper", '"secret"'] else "NO"
        return iter(())

    def select(self, command: str) -> Iterator[bytes]:
        self.verdict = "OK" if command.split()[1] == '"INBOX"' else "NO"
        yield f"* {len(self.server.mails)} EXISTS\r\n".encode()

    def search(self, command: str) -> Iterator[bytes]:
        unseen = sorted(set(self.server.mails) - self.server.seen)
        self.verdict = "OK"
        yield f"* SEARCH {' '.join(map(str, unseen))}\r\n".encode()

    def fetch(self, command: str) -> Iterator[bytes]:
        match = re.search(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command)
        assert match is not None, command
        data = self.server.mails[int(match[1])][: int(match[2])]
        self.verdict = "OK"
        yield f"* 1 FETCH (UID {match[1]} BODY[]<0> {{{len(data)}}}\r\n".encode() + data + b")\r\n"

    def store(self, command: str) -> Iterator[bytes]:
        self.server.seen.add(int(command.split()[2]))
        self.verdict = "OK"
        return iter(())

    def logout(self, command: str) -> Iterator[bytes]:
        self.verdict = "OK"
        yield b"* BYE\r\n"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.django_db
def test_what_is_unseen_is_taken_in_and_marked(mailbox: Mailbox, ben: Reader) -> None:
    mailbox.mails = {3: bounce_of(handed_over(ben)), 7: mail("Re: Terms", "Good.")}
    assert take_in_mailbox(mailbox.box(), LATER) == {"bounce": 1, "reply": 1}
    assert mailbox.seen == {3, 7}
    assert take_in_mailbox(mailbox.box(), LATER) == {}


@pytest.mark.django_db
def test_a_mail_is_marked_only_once_it_is_recorded(
    mailbox: Mailbox, ben: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.mails = {3: bounce_of(handed_over(ben))}

    def cut_off(*_: Any) -> str:
        raise OperationalError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(mailfiles, "take_in", cut_off)
        with pytest.raises(OperationalError):
            take_in_mailbox(mailbox.box(), LATER)
    assert mailbox.seen == set()
    assert take_in_mailbox(mailbox.box(), LATER) == {"bounce": 1}
    assert Outcome.objects.count() == 1


@pytest.mark.django_db
def test_a_mail_that_nobody_foresaw_stays_and_keeps_no_other_one_waiting(
    mailbox: Mailbox, ben: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange, good = b"strange", bounce_of(handed_over(ben))
    read = take_in

    def stumbles(data: bytes, at: dt.datetime) -> str:
        if data == strange:
            raise AssertionError("nobody thought of that")
        return read(data, at)

    monkeypatch.setattr(mailfiles, "take_in", stumbles)
    mailbox.mails = {3: strange, 7: good}
    assert take_in_mailbox(mailbox.box(), LATER) == {"bounce": 1}
    assert mailbox.seen == {7}
    (tmp_path / "new").mkdir()
    for name, data in (("1.strange", strange), ("2.good", good)):
        (tmp_path / "new" / name).write_bytes(data)
    assert take_in_mailbox(BounceMailbox("maildir", str(tmp_path)), LATER) == {"bounce": 1}
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["1.strange"]


def test_a_wrong_password_is_told_without_it(mailbox: Mailbox) -> None:
    with pytest.raises(Refused) as told:
        take_in_mailbox(mailbox.box("open sesame"), LATER)
    assert "cannot be read" in str(told.value)
    assert "sesame" not in str(told.value)


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailfiles, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        box = BounceMailbox("imap", "INBOX", "127.0.0.1", silent.getsockname()[1], "paper", "secret")
        with pytest.raises(Refused, match="cannot be read"):
            take_in_mailbox(box, LATER)


def test_a_server_that_drips_is_cut_off(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def drip(talk: _Talk, command: str) -> Iterator[bytes]:
        talk.verdict = "OK"
        while not stop.wait(0.05):
            yield b"* "

    monkeypatch.setattr(_Talk, "search", drip)
    monkeypatch.setattr(mailfiles, "A_LOOK_LASTS", 0.3)
    with pytest.raises(Refused, match="cannot be read"):
        take_in_mailbox(mailbox.box(), LATER)
    stop.set()
