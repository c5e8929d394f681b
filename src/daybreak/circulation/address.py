"""Mail addresses, hostile until parsed."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from daybreak.common.refusal import Refused


class NotAnAddress(Refused):
    """The text is no address that mail could be sent to."""


_valid = EmailValidator(allowlist=[])
_STRANGE = re.compile(
    r'[\["]'
)  # an address literal, a quoted name: the validator takes both, a header does not


def parse_address(text: str) -> str:
    """The address in `text`, all ASCII: what stands before the @ as written, the domain in lower-case A-labels.

    Raises NotAnAddress with one sentence. Quoted names, address literals ([127.0.0.1]) and bare host names are
    no reader's address; lengths are those of RFC 5321, 4.5.3.1.
    """
    text = text.strip()
    if not text:
        raise NotAnAddress("The address is missing: write it as name@example.org.")
    if len(text) > 320:
        raise NotAnAddress("That address is too long: check it.")
    name, _, domain = text.rpartition("@")
    address = f"{name}@{_in_ascii(domain)}"
    # isascii: the validator ignores case, and so takes the Kelvin sign for a K.
    if not address.isascii() or not address.isprintable() or _STRANGE.search(address) or len(address) > 254:
        raise NotAnAddress(f"“{_shown(text)}” is no mail address: write it as name@example.org.")
    try:
        _valid(address)
    except ValidationError as error:
        raise NotAnAddress(f"“{_shown(text)}” is no mail address: write it as name@example.org.") from error
    if len(name) > 64:
        raise NotAnAddress("That address is too long before the @: check it.")
    return address


def _in_ascii(domain: str) -> str:
    """The domain in A-labels (RFC 3490). What the codec would turn into another domain (ß to ss) is refused."""
    if domain.isascii():
        return domain.lower()
    try:
        encoded = domain.encode("idna").decode("ascii")
        same = encoded.encode("ascii").decode("idna") == domain.lower()
    except UnicodeError:
        same = False
    if not same:
        raise NotAnAddress(f"The domain “{_shown(domain)}” cannot be used: write it in its xn-- form.")
    return encoded.lower()


def _shown(text: str) -> str:
    """A stranger's text, short and on one line, fit to stand in a sentence."""
    plain = "".join(sign if sign.isprintable() else "�" for sign in text[:80])
    return plain + ("…" if len(text) > 80 else "")
