"""The seal on what a webhook is told, by which its receiver knows that it is ours and new.

Form: “Standard Webhooks” 1.0 (standardwebhooks.com), for which most languages have a library: HMAC-SHA-256 (RFC 2104)
over id, time and body, in three headers.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac

from django.conf import settings

from daybreak.common.keys import keyed_hash


def webhook_key() -> str:
    """The key to give to the receiver: “whsec_” and 32 bytes in base64; another when the newsroom's own changes."""
    return f"whsec_{base64.b64encode(_key()).decode()}"


def seal(message_id: str, body: bytes, at: dt.datetime) -> dict[str, str]:
    """The headers that seal `body`, sent at `at`. The id stays the same when a message is tried again."""
    moment = str(int(at.timestamp()))
    digest = hmac.new(_key(), f"{message_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key() -> bytes:
    return bytes.fromhex(keyed_hash(settings.SECRET_KEY, "alarm webhook", "key"))
