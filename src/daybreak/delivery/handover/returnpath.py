"""The return path: each mail's own envelope sender, by which a bounce is known whatever it says.

RFC 5321, 4.4 has a failure reported to the envelope sender; an address of its own for each mail (VERP) names the
mail even when the report quotes nothing. It is signed, so that nobody can report on a mail that is not theirs.
"""

from __future__ import annotations

import re
import uuid

from django.conf import settings

from daybreak.common.config import Config
from daybreak.common.keys import keyed_hash, same

_SIGNED = re.compile(r"bounces\+([0-9a-f]{32})\.([0-9a-f]{10})@[^@\s]{1,255}", re.ASCII | re.IGNORECASE)


def return_path(delivery_id: uuid.UUID, config: Config) -> str:
    """The envelope sender of one mail: `bounces+<32 hex digits>.<10 hex digits>@<bounce domain>`.

    The last ten digits are the start of an HMAC-SHA-256 with the newsroom's secret: 40 bits, 51 signs before the @
    of the 64 that RFC 5321, 4.5.3.1.1 allows.
    """
    return f"bounces+{delivery_id.hex}.{_signature(delivery_id)}@{config.bounce_domain}"


def delivery_of(address: str) -> uuid.UUID | None:
    """The delivery that `address` is the return path of; None for any other text. Case does not matter.

    The signature is compared in constant time. That the delivery (still) exists is the caller's to see.
    """
    match = _SIGNED.fullmatch(address)
    if match is None:
        return None
    delivery_id = uuid.UUID(match[1])
    return delivery_id if same(match[2].lower(), _signature(delivery_id)) else None


def _signature(delivery_id: uuid.UUID) -> str:
    return keyed_hash(settings.SECRET_KEY, "return path", delivery_id.hex)[:10]
