"""A server's answer in a report: its codes, the command that it answered, and its words without the addresses."""

from __future__ import annotations

import re
from functools import lru_cache

from daybreak.delivery.returns.reportparts import ADDRESS

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]|\.\d)")
# The reply codes of RFC 5321 and those in wide use beside it: other numbers of three digits are sizes and dates.
_REPLY = re.compile(
    r"(?<![\d.@:/-])(42[12]|43[0-2]|4[45][0-5]|47[1-3]|50[0-4]|51\d|52[0-5]|53\d|54\d|55\d|57\d)(?=[ :-]|$)(?!:\d)"
)
_COMMAND = re.compile(
    r"in reply to (?:the )?(?:end of )?(\w+)|error .{0,40}after (?:the )?(end of data|data|rcpt|mail)|>>> ?(data|rcpt|mail|\.)"
    r"|\[(rcpt|mail|data)|\bour (?:final )?(data|rcpt|mail)|\b(data|rcpt) (?:to )?command|during (data|rcpt)"
    r"|\((data|rcpt)\)|sent: *(data|rcpt)|does not like (recipient)",
    re.IGNORECASE,
)
# What follows is the reason; where nothing does, the words themselves are one.
_REJECTED_BECAUSE = re.compile(
    r"recipient address rejected: (?=\w+ \w+|\w+\.)(?!access denied)", re.IGNORECASE
)


# Of a report about many readers most is asked for each of them, and the answer is the same.
_once = lru_cache(maxsize=16)


@_once
def codes(text: str) -> tuple[str, str]:
    """The enhanced status and the reply code in a server's answer, each "" when there is none."""
    plain = without_addresses(text[:4000])
    statuses = [each for each in ENHANCED.findall(plain) if each[0] in "45"]
    replies = [each for each in _REPLY.findall(plain) if each[0] in "45"]
    return (statuses[-1] if statuses else ""), (replies[0] if replies else "")


def command_before(address: str, words: str) -> str:
    """The command of a transcript (“>>> DATA”) whose answer (“<<< 550 …”) names the address; "" without one."""
    asked = ""
    for line in _transcript(words):
        if line.startswith(">>> "):
            asked = line[4:8]
        elif address.lower() in line:
            return asked if asked in ("mail", "rcpt", "data") else ""
    return ""


@_once
def _transcript(words: str) -> list[str]:
    """The lines of a transcript in small letters."""
    return [line.lower() for line in words.splitlines() if line.startswith((">>> ", "<<< "))]


@_once
def last_command(text: str) -> str:
    """The command that the server answered: "mail", "rcpt", "data" or ""."""
    commands = [next(filter(None, each)).lower() for each in _COMMAND.findall(text)]
    if "need rcpt" in text.lower() or any(each.startswith(("rcpt", "recipient")) for each in commands):
        return "rcpt"
    last = commands[-1] if commands else ""
    return "data" if last in ("data", "end of data", ".") else "mail" if last == "mail" else ""


@_once
def without_addresses(text: str) -> str:
    """The text without addresses, and of links only the host: “no-such-user@” and “/unknown-user” are not said."""
    hosts_only = re.sub(r"https?://([^\s/]+)\S*", r"\1", ADDRESS.sub(" ", text))
    return _REJECTED_BECAUSE.sub("", hosts_only)
