"""Whom a provider's refusal of one mail (4xx) means: that mail's reader, or us, so that the next mail fares no better.

What a reader wrote, an address or a name, may stand in a refusal. So of each provider that is read which it documents
as its own mark: a code, a field, or how the sentence begins; whatever else it says is laid to this mail alone. Sources:
documentation.mailgun.com/docs/mailgun/api-reference, postmarkapp.com/developer/api/overview#error-codes,
www.twilio.com/docs/sendgrid/api-reference/mail-send/errors, developers.brevo.com/docs/how-it-works,
support.sparkpost.com/docs/tech-resources/extended-error-codes, resend.com/docs/api-reference/errors,
docs.mailtrap.io/developers/email-sending, and `SendEmail` in Amazon's reference of SES v2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import requests

Fields = dict[str, Any]


class Whom(Enum):
    """Whom a refusal means; UNTOLD when it is not the provider's own, but that of something on the way to it."""

    US = "us"
    READER = "reader"
    UNTOLD = "untold"


def whom(name: str, answer: requests.Response) -> Whom:
    """Whom the 4xx `answer` of the provider `name` means."""
    fields = _fields(answer)
    if fields is None:
        return Whom.UNTOLD
    return Whom.US if _MEANS_US[name](fields) else Whom.READER


def said(answer: requests.Response) -> str:
    """A provider's own words in a refusal, with the kind where it names one; "" when it has none."""
    fields = _fields(answer) or {}
    first = next(_listed(fields.get("errors")), {})
    words = (fields.get("kind"), fields.get("message"), fields.get("Message"), first.get("message"))
    return " ".join(" ".join(map(_text, (*words, first.get("description")))).split())[:160].rstrip(".")


def _fields(answer: requests.Response) -> Fields | None:
    """The JSON object of an answer, with the kind of refusal that Amazon puts into the head; None without one."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    kind = answer.headers.get("x-amzn-ErrorType", "").partition(":")[0]
    return {**found, "kind": kind} if isinstance(found, dict) else None


_MAILGUN = re.compile(
    r"Domain \S{1,255} is not allowed to send|Sandbox subdomains|Free accounts|Please activate|"
    r"(The )?domain (\S{1,255} )?is (unverified|disabled|not active)|(Your |The |Mailgun )?account|"
    r"'?from'? parameter|(Daily |Hourly |Monthly )?(recipient |message |sending )?limit exceeded",
    re.I,
)


def _mailgun(fields: Fields) -> bool:
    return bool(_MAILGUN.match(_text(fields.get("message"))))


_POSTMARK = {
    10,  # bad or missing token
    100,  # maintenance
    400,  # sender signature not found
    401,  # sender signature not confirmed
    405,  # not allowed to send: out of credits
    412,  # account is pending: mails its own domain alone
    413,  # account may not send
    429,  # rate limit exceeded
    *range(1200, 1300),  # message streams
}
# Of 300 (invalid email request) those that name a field of ours.
_POSTMARK_FIELD = re.compile(r"(Invalid|Error parsing) '(From|Reply-?To)'|.{0,40}sender signature", re.I)


def _postmark(fields: Fields) -> bool:
    code = fields.get("ErrorCode")
    if code == 300:
        return bool(_POSTMARK_FIELD.match(_text(fields.get("Message"))))
    return isinstance(code, int) and code in _POSTMARK


_SENDGRID = re.compile(r"Maximum credits exceeded|.{0,40}authorization grant|.{0,40}Sender Identity", re.I)


def _sendgrid(fields: Fields) -> bool:
    """A refusal of a field of a reader's says so; one of our sender too, and one of the account names no field."""
    refusals = list(_listed(fields.get("errors")))
    if any(_text(each.get("field")).startswith("personalizations") for each in refusals):
        return False
    return any(
        _text(each.get("field")).startswith(("from", "reply_to"))
        or _SENDGRID.match(_text(each.get("message")))
        for each in refusals
    )


_BREVO = {
    "not_enough_credits",
    "account_under_validation",
    "permission_denied",
    "unauthorized",
    "method_not_allowed",
    "reseller_permission_denied",
}
_BREVO_SENDER = re.compile(
    r"(Sending has been rejected because the )?sender|valid sender|.{0,60}SMTP account is not", re.I
)


def _brevo(fields: Fields) -> bool:
    code = _text(fields.get("code"))
    return code in _BREVO or bool(_BREVO_SENDER.match(_text(fields.get("message"))))


_SPARKPOST = {
    "1100",  # permission denied
    "1303",  # unauthorized tenant
    "1304",  # unauthorized user
    "2008",  # no local part in the sender's address
    "2101",  # exceed sending limit, hourly
    "2102",  # daily
    "2103",  # sandbox
    "7001",  # no, or an unconfigured, sending domain
}
_SPARKPOST_WORDS = re.compile(
    r"(Unconfigured|Unverified|Invalid|No|Blocked)\b[\w ]{0,40}sending domain", re.I
)


def _sparkpost(fields: Fields) -> bool:
    """1902 (message generation rejected) may be of either: its description tells."""
    return any(
        str(each.get("code")) in _SPARKPOST
        or _SPARKPOST_WORDS.match(_text(each.get("description")) or _text(each.get("message")))
        for each in _listed(fields.get("errors"))
    )


_SES = re.compile(
    r"AccountSuspended|SendingPaused|LimitExceeded|MailFromDomainNotVerified|Throttling|TooManyRequests|"
    r"AccessDenied|RequestExpired|IncompleteSignature|InvalidSignature|UnrecognizedClient|OptInRequired"
)
_SES_WORDS = re.compile(
    r"(SendingPaused|AccountSuspended|Sending (is )?paused|Email address is not verified|"
    r"Daily message quota exceeded|Maximum sending rate exceeded)",
    re.I,
)


def _ses(fields: Fields) -> bool:
    told = _text(fields.get("message")) or _text(fields.get("Message"))
    return bool(_SES.match(_text(fields.get("kind"))) or _SES_WORDS.match(told))


_RESEND = {
    "invalid_from_address",
    "missing_api_key",
    "invalid_api_key",
    "restricted_api_key",
    "daily_quota_exceeded",
    "monthly_quota_exceeded",
    "method_not_allowed",
    "security_error",
}
_RESEND_WORDS = re.compile(r"Invalid `(from|reply_to)`|The \S{1,255} domain is not verified|API key is", re.I)


def _resend(fields: Fields) -> bool:
    return _text(fields.get("name")) in _RESEND or bool(_RESEND_WORDS.match(_text(fields.get("message"))))


_MAILTRAP = re.compile(r"Unauthorized|Forbidden|'(from|reply_to)'|.{0,60}\b(plan|sending limit)\b", re.I)


def _mailtrap(fields: Fields) -> bool:
    told = fields.get("errors")
    refusals = told[:100] if isinstance(told, list) else [told or fields.get("error")]
    return any(_MAILTRAP.match(_text(each)) for each in refusals)


def _text(value: Any) -> str:
    return value[:2000].strip() if isinstance(value, str) else ""


def _listed(value: Any) -> Iterator[Fields]:
    return (each for each in value[:100] if isinstance(each, dict)) if isinstance(value, list) else iter(())


_MEANS_US: dict[str, Callable[[Fields], bool]] = {
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "brevo": _brevo,
    "sparkpost": _sparkpost,
    "resend": _resend,
    "mailtrap": _mailtrap,
    "ses": _ses,
}
