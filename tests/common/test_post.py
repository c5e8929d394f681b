"""The post against real servers: one that behaves, and raw sockets that answer, stall and hang up as they are told."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from daybreak.common.post import AddressRefused, InDoubt, Outbox, ServerAway, SmtpPost, TryLater
from daybreak.common.posterrors import BrokenOff
from daybreak.common.relays import MailServer

MAIL = b"From: paper@example.org\r\nSubject: Terms\r\n\r\n" + b"A line of the paper.\r\n" * 40
SENDER, READER = "paper@example.org", "ada@example.org"


class Mailbox:
    """What a well-behaved server took."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return "250 Taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpPost]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=True)
    controller.start()
    post = SmtpPost(_at(controller.port))
    yield box, post
    post.close()
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _at(port: int, timeout: float = 5.0) -> MailServer:
    return MailServer("127.0.0.1", port, "", "", "none", timeout)


# -- a server that does as it is told --------------------------------------------------------------------
Answers = dict[str, str]
DROP, STALL = "drop", "stall"


class Told(socketserver.StreamRequestHandler):
    """Speaks SMTP; `answers` changes what it says to a verb, to the body ("body") or to its end (".")."""

    answers: Answers
    lines: list[str]

    def handle(self) -> None:
        self._say("220 told.example")
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            self.lines.append(line)
            verb = line.split(":")[0].split(" ")[0].upper()
            answer = self.answers.get(
                verb, {"EHLO": "250 8BITMIME", "DATA": "354 go on"}.get(verb, "250 fine")
            )
            if not self._act(answer):
                return
            if answer.startswith("354") and not self._body():
                return

    def _body(self) -> bool:
        if self.answers.get("body") == DROP:
            self.rfile.read1(64)
            return False
        while self.rfile.readline() != b".\r\n":
            pass
        return self._act(self.answers.get(".", "250 taken"))

    def _act(self, answer: str) -> bool:
        if answer == DROP:
            return False
        if answer == STALL:
            time.sleep(1.5)
            return False
        self._say(answer)
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def told(**answers: str) -> Iterator[tuple[SmtpPost, list[str]]]:
    lines: list[str] = []
    answers = {("." if key == "dot" else key): value for key, value in answers.items()}
    handler = type("Handler", (Told,), {"answers": answers, "lines": lines})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        post = SmtpPost(_at(int(server.server_address[1]), timeout=0.6))
        try:
            yield post, lines
        finally:
            post.close()
            server.shutdown()


# -- what a good server gets -----------------------------------------------------------------------------
def test_a_mail_arrives_byte_for_byte(mailbox: tuple[Mailbox, SmtpPost]) -> None:
    box, post = mailbox
    post.hand_over(SENDER, READER, MAIL)
    assert box.taken == [(SENDER, [READER], MAIL)]


def test_dots_at_line_starts_and_bare_line_ends_cannot_end_a_mail_early(
    mailbox: tuple[Mailbox, SmtpPost],
) -> None:
    box, post = mailbox
    post.hand_over(SENDER, READER, b"Subject: x\r\n\r\n.\r\n..\r\nMAIL FROM:<a@b>\n.\nQUIT\r.\rend")
    assert [content for _, _, content in box.taken] == [
        b"Subject: x\r\n\r\n.\r\n..\r\nMAIL FROM:<a@b>\r\n.\r\nQUIT\r\n.\r\nend\r\n"
    ]


def test_one_line_carries_many_mails_and_is_opened_again_after_it_broke(
    mailbox: tuple[Mailbox, SmtpPost],
) -> None:
    box, post = mailbox
    post.hand_over(SENDER, READER, MAIL)
    post.close()
    post.hand_over(SENDER, "ben@example.org", MAIL)
    assert [recipients for _, recipients, _ in box.taken] == [[READER], ["ben@example.org"]]


def test_an_address_beyond_ascii_travels_when_the_server_can(mailbox: tuple[Mailbox, SmtpPost]) -> None:
    box, post = mailbox
    post.hand_over(SENDER, "zoë@example.org", MAIL)
    assert box.taken[0][1] == ["zoë@example.org"]


def test_an_address_beyond_ascii_is_refused_when_the_server_cannot() -> None:
    with told() as (post, lines), pytest.raises(AddressRefused, match="beyond ASCII"):
        post.hand_over(SENDER, "zoë@example.org", MAIL)
    assert not any(line.startswith("RCPT") for line in lines)


@pytest.mark.parametrize(
    "address", ["", "ada", "a@b>\r\nRCPT TO:<c@d", "a b@example.org", "<a@b>", "a@b\x00", "a@\ud800"]
)
def test_what_is_no_address_never_reaches_the_line(address: str, tmp_path: Path) -> None:
    with told() as (post, lines):
        for way in (post, Outbox(tmp_path)):
            with pytest.raises(AddressRefused):
                way.hand_over(SENDER, address, MAIL)
    assert lines == []
    assert list(tmp_path.iterdir()) == []


# -- how a hand-over fails -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"RCPT": "550 no such reader"}, AddressRefused),
        ({"dot": "554 we do not like it"}, AddressRefused),
        ({"DATA": "550 not now, not ever"}, AddressRefused),
        ({"MAIL": "451 busy"}, TryLater),
        ({"RCPT": "450 greylisted"}, TryLater),
        ({"RCPT": "421 closing"}, TryLater),
        ({"MAIL": "421 closing"}, BrokenOff),
        ({"dot": "452 disk full"}, TryLater),
        ({"MAIL": DROP}, BrokenOff),
        ({"RCPT": DROP}, BrokenOff),
        ({"DATA": DROP}, BrokenOff),
        ({"DATA": STALL}, BrokenOff),
        ({"RCPT": "gibberish"}, BrokenOff),
        ({"body": DROP}, BrokenOff),
        ({"dot": DROP}, InDoubt),
        ({"dot": STALL}, InDoubt),
        ({"dot": "gibberish"}, InDoubt),
        ({"dot": "354 what"}, InDoubt),
        ({"EHLO": DROP}, ServerAway),
        ({"EHLO": STALL}, ServerAway),
        ({"MAIL": "550 we do not know you"}, ServerAway),
        ({"RCPT": "530 authenticate first"}, ServerAway),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "-".join(map(str, *value.items())),
)
def test_each_way_to_fail_has_one_name(answers: Answers, outcome: type[Exception]) -> None:
    with told(**answers) as (post, _), pytest.raises(outcome) as caught:
        post.hand_over(SENDER, READER, MAIL)
    assert type(caught.value) is outcome
    assert len(str(caught.value)) < 300


def test_a_drop_inside_the_body_is_hardly_ever_doubt() -> None:
    outcomes = []
    with told(body=DROP) as (post, _):
        for _ in range(40):
            with pytest.raises((TryLater, InDoubt)) as caught:
                post.hand_over(SENDER, READER, MAIL)
            outcomes.append(caught.type)
    assert outcomes.count(BrokenOff) >= 30, "the wait before the final dot no longer tells a drop from doubt"


def test_nothing_at_the_port_is_a_server_away() -> None:
    with pytest.raises(ServerAway, match="cannot be used"):
        SmtpPost(_at(_free_port())).hand_over(SENDER, READER, MAIL)


@pytest.mark.parametrize("answers", [{"RCPT": "550 no"}, {"RCPT": "450 later"}, {"dot": "554 no"}], ids=str)
def test_the_line_is_good_for_the_next_mail_after_a_refusal(answers: Answers) -> None:
    with told(**answers) as (post, lines):
        for _ in range(2):
            with pytest.raises((AddressRefused, TryLater)):
                post.hand_over(SENDER, READER, MAIL)
    verbs = [line.split()[0].lower() for line in lines]
    assert (verbs.count("ehlo"), verbs.count("rset"), verbs.count("mail")) == (1, 2, 2)


# -- the outbox ------------------------------------------------------------------------------------------
def test_the_outbox_keeps_the_mail_with_its_envelope(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox").hand_over(SENDER, READER, MAIL)
    (file,) = (tmp_path / "outbox").iterdir()
    assert message_from_bytes(file.read_bytes())["X-Envelope-To"] == READER
    assert file.read_bytes().endswith(MAIL)


def test_outbox_names_sort_by_time(tmp_path: Path) -> None:
    names = []
    for number in range(4):
        Outbox(tmp_path).hand_over(SENDER, f"reader{number}@example.org", MAIL)
        names += [path.name for path in tmp_path.iterdir() if path.name not in names]
        time.sleep(0.003)
    assert names == sorted(names)


def test_an_outbox_that_cannot_be_written_is_a_server_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServerAway):
        Outbox(tmp_path / "file").hand_over(SENDER, READER, MAIL)
