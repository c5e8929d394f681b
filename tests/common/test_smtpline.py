"""One line to servers that behave, lie, never end and hang up; what was sent is told from what was not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from daybreak.common.config import MailServer
from daybreak.common.greeting import greet
from daybreak.common.posterrors import (
    AddressRefused,
    BrokenOff,
    InDoubt,
    NotBegun,
    PostError,
    ServerAway,
    TryLater,
)
from daybreak.common.smtpline import Line, Stage

MAIL = b"Subject: Terms\r\n\r\n" + b"A line of the paper.\r\n" * 3000
Play = Callable[[socket.socket], None]
HELLO = b"250-there\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME\r\n"


@contextmanager
def server(play: Play, timeout: float = 1.0) -> Iterator[MailServer]:
    """A server that plays `play` on its first connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock, suppress(OSError):
                play(sock)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield MailServer("127.0.0.1", listener.getsockname()[1], "", "", "none", timeout)
        thread.join(timeout=5)


def greeted(sock: socket.socket, hello: bytes = HELLO) -> None:
    sock.sendall(b"220 there\r\n")
    sock.recv(1000)
    sock.sendall(hello)


def read_until(sock: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = sock.recv(65536)
        if not more:
            break
        data += more
    return data


def read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += sock.recv(65536)
    return data


def hand_over(line: Line, *message: bytes, settled: bool = False) -> PostError | None:
    line.offer("paper@example.org", "ada@example.org", *(message or (MAIL,)), settled=settled)
    while line.stage not in (Stage.IDLE, Stage.DEAD):
        if line.stage is Stage.LEAVE:
            time.sleep(0.05)
            line.step()
            if line.stage is Stage.LEAVE:
                line.finish()
        line.step()
        line.expire(time.monotonic())
        time.sleep(0.001)
    return line.ended.popleft()


def test_the_envelope_goes_out_as_one_group_and_the_dot_by_itself() -> None:
    heard: list[bytes] = []

    def play(sock: socket.socket) -> None:
        greeted(sock)
        heard.append(sock.recv(1000))
        sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n")
        heard.append(read(sock, len(MAIL)))
        heard.append(sock.recv(1000))
        sock.sendall(b"250 taken\r\n")

    with server(play) as where:
        assert hand_over(greet(where)) is None
    assert heard == [
        b"MAIL FROM:<paper@example.org> BODY=8BITMIME SIZE=66018\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n",
        MAIL,
        b".\r\n",
    ]


def two_mails(answers: bytes, rest: Play = lambda sock: None) -> tuple[list[PostError | None], Stage, bytes]:
    """How two mails end of which the second follows the first, the line after it, and what came with the first dot.

    `answers` are what the server says to that dot and the envelope behind it; `rest` is what it does then.
    """
    heard: list[bytes] = []

    def play(sock: socket.socket) -> None:
        greeted(sock)
        sock.recv(1000)
        sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n")
        read(sock, len(MAIL))
        heard.append(read_until(sock, b"DATA\r\n"))
        sock.sendall(answers)
        rest(sock)

    with server(play) as where:
        line = greet(where)
        line.offer("paper@example.org", "ada@example.org", MAIL)
        while line.stage not in (Stage.IDLE, Stage.DEAD):
            if line.stage is Stage.LEAVE:
                time.sleep(0.05)
                line.step()
            if line.stage is Stage.LEAVE:
                if not heard:
                    line.follow("paper@example.org", "ben@example.org", MAIL)
                line.finish()
            line.step()
            line.expire(time.monotonic())
            time.sleep(0.001)
        line.close()
        return list(line.ended), line.stage, heard[0]


def taken(sock: socket.socket) -> None:
    read_until(sock, b"\r\n.\r\n")
    sock.sendall(b"250 taken\r\n")


def kinds(ended: list[PostError | None]) -> list[type | None]:
    return [None if error is None else type(error) for error in ended]


GO = b"250 a\r\n250 b\r\n354 go\r\n"


def test_the_next_envelope_goes_out_with_the_dot_and_no_round_trip_lies_between_two_mails() -> None:
    ended, _, heard = two_mails(b"250 taken\r\n" + GO, taken)
    assert ended == [None, None]
    assert heard == (
        b".\r\nMAIL FROM:<paper@example.org> BODY=8BITMIME SIZE=66018\r\nRCPT TO:<ben@example.org>\r\nDATA\r\n"
    )


@pytest.mark.parametrize(
    ("answers", "rest", "outcomes"),
    [
        (b"452 later\r\n" + GO, taken, [TryLater, None]),
        (b"554 not this one\r\n" + GO, taken, [AddressRefused, None]),
        (b"421 closing\r\n", None, [TryLater, NotBegun]),
        (b"", None, [InDoubt, NotBegun]),
        (b"nonsense\r\n", None, [InDoubt, NotBegun]),
        (b"250 taken\r\n421 closing\r\n", None, [None, NotBegun]),
        (b"250 taken\r\n", None, [None, NotBegun]),
        (b"250 taken\r\n250 a\r\n421 closing\r\n", None, [None, TryLater]),
        (b"250 taken\r\n250 a\r\n", None, [None, BrokenOff]),
        (b"250 taken\r\n" + GO, lambda sock: sock.recv(100), [None, BrokenOff]),
        (b"250 taken\r\n250 twice\r\n" + GO, lambda sock: sock.recv(100), [None, BrokenOff]),
    ],
)
def test_of_two_mails_on_a_line_only_the_one_whose_dot_is_out_can_be_in_doubt(
    answers: bytes, rest: Play | None, outcomes: list[type | None]
) -> None:
    ended, _, _ = two_mails(answers, rest or (lambda sock: None))
    assert kinds(ended) == outcomes


def test_a_reader_refused_behind_a_mail_that_was_taken_leaves_the_line_as_it_was() -> None:
    def rest(sock: socket.socket) -> None:
        assert sock.recv(100) == b"RSET\r\n"
        sock.sendall(b"250 fine\r\n")
        sock.recv(100)

    ended, _, _ = two_mails(b"250 taken\r\n250 a\r\n550 nobody\r\n503 no recipient\r\n", rest)
    assert kinds(ended) == [None, AddressRefused]


@pytest.mark.parametrize("settled", [True, False])
def test_a_mail_in_many_pieces_arrives_whole_at_a_server_that_reads_slowly(settled: bool) -> None:
    lines = [f"Line {number} of a long mail.\r\n".encode() * 40 for number in range(700)]
    heard: list[bytes] = []

    def play(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        greeted(sock, b"250-there\r\n250 PIPELINING\r\n")
        sock.recv(1000)
        sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n")
        time.sleep(0.1)
        heard.append(read_until(sock, b"\r\n.\r\n"))
        sock.sendall(b"250 taken\r\n")

    with server(play, timeout=20.0) as where:
        assert hand_over(greet(where), *lines, settled=settled) is None
    assert heard == [b"".join(lines) + b".\r\n"]


def test_a_server_that_takes_one_command_at_a_time_gets_one() -> None:
    heard: list[bytes] = []

    def play(sock: socket.socket) -> None:
        greeted(sock, b"250 there\r\n")
        for answer in (b"250 a\r\n", b"250 b\r\n", b"354 go\r\n"):
            heard.append(sock.recv(1000).split(b" ")[0].strip())
            sock.sendall(answer)
        read_until(sock, b"\r\n.\r\n")
        sock.sendall(b"250 taken\r\n")

    with server(play) as where:
        assert hand_over(greet(where)) is None
    assert heard == [b"MAIL", b"RCPT", b"DATA"]


def test_a_refused_reader_whose_data_is_welcome_gets_an_empty_text_and_the_line_lives_on() -> None:
    def play(sock: socket.socket) -> None:
        greeted(sock)
        sock.recv(1000)
        sock.sendall(b"250 a\r\n550 nobody\r\n354 go\r\n")
        assert sock.recv(1000) == b".\r\n"
        sock.sendall(b"554 no one to send to\r\n")
        assert sock.recv(1000) == b"RSET\r\n"
        sock.sendall(b"250 fine\r\n")
        sock.recv(100)

    with server(play) as where:
        line = greet(where)
        assert isinstance(hand_over(line), AddressRefused)
        assert line.stage is Stage.IDLE
        line.close()


def drop_inside(sock: socket.socket) -> None:
    sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n")
    sock.recv(100)


def drop_after(sock: socket.socket) -> None:
    sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n")
    read_until(sock, b"\r\n.\r\n")


def fine_to_all(sock: socket.socket) -> None:
    sock.sendall(b"250 a\r\n250 b\r\n250 c\r\n")
    sock.recv(100)


def endless(sock: socket.socket) -> None:
    for _ in range(5000):
        sock.sendall(b"250-more\r\n")


def huge(sock: socket.socket) -> None:
    sock.sendall(b"250 " + b"x" * 1_000_000)


def dawdle(sock: socket.socket) -> None:
    sock.sendall(b"2")
    time.sleep(0.8)


def too_many(sock: socket.socket) -> None:
    sock.sendall(b"250 a\r\n250 b\r\n354 go\r\n250 taken before it came\r\n")
    sock.recv(100)


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (drop_inside, BrokenOff),
        (drop_after, InDoubt),
        (fine_to_all, BrokenOff),
        (endless, BrokenOff),
        (huge, BrokenOff),
        (too_many, BrokenOff),
        (lambda sock: sock.sendall(b"250 a\r\n250 b\r\n\xff\xfe\r\n"), BrokenOff),
        (lambda sock: time.sleep(1.5), BrokenOff),
    ],
)
def test_whatever_a_server_does_only_the_dot_makes_doubt(act: Play, outcome: type[PostError]) -> None:
    def play(sock: socket.socket) -> None:
        greeted(sock)
        sock.recv(1000)
        act(sock)

    with server(play) as where:
        line = greet(where, patience=0.05)  # a busy machine needs it to hang up
        assert type(hand_over(line)) is outcome
        assert line.stage is Stage.DEAD


@pytest.mark.parametrize(
    "play",
    [
        endless,
        huge,
        lambda sock: sock.sendall(b"554 go away\r\n"),
        dawdle,
        lambda sock: greeted(sock, b"250-more\r\n" * 5000),
    ],
)
def test_a_greeting_without_end_or_sense_is_a_server_away(play: Play) -> None:
    started = time.monotonic()
    with server(play, timeout=0.5) as where, pytest.raises(ServerAway):
        greet(where)
    assert time.monotonic() - started < 30  # bounded by its limit, however slow the machine


def test_a_mail_larger_than_the_server_takes_is_refused_before_it_leaves() -> None:
    def play(sock: socket.socket) -> None:
        greeted(sock)
        sock.recv(100)

    with server(play) as where:
        line = greet(where)
        with pytest.raises(ServerAway, match="1,000,000 bytes"):
            line.offer("paper@example.org", "ada@example.org", b"x" * 1_000_001)
        assert line.stage is Stage.IDLE
        line.close()
