"""Handing mails over to Amazon SES by its interface of version 2 (`SendEmail` with the mail as it is).

SES takes the place of the Message-ID and the date with its own and signs for the domain itself (“Easy DKIM”), so our
signature, which covers both, is left out. It has no key against doubles: what is in doubt stays so until it tells.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
from email.parser import BytesHeaderParser

import requests

from daybreak.common.awssignature import AccessKey, signed_headers
from daybreak.common.clock import now
from daybreak.common.dkim import with_crlf
from daybreak.common.httpendings import ending
from daybreak.common.posterrors import InDoubt, ServerAway
from daybreak.common.provider import Provider
from daybreak.common.providerpost import METADATA, mail_id, refuse_no_address
from daybreak.common.providerrefusals import said

WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds, after it said that mails come too fast
_OUR_SIGNATURES = re.compile(rb"^DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*", re.IGNORECASE | re.MULTILINE)
_QUOTA = re.compile(r"LimitExceeded|quota exceeded", re.I)  # of the day: seconds do not bring it back


class SesPost:
    """One kept connection to SES; a mail is one request."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._key = AccessKey(provider.key, provider.secret, provider.domain, "ses")
        self._url = f"{provider.home}/v2/email/outbound-emails"
        self._session = requests.Session()

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        body = _request(recipient, message)
        for wait in WAITS:
            try:
                return self._send(body)
            except _TooFast:
                time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 (so that not all come back at once)
        return self._send(body)

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _send(self, body: bytes) -> None:
        headers = signed_headers(self._key, self._url, body, now())
        try:
            answer = self._session.post(
                self._url, data=body, headers=headers, timeout=self.provider.timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise ending(self.provider, error, None) from error
        if answer.status_code == 200:
            if not _message_id(answer):
                raise InDoubt(
                    "SES gave an answer that it does not give: the mail may or may not be on its way."
                )
            return
        raise _refusal(self.provider, answer)


class _TooFast(ServerAway):
    """More mails a second than the account may send: this one was not taken."""


def _request(recipient: str, message: bytes) -> bytes:
    """The body of the request. Raises AddressRefused when the mail has no id, or `recipient` is no one address."""
    refuse_no_address(recipient)
    head, gap, text = with_crlf(message).partition(b"\r\n\r\n")
    known_by = mail_id(str(BytesHeaderParser().parsebytes(head)["Message-ID"]))
    head = _OUR_SIGNATURES.sub(b"", head + b"\r\n")
    # The header in which its tellings bring back what belongs to the mail.
    mark = f"X-Metadata: {json.dumps({METADATA: known_by})}\r\n".encode()
    raw = base64.b64encode(head + mark + gap[2:] + text).decode()
    return json.dumps(
        {"Destination": {"ToAddresses": [recipient]}, "Content": {"Raw": {"Data": raw}}}
    ).encode()


def _refusal(provider: Provider, answer: requests.Response) -> Exception:
    told = said(answer)
    if (answer.status_code == 429 or told.startswith("Throttling")) and not _QUOTA.search(told):
        return _TooFast(f"SES asks to wait: {told}.")
    return ending(provider, requests.HTTPError(told or f"status {answer.status_code}"), answer)


def _message_id(answer: requests.Response) -> str:
    return _field(answer, "MessageId")


def _field(answer: requests.Response, name: str) -> str:
    try:
        value = answer.json()
    except (ValueError, RecursionError):
        return ""
    return str(value.get(name) or "") if isinstance(value, dict) else ""
