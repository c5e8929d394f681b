"""The seal on a webhook's message, by which its receiver knows that it is the sender's, whole and new.

Form: “Standard Webhooks” 1.0 (standardwebhooks.com), for which most languages have a library: HMAC-SHA-256 (RFC 2104)
over id, time and body, in three headers. Svix, which wrote it, names them “svix-…”, and so do its customers.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE = dt.timedelta(
    minutes=5
)  # the clocks of two machines differ; an older message was kept by somebody
PREFIX = "whsec_"


def signature(key: bytes, message_id: str, moment: str, body: bytes) -> str:
    """“v1,” and the seal in base64; `moment` in Unix seconds."""
    digest = hmac.new(key, f"{message_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def is_sealed(headers: Mapping[str, str], body: bytes, secret: str, at: dt.datetime, name: str) -> bool:
    """Whether `body` came, lately as seen at `at`, from somebody who has `secret` (“whsec_” and a key in base64).

    The three headers are called `name`-id, -timestamp and -signature; one of several signatures will do.
    """
    message_id, moment = headers.get(f"{name}-id", ""), headers.get(f"{name}-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        late = abs(int(at.timestamp()) - int(moment)) > TOLERANCE.total_seconds()
    except (binascii.Error, ValueError):
        return False
    expected = signature(key, message_id, moment, body).encode()
    given = headers.get(f"{name}-signature", "").split()
    found = [hmac.compare_digest(each.encode(), expected) for each in given[:10]]
    return bool(key) and not late and any(found)
