"""How Daybreak says no: one sentence that says what to mend."""

from __future__ import annotations


class Refused(Exception):
    """The world refused (a file, a server, a rule). The message is one sentence for a person; exit status 1."""


class Misused(Refused):
    """The call itself was wrong (an unreadable date, an unknown name of a flag's value); exit status 2."""


class ConfigError(Refused):
    """A setting has a value that Daybreak cannot start with."""
