"""The domain name system, asked with a deadline, and what a check of a record says.

A name server that does not answer is said to be silent, not taken for a missing record.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

PATIENCE = 4.0  # seconds for one question, retries included
# What cannot be a name at all does not exist: nobody need be asked.
NO_NAMES = (dns.name.EmptyLabel, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.BadEscape)


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that should be there: `name` without a dot at the end, `kind` such as TXT, its `value`."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it is well (None: it could not be looked at), a sentence, and the record to add."""

    name: str
    well: bool | None
    sentence: str
    add: Record | None = None


class NoAnswer(Exception):
    """No name server answered in time."""


class Names:
    """The domain name system, asked with a deadline. `server` is HOST:PORT of a name server, or "" for the machine's."""

    def __init__(self, server: str = "") -> None:
        """Raises ValueError when the HOST of `server` is not an IP address."""
        self._resolver = dns.resolver.Resolver(configure=False)
        if server:
            host, _, port = server.rpartition(":")
            self._resolver.nameservers, self._resolver.port = [host.strip("[]")], int(port)
        else:
            with contextlib.suppress(dns.resolver.NoResolverConfiguration):  # then nobody can be asked
                self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = PATIENCE

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, the strings of each joined. Raises NoAnswer."""
        return [
            b"".join(answer.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
            for answer in self._ask(name, "TXT")
        ]

    def addresses(self, host: str) -> list[str]:
        """The IP addresses of a host. Raises NoAnswer."""
        return [str(answer) for kind in ("A", "AAAA") for answer in self._ask(host, kind)]

    def names_of(self, address: str) -> list[str]:
        """The names that an IP address says it has. Raises NoAnswer."""
        reverse = dns.reversename.from_address(address).to_text()
        return [str(answer).rstrip(".").lower() for answer in self._ask(reverse, "PTR")]

    def _ask(self, name: str, kind: str) -> list[object]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, *NO_NAMES):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise NoAnswer(
                f"No name server answered for {name}: look again when the network is there."
            ) from error
