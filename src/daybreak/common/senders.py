"""The bare addresses in settings: who sends, who is told, who sees each mail first; or a sentence that refuses them."""

from __future__ import annotations

from urllib.parse import urlsplit

from daybreak.common.bareaddress import bare_address, in_ascii
from daybreak.common.refusal import ConfigError


def read_mail_from(text: str, site_url: str) -> str:
    """DAYBREAK_MAIL_FROM, or `editions@` the site. Raises ConfigError."""
    if not text:
        host = urlsplit(site_url).hostname or "localhost"
        if host in ("127.0.0.1", "localhost") or in_ascii(host) is None:  # or an address of IPv6
            host = "daybreak.invalid"
        return f"editions@{host}"
    return read_sender("DAYBREAK_MAIL_FROM", text)


def read_sender(name: str, text: str) -> str:
    """The address in the setting `name`. Raises ConfigError."""
    address = bare_address(text)
    if address is None:
        raise ConfigError(f"{name} is “{text}”: write one bare address, such as editions@paper.example.")
    return address


def read_seeds(text: str) -> tuple[str, ...]:
    """DAYBREAK_SEEDS, each once. Raises ConfigError."""
    seeds = []
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        seed = bare_address(part)
        if seed is None:
            raise ConfigError(
                f"DAYBREAK_SEEDS names “{part}”: write bare addresses with commas between them."
            )
        seeds.append(seed)
    return tuple(dict.fromkeys(seeds))


def read_alarm_mail(text: str) -> str:
    """DAYBREAK_ALARM_MAIL, empty for none. Raises ConfigError."""
    address = bare_address(text) if text else ""
    if address is None:
        raise ConfigError(
            f"DAYBREAK_ALARM_MAIL is “{text}”: write one bare address, such as night@paper.example."
        )
    return address
