"""One SMTP connection (RFC 5321) that waits for nothing: commands in groups (RFC 2920), one mail after the other.

A mail goes through four stages: its envelope, its body, a wait for leave, and the final dot with its answer. Before
the dot a broken line has certainly delivered nothing; after it only the answer tells. So the dot leaves only when
`finish` is called, and at most one mail per line can ever be in doubt. With the dot may go the envelope of the mail
that is to `follow`, so that a line far away loses no round trip between two mails.

The driver calls `step` when the socket is readable, or writable while `wants_write`, and `expire` now and then.
"""

from __future__ import annotations

import contextlib
import enum
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Sequence

from daybreak.common.envelopes import Mail, mail_for
from daybreak.common.posterrors import BrokenOff, InDoubt, NotBegun, PostError
from daybreak.common.relays import MailServer
from daybreak.common.smtpanswers import Answer, Answers, Nonsense, meaning

READ_AT_ONCE = 16_384
# Times the usual patience: who gives up here casts in doubt what the server is only looking through (RFC 5321, 4.5.3.2.6
# allows it ten minutes).
LONGER_AFTER_THE_DOT = 6
MEASURED_EVERY = 0.25  # seconds
MOST_PIECES = 512  # in one call; POSIX's IOV_MAX is 1,024 where it matters
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stage(enum.Enum):
    """Where a line is with its mail."""

    IDLE = "idle"
    ENVELOPE = "envelope"
    BODY = "body"
    LEAVE = "leave"  # the body is out, the dot waits for leave
    ANSWER = "answer"  # the dot is out
    RESET = "reset"
    DEAD = "dead"


class Line:
    """A greeted connection. `ended` gets how each mail that was offered ended, in their order: None when it was taken,
    else a PostError; the driver takes them out.

    `extensions` are the server's EHLO keywords in capitals with their parameters. `patience`, in seconds, is the
    least time between the body and the dot in which the server may still break off.
    """

    def __init__(
        self, server: MailServer, sock: socket.socket, extensions: dict[str, str], patience: float = 0.001
    ) -> None:
        self.server, self.sock, self.extensions = server, sock, extensions
        self.stage = Stage.IDLE
        self.ended: deque[PostError | None] = deque()
        self.ready_at = 0.0  # monotonic seconds at which leave may be given
        self.taken = 0  # mails
        self._patience = patience
        self._answers = Answers()
        self._out: list[bytes | memoryview] = []
        self._waiting: list[str] = []  # verbs whose answers are still to come
        self._unsent: list[
            tuple[str, bytes]
        ] = []  # commands held back from a server that takes one at a time
        self._body: Sequence[bytes] = ()
        self._next: Mail | None = None  # follows the mail whose dot is to leave, or has left
        self._refusal: PostError | None = None  # how the mail ended that the line is being reset from
        self._deadline = 0.0
        self._distance = 0.0  # seconds there and back, as of `_measured_at` (monotonic)
        self._measured_at = -MEASURED_EVERY
        sock.setblocking(False)

    @property
    def pipelines(self) -> bool:
        """Whether the server takes commands in groups."""
        return "PIPELINING" in self.extensions

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for room in the system's buffers."""
        return bool(self._out)

    def offer(self, sender: str, recipient: str, *message: bytes, settled: bool = False) -> None:
        """Begin to hand over `message`, in any number of pieces; `settled` promises that its lines end in CRLF, the
        last one too, and that none begins with a dot.

        Raises AddressRefused or ServerAway, the line still idle, when this server never can: for what it cannot write
        to this reader, or because it takes no mail of this size, from nobody.
        """
        assert self.stage is Stage.IDLE
        mail = mail_for(self.extensions, sender, recipient, message, settled)
        self.stage = Stage.ENVELOPE
        self._body, self._unsent = mail.body, mail.envelope
        self._deadline = time.monotonic() + self.server.timeout
        self._send_commands()
        self._write()

    def follow(self, sender: str, recipient: str, *message: bytes, settled: bool = False) -> None:
        """`offer` the mail after the one that waits for leave: its envelope will go out with that one's dot.

        RFC 2920, 3.1 allows it to a server that takes commands in groups; `pipelines` says whether this one does.
        Raises AddressRefused and ServerAway as `offer` does, the line still as it was.
        """
        assert self.stage is Stage.LEAVE and self._next is None and self.pipelines
        self._next = mail_for(self.extensions, sender, recipient, message, settled)

    def finish(self) -> None:
        """Give leave: the final dot goes out, and from now on silence means doubt."""
        assert self.stage is Stage.LEAVE
        self.stage = Stage.ANSWER
        self._waiting = ["."]
        self._deadline = time.monotonic() + self.server.timeout * LONGER_AFTER_THE_DOT
        dot = b".\r\n"
        if self._next is not None:
            self._waiting += [verb for verb, _ in self._next.envelope]
            dot += b"".join([command for _, command in self._next.envelope])
        self._out.append(dot)
        self._write()

    def step(self) -> None:
        """Write what can be written and take in what has come. Never raises: a broken line is DEAD."""
        if self.stage is not Stage.DEAD:
            self._write()
        if self.stage is not Stage.DEAD:
            self._read()

    def expire(self, now: float) -> None:
        """Break the line when its server let `timeout` seconds pass. `now` is monotonic."""
        if self.stage not in (Stage.IDLE, Stage.LEAVE, Stage.DEAD) and now >= self._deadline:
            self._break("it did not answer in time")

    def drop(self, why: str) -> None:
        """Give the line up without the dot, and with it the mail that is on it."""
        self._break(why)

    def close(self) -> None:
        """Say goodbye when nothing is under way, and close."""
        if self.stage is Stage.IDLE:
            with contextlib.suppress(OSError, ValueError):
                self.sock.send(b"QUIT\r\n")
        self.stage = Stage.DEAD
        self.sock.close()

    # -- what goes out -----------------------------------------------------------------------------------
    def _send_commands(self) -> None:
        """The whole group at once to a server that can, else the next command alone."""
        if self._waiting or not self._unsent:
            return
        group = self._unsent if self.pipelines else self._unsent[:1]
        self._unsent = self._unsent[len(group) :]
        self._waiting += [verb for verb, _ in group]
        self._out.append(b"".join(command for _, command in group))

    def _write(self) -> None:
        try:
            while self._out:
                self._advance(self._send())
        except WOULD_BLOCK:
            return
        except (OSError, ValueError) as error:
            self._break(_words(error))
            return
        if self.stage is Stage.BODY:
            self.stage = Stage.LEAVE
            self._body = ()
            self.ready_at = time.monotonic() + self._settling()

    def _settling(self) -> float:
        """Seconds between the body and the dot: what the server has to say meanwhile is here by then."""
        now = time.monotonic()
        if now >= self._measured_at + MEASURED_EVERY:
            self._distance, self._measured_at = _round_trip(self.sock), now
        return min(max(self._patience, self._distance), 0.05)

    def _send(self) -> int:
        """As many octets as the system takes; how many. TLS would make a record of each piece."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return self.sock.sendmsg(self._out[:MOST_PIECES])
        if len(self._out) > 1:
            self._out = [b"".join(self._out)]
        return self.sock.send(self._out[0])

    def _advance(self, sent: int) -> None:
        """Forget the first `sent` octets of what is to go out."""
        gone = 0
        for piece in self._out:
            if sent < len(piece):
                break
            sent -= len(piece)
            gone += 1
        del self._out[:gone]
        if sent:
            self._out[0] = memoryview(self._out[0])[sent:]

    # -- what comes in -----------------------------------------------------------------------------------
    def _read(self) -> None:
        try:
            while self.stage is not Stage.DEAD:
                data = self.sock.recv(READ_AT_ONCE)
                if not data:
                    raise ConnectionAbortedError("it hung up")
                if self.stage in (Stage.IDLE, Stage.BODY, Stage.LEAVE):
                    raise ConnectionAbortedError("it spoke without being asked")
                for answer in self._answers.read(data):
                    self._take(answer)
                if len(data) < READ_AT_ONCE and not isinstance(self.sock, ssl.SSLSocket):
                    return  # there is no more; TLS may hold back what no selector sees
        except WOULD_BLOCK:
            return
        except (OSError, ValueError, Nonsense) as error:
            self._break(_words(error))

    def _take(self, answer: Answer) -> None:
        if self.stage is Stage.DEAD:
            return
        if not self._waiting:
            raise Nonsense("it answers what it was not asked")
        verb = self._waiting.pop(0)
        self._deadline = time.monotonic() + self.server.timeout
        if self.stage is Stage.ANSWER:
            self._end(answer)
        elif self.stage is Stage.RESET:
            self._after_refusal(verb, answer)
        elif answer.code // 100 == (3 if verb == "DATA" else 2):
            self._go_on(verb)
        else:
            if answer.code // 100 not in (4, 5):
                raise Nonsense(f"its answer to {verb} makes no sense: {answer}")
            self._refused(verb, answer)

    def _go_on(self, verb: str) -> None:
        if verb != "DATA":
            self._send_commands()
            self._write()
            return
        self.stage = Stage.BODY
        self._out += self._body
        self._write()

    def _refused(self, verb: str, answer: Answer) -> None:
        """The envelope will not do. The rest of its group is answered still; then the line is reset."""
        self._refusal, self.stage = meaning(answer, verb), Stage.RESET
        if answer.code == 421:
            if verb == "MAIL":  # nobody has heard yet whom it is for
                self._refusal = (NotBegun if self.taken else BrokenOff)(str(self._refusal))
            self._hang_up()
            return
        self._unsent = []
        if "DATA" not in self._waiting:
            self._reset()

    def _after_refusal(self, verb: str, answer: Answer) -> None:
        if answer.code == 421 or (verb in ("RSET", ".") and answer.code // 100 == 3):
            self._hang_up()
        elif verb == "DATA" and answer.code // 100 == 3:
            # It wants a text although nobody is to get it: RFC 2920, 3.1 has an empty one sent.
            self._waiting.append(".")
            self._out.append(b".\r\n")
            self._write()
        elif verb in ("DATA", "."):
            self._reset()
        elif verb == "RSET":
            if answer.code == 250:
                self.stage = Stage.IDLE
                self.ended.append(self._refusal)
            else:
                self._hang_up()

    def _reset(self) -> None:
        self._waiting.append("RSET")
        self._out.append(b"RSET\r\n")
        self._write()

    def _end(self, answer: Answer) -> None:
        """The answer to the dot."""
        kind = answer.code // 100
        if kind not in (2, 4, 5):
            raise Nonsense(f"its answer makes no sense: {answer}")
        outcome = None if kind == 2 else meaning(answer, ".")
        if outcome and (answer.code == 421 or self._next is None):
            self._refusal, self.stage = outcome, Stage.RESET
            if answer.code == 421:
                self._hang_up()
            else:
                self._reset()
            return
        self.ended.append(outcome)
        self.taken += outcome is None
        if self._next is None:
            self.stage = Stage.IDLE
        else:  # its envelope is there; what was before it is forgotten with the answer (RFC 5321, 4.1.1.4)
            self.stage, self._body, self._next = Stage.ENVELOPE, self._next.body, None

    def _break(self, why: str) -> None:
        if self.stage is Stage.ANSWER:
            self.ended.append(InDoubt(f"The mail server gave no answer after the message: {why}."))
        elif self.stage is Stage.ENVELOPE and self.taken and "MAIL" in self._waiting:
            self.ended.append(NotBegun(f"The mail server took no more on this line: {why}."))
        elif self.stage in (Stage.ENVELOPE, Stage.BODY, Stage.LEAVE):
            self.ended.append(BrokenOff(f"The mail server broke off: {why}."))
        self._hang_up()

    def _hang_up(self) -> None:
        if self.stage is Stage.RESET:
            self.ended.append(self._refusal)
        if self._next is not None:
            self.ended.append(NotBegun(str(self.ended[-1])))
        self.stage = Stage.DEAD
        self._out, self._body, self._next = [], (), None
        self.sock.close()


def _round_trip(sock: socket.socket) -> float:
    """Seconds there and back, as the system measured them (Linux: TCP_INFO); 0 when it does not say.

    Its mean (tcpi_rtt), but no more than twice the least (tcpi_min_rtt): a server that has nothing to say to the end
    of a body waits some 40 ms before it confirms it, and the mean takes that for distance.
    """
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 152)
        mean, least = struct.unpack_from("I", info, 68)[0], struct.unpack_from("I", info, 148)[0]
        return float(min(mean, 2 * least)) / 1e6
    except (OSError, AttributeError, struct.error):
        return 0.0


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
