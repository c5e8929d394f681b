"""The signature that Amazon's interfaces ask of a request (AWS Signature Version 4), for one without a query.

Source: the reference “Signing AWS API requests” in Amazon's IAM user guide.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED = "content-type;host;x-amz-date"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key pair that may call one service in one region."""

    key_id: str
    secret: str
    region: str
    service: str


def signed_headers(
    key: AccessKey, url: str, body: bytes, at: dt.datetime, method: str = "POST"
) -> dict[str, str]:
    """The headers of a request with the JSON `body` (b"" for a GET), signed at `at` (UTC; 5 minutes either way do)."""
    parts, moment = urlsplit(url), at.strftime("%Y%m%dT%H%M%SZ")
    fields = f"content-type:application/json\nhost:{parts.netloc}\nx-amz-date:{moment}\n"
    request = "\n".join((method, parts.path or "/", "", fields, _SIGNED, hashlib.sha256(body).hexdigest()))
    scope = f"{moment[:8]}/{key.region}/{key.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    signature = _hmac(_signing_key(key, moment[:8]), to_sign).hex()
    return {
        "Content-Type": "application/json",
        "X-Amz-Date": moment,
        "Authorization": f"{_ALGORITHM} Credential={key.key_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}",
    }


def _signing_key(key: AccessKey, day: str) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (day, key.region, key.service, "aws4_request"):
        made = _hmac(made, part)
    return made


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
