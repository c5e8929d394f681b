"""Addresses of the web and of machines in settings: read into parts, or refused with a sentence."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from daybreak.common.refusal import ConfigError


def split_address(text: str, problem: str) -> SplitResult:
    """The parts of an address whose port is a number, or ConfigError with `problem`."""
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 (reading it is what checks it)
    except ValueError as error:
        raise ConfigError(problem) from error
    return parts


def read_alarm_webhook(text: str) -> str:
    """DAYBREAK_ALARM_WEBHOOK, empty for none. Raises ConfigError."""
    if not text:
        return ""
    problem = "DAYBREAK_ALARM_WEBHOOK must be a web address, such as https://chat.example/hooks/night."
    parts = split_address(text, problem)  # its path may be a secret and stays out of the sentence
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(problem)
    return text


def read_endpoints(text: str) -> tuple[str, ...]:
    """DAYBREAK_WIRE_ALLOW: private endpoints as HOST:PORT. Raises ConfigError."""
    endpoints = tuple(part.strip() for part in text.split(",") if part.strip())
    for endpoint in endpoints:
        if not is_endpoint(endpoint):
            raise ConfigError(
                f"DAYBREAK_WIRE_ALLOW names “{endpoint}”: write private endpoints as HOST:PORT, such as 10.0.0.5:8080."
            )
    return endpoints


def is_endpoint(text: str) -> bool:
    """Whether `text` is HOST:PORT; the address of IPv6 stands in brackets, as in [fd00::5]:8080."""
    try:
        parts = urlsplit(f"//{text}")
        return bool(parts.hostname and parts.port) and parts.netloc == text and "@" not in text
    except ValueError:
        return False
