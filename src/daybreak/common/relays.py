"""Where mail is handed over, and how fast: the mail settings read into values, or refused with a sentence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from daybreak.common.refusal import ConfigError

SECURITY = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}
MOST_CONNECTIONS = 64
_DOMAIN = re.compile(r"\*|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A relay. `security` is "none", "starttls" or "tls"; `timeout` in seconds; `pace` in mails a minute, 0 for none.

    `connections` are those of one sending process.
    """

    host: str
    port: int
    username: str
    password: str
    security: str
    timeout: float = 20.0
    connections: int = 8
    weight: int = 1
    pace: int = 0

    @property
    def name(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new sender's first days: `mails` on `begins` (UTC), twice as many each day after it."""

    begins: dt.date
    mails: int

    def ceiling(self, day: dt.date) -> int:
        """How many mails may leave on `day`; the first day's number before it too."""
        return self.mails << min(max((day - self.begins).days, 0), 40)


def read_relays(text: str) -> tuple[MailServer, ...]:
    """The relays of DAYBREAK_MAIL_URL, in order. Raises ConfigError, for commas alone too: they are no wish for none."""
    return tuple(_relay(part.strip()) for part in text.split(",") if part.strip() or "," in text)


def read_paces(text: str) -> Mapping[str, int]:
    """Mails a minute by domain from DAYBREAK_MAIL_PACE. Raises ConfigError."""
    paces = {}
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        domain, _, number = part.partition("=")
        match = re.fullmatch(r"([1-9][0-9]{0,6})(/m)?", number.strip())
        if not _DOMAIN.fullmatch(domain.strip()) or match is None:
            raise ConfigError(
                f"DAYBREAK_MAIL_PACE has “{part}”: write mails a minute by domain, such as gmail.com=600, *=3000."
            )
        paces[domain.strip()] = int(match[1])
    return paces


def read_warm_up(text: str) -> WarmUp | None:
    """The warm-up of DAYBREAK_MAIL_WARM_UP, None without one. Raises ConfigError."""
    if not text.strip():
        return None
    day, _, number = text.strip().partition(":")
    try:
        if not re.fullmatch(r"[1-9][0-9]{0,6}", number):
            raise ValueError(number)
        return WarmUp(dt.date.fromisoformat(day), int(number))
    except ValueError as error:
        raise ConfigError(
            f"DAYBREAK_MAIL_WARM_UP is “{text}”: write the first day and its mails, such as 2026-12-01:1000."
        ) from error


def _relay(text: str) -> MailServer:
    problem = (
        "DAYBREAK_MAIL_URL must look like smtp://user:password@host:587 (or smtps://host:465), "
        "and may end in ?connections=8&weight=1&pace=6000&timeout=20."
    )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigError(problem) from error  # its password keeps the value out of the sentence
    security = SECURITY.get(parts.scheme)
    if security is None or not parts.hostname or parts.path not in ("", "/") or port == 0:
        raise ConfigError(problem)
    if security == "none" and port == 587:
        security = "starttls"
    server = MailServer(
        host=parts.hostname,
        port=port or (465 if security == "tls" else 25),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
    )
    return _with_options(server, parse_qsl(parts.query, keep_blank_values=True), problem)


def _with_options(server: MailServer, options: list[tuple[str, str]], problem: str) -> MailServer:
    limits = {"connections": MOST_CONNECTIONS, "weight": 1000, "pace": 10_000_000, "timeout": 600}
    for name, value in options:
        if name not in limits or not value.isdecimal() or not 1 <= int(value[:9]) <= limits[name]:
            raise ConfigError(problem)
        changed: dict[str, int] = {name: int(value)}
        server = replace(server, **changed)  # type: ignore[arg-type]
    return server
