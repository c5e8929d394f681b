"""Reading complaints: a reader pressed “this is spam”, and the mailbox provider says so (ARF, RFC 5965).

Reports of failed authentication (RFC 6591) have the same form and are no complaint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

from daybreak.delivery.returns.reportparts import ADDRESS, Report, header, parts_of, text_of

NO_COMPLAINT = frozenset({"auth-failure", "not-spam", "dmarc"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a report says: whose mail, which mail, and the sender's feedback id ("" where it does not say)."""

    kind: str
    address: str
    message_id: str
    mail_from: str
    feedback_id: str


def read_complaint(message: Message) -> Complaint | None:
    """The complaint in a message, or None. Never raises, whatever the message holds."""
    parts = [part for part in parts_of(message) if part.get_content_type() == "message/feedback-report"]
    fields = _fields(text_of(parts[0])) if parts else {}
    old_form = not parts and header(message, "Subject").lower().startswith("complaint about message from ")
    if not (fields or old_form) or fields.get("feedback-type", "abuse") in NO_COMPLAINT:
        return None
    report = Report(message)
    returned = report.returned
    about = fields.get("original-rcpt-to") or _of(returned, "x-hmxmroriginalrecipient") or _of(returned, "to")
    address = ADDRESS.search(about)
    return Complaint(
        kind=fields.get("feedback-type", "abuse")[:20],
        address=address[0] if address else "",
        message_id=report.message_id,
        mail_from=(fields.get("original-mail-from") or _of(returned, "return-path")).strip(" <>"),
        feedback_id=_of(returned, "feedback-id")[:255],
    )


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip()[:500])
    return {
        "feedback-type": "abuse",
        **fields,
        **{k: v.lower() for k, v in fields.items() if k == "feedback-type"},
    }


def _of(returned: str, name: str) -> str:
    match = re.search(rf"^{name}:(.*)$", returned, re.IGNORECASE | re.MULTILINE)
    return match[1].strip() if match else ""
