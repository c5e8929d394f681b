"""A mail provider with an interface of its own, as DAYBREAK_MAIL_URL names it: `mailgun://KEY@domain` and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote

# scheme → how the provider calls its key
KEYS = {
    "mailgun": "api_key",
    "postmark": "server_token",
    "sendgrid": "api_key",
    "brevo": "api_key",
    "sparkpost": "api_key",
}


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `domain` is the sending domain where one is named, `api_url` another address of its interface,
    `hook_key` what its tellings are signed with ("" where it signs none); `timeout` in seconds, `connections` the most
    requests that one process keeps open."""

    name: str
    key: str
    domain: str = ""
    api_url: str = ""
    hook_key: str = ""
    timeout: float = 30.0
    connections: int = 32


def is_provider(url: str) -> bool:
    """Whether a DAYBREAK_MAIL_URL names a provider."""
    return url.strip().partition("://")[0].lower() in KEYS


def provider_in(parts: SplitResult) -> Provider | None:
    """The provider in a split address; None when its key is missing or it holds what is not known.

    `?hook=` is the key that its tellings are signed with, `?api=` another https:// address of its interface (plain
    http:// only on this machine), `?connections=` from 1 to 99.
    """
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    api_url = given.pop("api", "")
    hook_key = given.pop("hook", "")
    connections = given.pop("connections", "32")
    local = api_url.startswith(("http://127.0.0.1:", "http://localhost:"))
    if (
        given
        or not parts.username
        or parts.path.strip("/")
        or not re.fullmatch(r"[1-9]\d?", connections)
        or not (not api_url or local or api_url.startswith("https://"))
    ):
        return None
    domain, key = parts.hostname or "", unquote(parts.username)
    return Provider(parts.scheme, key, domain, api_url, hook_key, connections=int(connections))
