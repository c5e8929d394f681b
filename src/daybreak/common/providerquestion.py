"""One question to a provider's HTTP interface, with the key in use; nothing is sent. Its answer is hostile until read.

Sources of addresses and of how each takes its key: documentation.mailgun.com/docs/mailgun/api-reference,
postmarkapp.com/developer/api/overview, www.twilio.com/docs/sendgrid/api-reference, developers.brevo.com/reference,
developers.sparkpost.com/api, docs.aws.amazon.com/ses/latest/APIReference-V2.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from daybreak.common.awssignature import AccessKey, signed_headers
from daybreak.common.provider import SES, Provider

PATIENCE = 10.0  # seconds for the body, and for each wait before it
LONGEST = 1_000_000  # bytes; a domain with all its records has about 5,000
_KEY_HEADERS = {
    "postmark": "X-Postmark-Server-Token",
    "sendgrid": "Authorization",
    "brevo": "api-key",
    "sparkpost": "Authorization",
    "resend": "Authorization",
}


class NoAnswer(Exception):
    """No answer that can be read came. The message is a sentence, without the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: the HTTP status, the fields of the JSON object in the body, and of Amazon the kind of its refusal."""

    status: int
    fields: dict[str, Any]
    kind: str = ""


def ask(provider: Provider, url: str, at: dt.datetime, *, form: bool = False) -> Answer:
    """What `url`, an address under its `home`, answers to a GET at `at` (of a signature); with `form` to a
    POST of an empty form. Raises NoAnswer."""
    until = time.monotonic() + PATIENCE
    try:
        with requests.request(
            "POST" if form else "GET",
            url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **_key(provider, url, at)},
            auth=("api", provider.key) if provider.name == "mailgun" else None,
            timeout=PATIENCE,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = bytearray()
            while part := answer.raw.read1(65_536):  # whatever is there: a full read waits for all of it
                body += part
                if len(body) > LONGEST or time.monotonic() > until:
                    raise NoAnswer(f"{provider.called} gives an answer without end: {_LOOK}.")
            kind = answer.headers.get("x-amzn-ErrorType", "").partition(":")[0]
            return Answer(answer.status_code, _object(provider, answer.status_code, bytes(body)), kind)
    except requests.Timeout as error:
        raise NoAnswer(
            f"{provider.called} does not answer within {PATIENCE:g} seconds: {_LOOK}, and the network."
        ) from error
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        # Not `from error`: of a header that cannot be sent it tells the value, which is the key.
        raise NoAnswer(
            f"{provider.called} cannot be reached ({_reason(error)}): {_LOOK}, and the network."
        ) from None


_LOOK = "look at ?api= in DAYBREAK_MAIL_URL"


def _key(provider: Provider, url: str, at: dt.datetime) -> dict[str, str]:
    if provider.name == SES:
        key = AccessKey(provider.key, provider.secret, provider.domain, "ses")
        return signed_headers(key, url, b"", at, method="GET")
    header = _KEY_HEADERS.get(provider.name)
    bearer = "Bearer " if provider.name in ("sendgrid", "resend") else ""
    return {header: f"{bearer}{provider.key}"} if header else {}


def _object(provider: Provider, status: int, body: bytes) -> dict[str, Any]:
    """The JSON object in a body; {} when there is none and the status says all. Raises NoAnswer."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    if status in (401, 429) or status >= 500:
        return {}
    raise NoAnswer(f"{provider.called} gives an answer that is not its own (status {status}): {_LOOK}.")


def _reason(error: BaseException) -> str:
    """Why there was no line, as the system has it; the libraries' own words are long, and may hold a header."""
    found = re.findall(r"\[Errno -?\d+\] ([\w ]{3,80})|(certificate verify failed)", str(error))
    return next((one or other for one, other in reversed(found)), type(error).__name__)


def inside(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; {} when it is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def listed(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects, at most 1,000, of the list under a name; [] when it is none."""
    value = fields.get(name)
    return [each for each in value[:1000] if isinstance(each, dict)] if isinstance(value, list) else []


def word(value: Any) -> str:
    """A text in one line, short; "" when it is none."""
    return " ".join(value[:400].split())[:80].rstrip(".") if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """A number that can be told; None for anything else, endless ones too."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > 1e12
        or math.isnan(value)
    ):
        return None
    return float(value)
