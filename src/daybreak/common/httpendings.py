"""What a provider's answer to one request means for the mail in it: the endings of every post, read from HTTP."""

from __future__ import annotations

import re
import ssl

import requests
from urllib3.exceptions import NewConnectionError

from daybreak.common.posterrors import AddressRefused, InDoubt, PostError, ServerAway, TryLater
from daybreak.common.provider import Provider
from daybreak.common.providerrefusals import Whom, said, whom

_OF_US = (401, 402, 404, 405, 407, 413)  # 413: of one edition all mails are about as large


def ending(provider: Provider, error: Exception, response: requests.Response | None) -> PostError:
    """The ending of a request to `provider` that failed with `error`; `response` where one came.

    An answer of 4xx certainly took nothing. 5xx, or no answer after the line was open, leaves the mail in doubt, for
    the provider may have taken it before it stumbled.
    """
    name = provider.called
    if response is None:
        if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
            return ServerAway(f"{name} cannot be reached: {words(error)}.")
        return InDoubt(f"{name} gave no answer: the mail may or may not be on its way.")
    code, told = response.status_code, said(response) or words(error)
    if code in (408, 420, 429):
        return ServerAway(f"{name} asks to wait: {told}.")
    if code in _OF_US:
        return ServerAway(f"{name} will have none of us, look at its key and domain: {told}.")
    if 400 <= code < 500:
        return _refusal(name, code, whom(provider.name, response), told)
    if code == 503 and response.headers.get("Retry-After"):
        return TryLater(f"{name} put it off: {told}.")
    return InDoubt(f"{name} answered {code} after it had the mail: it may or may not be on its way.")


def _refusal(name: str, code: int, meant: Whom, told: str) -> PostError:
    """What a 4xx means by whom it means. One that is not the provider's own may be of this mail, or of all."""
    if meant is Whom.UNTOLD:
        return TryLater(f"Something on the way to {name} refuses this mail (status {code}): {told}.")
    if code == 403 or meant is Whom.US:
        return ServerAway(
            f"{name} will have none of us, look at the account, the sender and the key there: {told}."
        )
    return AddressRefused(f"{name} refuses this mail: {told}.")


def retry_after(error: BaseException | None) -> float | None:
    """The seconds that the answer inside an error asks to wait; None when it names none."""
    response = getattr(error, "response", None)
    told = response.headers.get("Retry-After", "") if response is not None else ""
    return float(told) if re.fullmatch(r"\d{1,4}", told) else None


def words(error: Exception) -> str:
    """An error's text in one short line."""
    try:
        told = str(error)  # anymail's has the answer in it, read
    except RecursionError:  # nested deeper than anybody means
        told = ""
    return " ".join(told.split())[:160].rstrip(".") or type(error).__name__


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
