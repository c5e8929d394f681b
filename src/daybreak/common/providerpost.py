"""Handing mails over to a provider's HTTP interface, by anymail, with the four endings of every post.

An answer of 2xx means taken; one of 4xx certainly not; anything that leaves the request sent and the answer lost or
of 5xx is in doubt, for the provider may have taken the mail before it stumbled. Each mail carries the id in its
Message-ID as metadata and idempotency key, so that what the provider tells later settles the doubt.
"""

from __future__ import annotations

import email
import re
import ssl
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
from urllib3.exceptions import NewConnectionError

from daybreak.common.post import AddressRefused, InDoubt, ServerAway, TryLater
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
            wait = _retry_after(error.__cause__)
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
            raise AddressRefused(f"{self._name} refuses this address: {_words(error)}.") from error
        except AnymailAPIError as error:
            raise self._ending(error) from error
        except (AnymailError, ValueError) as error:  # raised before anything is sent
            raise AddressRefused(f"{self._name} cannot carry this mail: {_words(error)}.") from error

    def _ending(self, error: AnymailAPIError) -> Exception:
        """What an error of the request means for the mail."""
        response = getattr(error, "response", None)
        if response is None:
            if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
                return ServerAway(f"{self._name} cannot be reached: {_words(error)}.")
            return InDoubt(f"{self._name} gave no answer: the mail may or may not be on its way.")
        code, words = response.status_code, _words(error)
        if code == 429 or code == 408:
            return ServerAway(f"{self._name} asks to wait: {words}.")
        if code in (401, 402, 403, 404, 405):
            return ServerAway(f"{self._name} will have none of us, look at its key and domain: {words}.")
        if 400 <= code < 500:
            return AddressRefused(f"{self._name} refuses this mail: {words}.")
        if code == 503 and response.headers.get("Retry-After"):
            return TryLater(f"{self._name} put it off: {words}.")
        return InDoubt(
            f"{self._name} answered {code} after it had the mail: it may or may not be on its way."
        )

    @property
    def _name(self) -> str:
        return self.provider.name.capitalize()

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


def _as_anymail(message: bytes, recipient: str) -> EmailMultiAlternatives:
    """The same mail in the parts that the interfaces take. Raises AddressRefused when it has no sender or id."""
    parsed, leaves = _taken_apart(message)
    head = {name.lower(): _one_line(str(value)) for name, value in parsed.items()}
    match = re.search(r"<([^@<>]{1,64})@", head.get("message-id", ""))
    if "@" not in recipient or re.search(r"[\x00-\x20\x7f<>,;\"]", recipient):
        raise AddressRefused("This is no address that mail can be sent to.")
    if match is None:
        raise AddressRefused("The mail has no Message-ID by which its provider could speak of it.")
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
    mail.metadata = {METADATA: match[1]}  # type: ignore[attr-defined]
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


def _never_connected(error: BaseException) -> bool:
    """Whether the line was never open: then certainly nothing was sent. The reason lies some causes deep."""
    waiting: list[BaseException] = [error]
    for _ in range(8):
        if not waiting:
            break
        each = waiting.pop()
        if isinstance(each, NewConnectionError | ssl.SSLCertVerificationError):
            return True
        inside = (each.__cause__, getattr(each, "reason", None), *each.args)
        waiting += [one for one in inside if isinstance(one, BaseException)]
    return False


def _retry_after(error: BaseException | None) -> float | None:
    response = getattr(error, "response", None)
    told = response.headers.get("Retry-After", "") if response is not None else ""
    return float(told) if re.fullmatch(r"\d{1,4}", told) else None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
