"""The journal of requests without what must stay secret in it: an address of ours may be the key to itself."""

from __future__ import annotations

import logging

SECRET_PARTS = ("secret", "token")  # as the addresses of the rooms name them


class WithoutSecrets(logging.Filter):
    """Puts “…” in place of the secret parts of a request's address in what Django says of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        secrets = [str(match.kwargs[name]) for name in SECRET_PARTS if name in match.kwargs] if match else []
        if secrets and isinstance(record.args, tuple):
            record.args = tuple(_without(each, secrets) for each in record.args)
        return True


def _without(value: object, secrets: list[str]) -> object:
    for secret in secrets:
        value = value.replace(secret, "…") if isinstance(value, str) else value
    return value
