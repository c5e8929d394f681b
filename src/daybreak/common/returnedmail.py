"""Where returned mail comes in, as settings say it: a domain, a mailbox, a port; or a sentence that refuses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from daybreak.common.refusal import ConfigError
from daybreak.common.webaddresses import is_endpoint, split_address


@dataclass(frozen=True, slots=True)
class BounceMailbox:
    """A mailbox to which bounces and replies come. `kind` is "maildir", "imap" or "imaps"; `path` its folder."""

    kind: str
    path: str
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""


def read_bounce_domain(text: str, mail_from: str) -> str:
    """DAYBREAK_BOUNCE_DOMAIN, or that of the sender. Raises ConfigError."""
    domain = (text.strip() or mail_from.rpartition("@")[2]).lower()
    if text and not re.fullmatch(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", domain):
        raise ConfigError(
            f"DAYBREAK_BOUNCE_DOMAIN is “{text}”: write a bare domain, such as bounces.paper.example."
        )
    return domain


def read_bounce_mailbox(text: str) -> BounceMailbox | None:
    """DAYBREAK_BOUNCE_MAILBOX, None for none. Raises ConfigError."""
    if not text:
        return None
    problem = "DAYBREAK_BOUNCE_MAILBOX must look like maildir:///var/mail/paper or imaps://user:password@host/INBOX."
    parts = split_address(text, problem)  # its password keeps it out of the sentence
    path = unquote(parts.path)
    if parts.scheme == "maildir" and path.startswith("/") and not parts.netloc:
        return BounceMailbox("maildir", path)
    folder = path.strip("/") or "INBOX"
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or re.search(r'[\x00-\x1f"\\]', folder):
        raise ConfigError(problem)
    port = parts.port or (993 if parts.scheme == "imaps" else 143)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return BounceMailbox(parts.scheme, folder, parts.hostname, port, user, password)


def read_bounce_smtp(text: str) -> tuple[str, int] | None:
    """DAYBREAK_BOUNCE_SMTP as host and port, None for none. Raises ConfigError."""
    if not text:
        return None
    if not is_endpoint(text.strip()):
        raise ConfigError(
            f"DAYBREAK_BOUNCE_SMTP is “{text}”: write HOST:PORT to listen at, such as 0.0.0.0:25."
        )
    parts = urlsplit(f"//{text.strip()}")
    return str(parts.hostname), int(parts.port or 25)
