"""Reading what comes back: delivery reports (RFC 3464), the many that follow no standard.

A message in, values out; nothing here touches the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message
from itertools import islice
from typing import Literal

from flufl.bounce import all_failures

from daybreak.delivery.returns.bounceanswers import (
    ENHANCED,
    codes,
    command_before,
    last_command,
    without_addresses,
)
from daybreak.delivery.returns.bouncewords import (
    DISABLED,
    FILTERED,
    FULL,
    HARD,
    NO_DOMAIN,
    NO_MAILBOX,
    UNSAID,
    meaning_of_codes,
    meaning_of_words,
)
from daybreak.delivery.returns.reportparts import ADDRESS, Report, addresses_in, header

RECIPIENTS = 100
Verdict = Literal["hard", "soft", "none"]

_ANSWERED = re.compile(
    r"^[45]\d\d[ -](?:[45]\.\d+\.\d+ )?<([^\s<>@]+@[^\s<>@]+)>|^[ \t]*<?([^\s<>@:]+@[^\s<>@:]+)>?: [45]\d\d\b",
    re.MULTILINE,
)
_PASSED_ON = re.compile(
    r"\buser unknown\b|recipient not found|user does ?n[o’']t have an? \S+ account", re.IGNORECASE
)
# “x-powermta-bouncecategory”: PowerMTA has read the answer with the rules of its makers.
_CATEGORIES = {
    "bad-mailbox": NO_MAILBOX,
    "bad-domain": NO_DOMAIN,
    "inactive-mailbox": DISABLED,
    "quota-issues": FULL,
    "spam-related": "content",
    "content-related": "content",
    "message-expired": "expired",
}
_NOT_A_RECIPIENT = re.compile(
    r"(?:mailer-?daemon|post-?master|abuse|no-?reply|do-?not-?reply|mdaemon|daemon|hostmaster)@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Failed:
    """What a report says of one recipient.

    `hard` means that the address is dead, `soft` that this mail did not arrive (yet), `none` that it did.
    `final` says that the server will not try again; `status` is the enhanced status (RFC 3463) or "", `reply` the
    SMTP reply code or "", `meaning` a key of `bouncewords.SENTENCES`, `diagnostic` the server's words on one line.
    """

    address: str
    verdict: Verdict
    final: bool
    status: str
    reply: str
    meaning: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report: its recipients and the Message-ID of the mail it is about ("" when it does not say)."""

    recipients: tuple[Failed, ...]
    message_id: str


def read_bounce(message: Message) -> Bounce | None:
    """What a delivery report says; None when the message is none. Never raises, whatever the message holds."""
    report = Report(message)
    groups = list(islice(report.groups(), RECIPIENTS))
    found = [_of_group(group, report) for group in groups] if groups else _of_text(report)
    failed = [each for each in found if each is not None]
    if not failed:
        return None
    by_address: dict[str, Failed] = {}
    for each in failed:
        kept = by_address.setdefault(each.address.lower(), each)
        if kept.verdict != "hard" and each.verdict == "hard":
            by_address[each.address.lower()] = each
    return Bounce(tuple(by_address.values())[:RECIPIENTS], report.message_id)


def read_answer(address: str, answer: str, *, after_text: bool) -> Failed:
    """What a server's own 5xx answer says of the one recipient `address`; `after_text` when it came after DATA."""
    moment = "(in reply to end of DATA command)" if after_text else "(in reply to RCPT TO command)"
    return _judged(address, answer, "", False, moment)


def _of_group(fields: dict[str, str], report: Report) -> Failed | None:
    """One recipient of RFC 3464, 2.3; the transcript helps where the fields say nothing."""
    named = (
        _first_address(fields.get(f"{which}-recipient", "")) for which in ("original", "final", "x-actual")
    )
    address = next(filter(None, named), "") or next(iter(_candidates(report)), "")
    if not address:
        return None
    action = (fields.get("action", "").lower().split() or [""])[0]
    diagnostic = fields.get("diagnostic-code", "")
    status = (ENHANCED.findall(fields.get("status", "")) or [""])[0]
    if action in ("delivered", "relayed", "expanded", "deliverable") or status.startswith("2."):
        return Failed(address, "none", True, status, "", "delivered", _line(diagnostic))
    about = _about(address, report.words)
    judged = _judged(address, diagnostic or about, status, action == "delayed", report.words)
    category = _CATEGORIES.get(fields.get("x-powermta-bouncecategory", "").lower())
    if action == "failed" and category:
        judged = replace(judged, meaning=category, verdict="hard" if category in HARD else "soft")
    return replace(judged, final=True) if action == "failed" else judged


def _of_text(report: Report) -> list[Failed]:
    """The recipients of a report without fields, each with the words that stand by its address."""
    notified = _of_notification(report.words)
    if notified:
        return notified
    addresses = addresses_in(header(report.message, "X-Failed-Recipients"))
    temporary, permanent = _scanned(report.message)
    if any(each.lower() in report.words.lower() for each in [*temporary, *permanent]):
        temporary, permanent = (
            [each for each in found if each.lower() in report.words.lower()]
            for found in (temporary, permanent)
        )
    addresses = addresses or [*permanent, *temporary]
    looks = _looks_like_a_report(report)
    if not (looks or permanent or temporary):
        return []
    if looks:
        addresses += [one or other for one, other in _ANSWERED.findall(report.words)]
        addresses = addresses or _candidates(report)[:1]
    delayed = bool(temporary) and not permanent
    originals = dict.fromkeys(_before_forwarding(each, report.words) for each in addresses[:RECIPIENTS])
    return [
        _judged(
            each,
            _about(each, report.words) if len(originals) > 1 else report.words,
            "",
            delayed,
            report.words,
        )
        for each in originals
    ]


def _of_notification(words: str) -> list[Failed]:
    """The recipients of a notification by Amazon SES that came as mail: one JSON object (“notificationType”)."""
    try:
        told, _ = json.JSONDecoder().raw_decode(re.sub(r"\r?\n", "", words).strip())
        bounced = told["bounce"]["bouncedRecipients"]
        return [
            _judged(
                str(each["emailAddress"]),
                str(each.get("diagnosticCode", "")),
                str(each.get("status", "")),
                False,
                "",
            )
            for each in bounced[:RECIPIENTS]
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _candidates(report: Report) -> list[str]:
    """Addresses that may be the failed one when nothing says so: those named that are neither sender nor postmaster."""
    senders = report.senders
    found = dict.fromkeys(address.rstrip(".-") for address in ADDRESS.findall(report.words))
    named = [each for each in found if each.lower() not in senders and not _NOT_A_RECIPIENT.match(each)]
    return named or addresses_in("\n".join(re.findall(r"(?im)^to:(.*)$", report.returned)))


def _before_forwarding(address: str, text: str) -> str:
    """The address that was written to, when the report names the one it was forwarded to."""
    match = re.search(
        re.escape(address) + r">?\s*\((?:expanded|generated) from:? *<?([^\s<>()]+@[^\s<>()]+)", text
    )
    return match[1] if match else address


def _scanned(message: Message) -> tuple[list[str], list[str]]:
    """Temporarily and permanently failed addresses by the recognisers of flufl.bounce."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # its recognisers trip over malformed parts in too many ways to name
        return [], []
    return _plain(temporary), _plain(permanent)


def _plain(found: Iterable[bytes | str]) -> list[str]:
    texts = [each.decode("ascii", "replace") if isinstance(each, bytes) else str(each) for each in found]
    return sorted(text for text in texts if ADDRESS.fullmatch(text))


def _looks_like_a_report(report: Report) -> bool:
    sender = header(report.message, "From") + header(report.message, "Return-Path")
    return bool(
        re.search(r"mailer-?daemon|post-?master|mail delivery|daemon|mail ?system", sender, re.IGNORECASE)
        or header(report.message, "Return-Path") == "<>"
        or report.message.get("X-Failed-Recipients")
        or re.search(r"mail from:.{0,300}rcpt to:", report.words[:8000], re.IGNORECASE | re.DOTALL)
        or re.search(
            r"(?im)^\W*(could not be delivered|unable to deliver \w+|undeliverable) to\W", report.words[:8000]
        )
        or report.message.get_content_type() == "multipart/report"
        or re.search(
            r"undeliver|not deliver|delivery (has )?(status|fail|problem|delay|report)|returned (mail|to sender)|failure notice"
            r"|mail (delivery|could not)|could not be delivered|returning message|non[- ]delivery|error sending your mail",
            report.subject,
            re.IGNORECASE,
        )
    )


def _judged(address: str, answer: str, status: str, delayed: bool, words: str) -> Failed:
    """The verdict on one recipient, from the server's answer and, where that is silent, the report's own words."""
    answer = answer if answer.strip() else words
    status = status if ENHANCED.fullmatch(status) else ""
    inner, reply = codes(answer)
    if inner and (not status or status.endswith((".0.0", ".4.7"))):
        status = inner  # the reporter's own says nothing, or only that it gave up
    meaning = meaning_of_words(without_addresses(answer))
    if meaning == UNSAID:
        meaning = meaning_of_codes(status, reply)
    if meaning == UNSAID and answer is not words:
        meaning = meaning_of_words(without_addresses(words))
    temporary = delayed or status.startswith("4.") or (not status and reply.startswith("4"))
    command = command_before(address, words) or last_command(f"{words}\n{answer}")
    meaning = _corrected(meaning, status, temporary, answer, command)
    verdict: Verdict = "hard" if meaning in HARD and not delayed else "soft"
    return Failed(address, verdict, not temporary, status, reply, meaning, _line(answer))


def _corrected(meaning: str, status: str, temporary: bool, answer: str, command: str) -> str:
    """A meaning that the moment or the status of the answer gainsays.

    Who speaks after DATA is a filter, not the list of mailboxes; after MAIL it is about us. RFC 3463 keeps X.1.1 for
    an address that is not there, X.2 and X.7 for one that is. A gateway that passes on the bare words, with no code
    and no moment, does not tell which of the two it heard.
    """
    if meaning in HARD and command == "mail":
        return "sender refused"
    if meaning == NO_DOMAIN and temporary:
        return "network"
    if meaning == DISABLED and status.endswith(".1.1"):
        return NO_MAILBOX
    unknown = re.search(r"unknown user|user unknown|no such user", answer, re.IGNORECASE)
    told = bool(status or codes(answer)[1] or command)
    if meaning == NO_MAILBOX and not told and _PASSED_ON.search(answer):
        return FILTERED
    late = command == "data" or (status[1:4] in (".2.", ".7.") and command != "rcpt")
    bare = re.search(r"\b550 : user unknown", answer, re.IGNORECASE)
    if meaning == NO_MAILBOX and unknown and (late or bare) and not status.endswith(".1.1"):
        return FILTERED
    return meaning


def _about(address: str, text: str) -> str:
    """The words that stand by an address: from it to where the next one begins a line."""
    start = text.lower().find(address.lower())
    if start < 0:
        return ""
    rest = text[start + len(address) :]
    following = next(
        (
            m.start()
            for m in re.finditer(r"\n[\s<\"]{0,40}([^\s<>\"]{1,64}@[^\s<>\":]{1,255})", rest)
            if m[1].lower() != address.lower()
        ),
        len(rest),
    )
    return rest[: min(following, 2000)]


def _first_address(text: str) -> str:
    """The address in a field such as "rfc822; ada@example.org"; "" when it has none."""
    match = re.search(r"[^\s<>;\"]{1,200}@[a-z0-9.-]{1,255}", text.partition(";")[2] or text, re.IGNORECASE)
    return match[0].rstrip(".") if match else ""


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[:2000]).split())[:500]
