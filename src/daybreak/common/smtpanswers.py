"""What an SMTP server says (RFC 5321, 4.2): replies read out of its bytes, and what a refusal means for a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from daybreak.common.posterrors import AddressRefused, PostError, ServerAway, TryLater

LONGEST_LINE = 2048  # octets; RFC 5321, 4.5.3.1.5 allows 512
MOST_LINES = 100  # of one answer
REFUSED = "The mail server refused: "  # the reader
# What is said after the whole mail comes from a filter, not from the list of mailboxes, and is read differently.
REFUSED_TEXT = "The mail server refused the text: "
ANSWER = re.compile(r"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL | re.ASCII)


class Nonsense(Exception):
    """What the server says is no answer. The message is half a sentence."""


class Answer(NamedTuple):
    """A reply of the server: its code and its lines without it."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}".strip()[:200]


@dataclass(slots=True)
class Answers:
    """Reads replies out of the bytes that come, and no more bytes than a reply can have."""

    _rest: bytes = b""
    _lines: list[str] = field(default_factory=list)

    def read(self, data: bytes) -> Iterator[Answer]:
        """The replies that `data` completes. Raises Nonsense when it is none or never ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if max(len(self._rest), *map(len, lines), 0) > LONGEST_LINE:
            raise Nonsense("it sends lines without end")
        for line in lines:
            code, goes_on, text = _understood(line)
            self._lines.append(text)
            if len(self._lines) > MOST_LINES:
                raise Nonsense("its answer has no end")
            if not goes_on:
                answer = Answer(code, tuple(self._lines))
                self._lines.clear()
                yield answer

    @property
    def started(self) -> bool:
        """Whether something has come that no reply was made of yet."""
        return bool(self._rest or self._lines)


@lru_cache(maxsize=64)
def _understood(line: bytes) -> tuple[int, bool, str]:
    """The code of a line, whether its answer goes on after it, and its words; servers say much alike all morning."""
    text = line.rstrip(b"\r").decode("utf-8", "replace")
    match = ANSWER.fullmatch(text)
    if match is None:
        raise Nonsense(f"its answer makes no sense: {text[:80]}")
    return int(match[1]), match[2] == "-", match[3] or ""


def meaning(answer: Answer, verb: str) -> PostError:
    """What a 4xx or 5xx answer to `verb` means for the mail."""
    if answer.code == 530:
        return ServerAway(f"The mail server wants a name and password: {answer}")
    if answer.code >= 500:
        if verb == "MAIL":  # not the reader's address but we are what it will not have
            return ServerAway(f"The mail server refuses mail from this paper: {answer}")
        return AddressRefused(f"{REFUSED if verb == 'RCPT' else REFUSED_TEXT}{answer}")
    return TryLater(f"The mail server put it off: {answer}")
