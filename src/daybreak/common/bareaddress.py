"""The addresses that mail comes from: fit to stand in a header, a Message-ID and a signature as they are."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def bare_address(text: str) -> str | None:
    """The address with its domain in A-labels; None when a header could not hold it (RFC 5322, 3.4.1 without quotes)."""
    name, _, domain = text.rpartition("@")
    host = in_ascii(domain)
    if host is None or not (0 < len(name) <= 64 and _NAME.fullmatch(name)):
        return None
    return f"{name}@{host}"


def in_ascii(domain: str) -> str | None:
    """A host's name in A-labels (RFC 3490), as it stands when it is ASCII; None when it is none, or would become
    another (ß to ss)."""
    try:
        host = domain if domain.isascii() else domain.encode("idna").decode()
        same = domain.isascii() or host.encode().decode("idna") == domain.lower()
    except UnicodeError:
        return None
    return host if same and len(host) <= 253 and _HOST.fullmatch(host) else None
