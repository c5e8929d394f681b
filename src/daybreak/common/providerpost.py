"""Handing mails over to a provider's HTTP interface, by anymail, with the four endings of every post.

Each mail carries the id in its Message-ID as metadata and idempotency key, so that what the provider tells later
settles a doubt.
"""

from __future__ import annotations

import email
import re
import time
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from daybreak.common.httpendings import ending, retry_after, words
from daybreak.common.posterrors import AddressRefused, InDoubt, ServerAway
from daybreak.common.provider import KEYS, Provider

METADATA = "mail"  # under this name a provider tells which mail it speaks of
LONGEST_WAIT = 10.0  # seconds that a Retry-After is obeyed on the spot
# The provider writes these itself, from what it is given.
_ITS_OWN = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
    }
)


class ProviderPost:
    """One kept connection to a provider; a mail is one request."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._backend: Any = None

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        mail = _as_anymail(message, recipient)
        try:
            self._hand_over(mail)
        except ServerAway as error:
            wait = retry_after(error.__cause__)
            if wait is None or wait > LONGEST_WAIT:
                raise
            time.sleep(wait)
            self._hand_over(mail)

    def close(self) -> None:
        """Hang up."""
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _hand_over(self, mail: EmailMultiAlternatives) -> None:
        backend = self._opened()
        backend.session.headers["Idempotency-Key"] = mail.metadata[METADATA]  # type: ignore[attr-defined]
        try:
            backend.send_messages([mail])
        except AnymailRecipientsRefused as error:
            raise AddressRefused(f"{self.provider.called} refuses this address: {words(error)}.") from error
        except AnymailAPIError as error:
            raise ending(self.provider, error, getattr(error, "response", None)) from error
        except RecursionError as error:  # nested deeper than anybody means
            raise InDoubt(
                f"{self.provider.called} gave no answer that can be read: the mail may or may not be on its way."
            ) from error
        except (AnymailError, ValueError) as error:  # raised before anything is sent
            raise AddressRefused(f"{self.provider.called} cannot carry this mail: {words(error)}.") from error
        self._be_sure(mail)

    def _be_sure(self, mail: EmailMultiAlternatives) -> None:
        """Raise the ending of a refusal in which anymail's reader found no address, and so no refusal (Postmark)."""
        response = mail.anymail_status.esp_response  # type: ignore[attr-defined]
        if response is not None and not response.ok:
            told = requests.HTTPError(f"status {response.status_code}: {response.text[:400]}")
            raise ending(self.provider, told, response)

    def _opened(self) -> Any:
        if self._backend is None:
            provider = self.provider
            options: dict[str, Any] = {KEYS[provider.name]: provider.key, "timeout": provider.timeout}
            options["ignore_unsupported_features"] = True  # one cannot be told not to track
            if provider.api_url:
                options["api_url"] = provider.api_url
            if provider.name == "mailgun" and provider.domain:
                options["sender_domain"] = provider.domain
            backend: type[BaseEmailBackend] = import_string(f"anymail.backends.{provider.name}.EmailBackend")
            self._backend = backend(**options)
            self._backend.open()
            if provider.name == "mailgun":
                session, headers = _InParts(), self._backend.session.headers
                session.headers.update(headers)
                self._backend.session = session
        return self._backend


class _InParts(requests.Session):
    """Sends forms in parts: to percent-encode a mail's text takes longer than all else that is done with it."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        form = options.get("data")
        if isinstance(form, dict) and not options.get("files"):
            lists = ((name, value if isinstance(value, list) else [value]) for name, value in form.items())
            options["files"] = [(name, (None, str(value))) for name, values in lists for value in values]
            options["data"] = None
        return super().request(method, url, **options)


def refuse_no_address(recipient: str) -> None:
    """Raise AddressRefused for what is no single address: one that a provider would read as two, for instance."""
    if "@" not in recipient or re.search(r"[\x00-\x20\x7f<>,;\"]", recipient):
        raise AddressRefused("This is no address that mail can be sent to.")


def mail_id(message_id: str) -> str:
    """The part of a Message-ID before its @, by which a provider speaks of the mail. Raises AddressRefused."""
    match = re.search(r"<([^@<>]{1,64})@", message_id)
    if match is None:
        raise AddressRefused("The mail has no Message-ID by which its provider could speak of it.")
    return match[1]


def _as_anymail(message: bytes, recipient: str) -> EmailMultiAlternatives:
    """The same mail in the parts that the interfaces take. Raises AddressRefused when it has no sender or id."""
    parsed, leaves = _taken_apart(message)
    head = {name.lower(): _one_line(str(value)) for name, value in parsed.items()}
    known_by = mail_id(head.get("message-id", ""))
    refuse_no_address(recipient)
    bodies = {part.get_content_type(): _text(part) for part in leaves}
    sender, address = parseaddr(head.get("from", ""))
    mail = EmailMultiAlternatives(
        subject=_decoded(head.get("subject", "")),
        body=bodies.get("text/plain", ""),
        from_email=_with_name(_decoded(sender), address),
        to=[_with_name(_decoded(parseaddr(head.get("to", ""))[0]), recipient)],
        headers={
            name: _one_line(str(value)) for name, value in parsed.items() if name.lower() not in _ITS_OWN
        },
    )
    if "text/html" in bodies:
        mail.attach_alternative(bodies["text/html"], "text/html")
    mail.metadata = {METADATA: known_by}  # type: ignore[attr-defined]
    mail.track_opens = mail.track_clicks = False  # type: ignore[attr-defined]
    return mail


def _taken_apart(message: bytes) -> tuple[Message, list[Message]]:
    """The head of a mail, and its leaves with their bodies.

    The library's parser goes line by line, and its new policy over each header: six times the work.
    """
    head, _, body = message.replace(b"\r\n", b"\n").partition(b"\n\n")
    part = email.message_from_bytes(head, policy=policy.compat32)
    boundary = part.get_boundary()
    if boundary is None:
        part.set_payload(body.decode("ascii", "surrogateescape"))
        return part, [part]
    inside = (b"\n" + body).split(b"\n--" + boundary.encode())[1:-1]
    return part, [leaf for each in inside for leaf in _taken_apart(each.partition(b"\n")[2])[1]]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return data.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _decoded(value: str) -> str:
    """A header's words (RFC 2047) as text."""
    return str(make_header(decode_header(value)))


def _with_name(name: str, address: str) -> str:
    plain = re.sub(r'[\\"\r\n]', "", name)
    return f'"{plain}" <{address}>' if plain else address
