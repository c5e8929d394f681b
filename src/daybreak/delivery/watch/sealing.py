"""The seal on what our webhook is told, and the key by which its receiver checks it."""

from __future__ import annotations

import base64
import datetime as dt

from django.conf import settings

from daybreak.common.keys import keyed_hash
from daybreak.common.webhookseal import PREFIX, signature


def webhook_key() -> str:
    """The key to give to the receiver: “whsec_” and 32 bytes in base64; another when the newsroom's own changes."""
    return f"{PREFIX}{base64.b64encode(_key()).decode()}"


def seal(message_id: str, body: bytes, at: dt.datetime) -> dict[str, str]:
    """The headers that seal `body`, sent at `at`. The id stays the same when a message is tried again."""
    moment = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": signature(_key(), message_id, moment, body),
    }


def _key() -> bytes:
    return bytes.fromhex(keyed_hash(settings.SECRET_KEY, "alarm webhook", "key"))
