"""How a hand-over fails: a mail was not, or perhaps not, taken. Callers must not mix these up."""

from __future__ import annotations


class PostError(Exception):
    """A mail was not, or perhaps not, handed over. The message is a sentence, and fit to be stored and shown whatever
    the server put into it: PostgreSQL takes no zeros, a terminal obeys what it should print."""

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(sign if sign.isprintable() else "\ufffd" for sign in sentence))


class TryLater(PostError):
    """Certainly not taken: the server is away, busy or answered 4xx. The mail may be tried again."""


class BrokenOff(TryLater):
    """The line broke before the final dot for no reason that lies with the mail: another line may carry it."""


class NotBegun(TryLater):
    """The line broke under the mail before it, or took no more after others: nothing of this one had left but its
    envelope, and it is not at fault."""


class ServerAway(TryLater):
    """The server cannot be reached, or will have none of us (a wrong password, a sender it does not know)."""


class AddressRefused(PostError):
    """The server will not take this mail (5xx). Trying again changes nothing."""


class InDoubt(PostError):
    """All bytes had left and no answer came: the mail may or may not be on its way."""
