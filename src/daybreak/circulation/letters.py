"""Letters as bytes: a notice, its code and its link set as text and HTML mail (RFC 5322, 2045)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.template.loader import render_to_string

from daybreak.circulation.models import Notice


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the paper's name, its bare address for mail, and the site's address without a slash at the end."""

    paper_name: str
    sender: str
    base_url: str


_SUBJECTS = {
    Notice.Kind.CONFIRM: "Confirm your address for {paper}",
    Notice.Kind.SIGN_IN: "Your way in to {paper}",
    Notice.Kind.WELCOME_BACK: "You are already with {paper}",
}


def letter(notice: Notice, head: Letterhead, code: str, link_token: str, at: dt.datetime) -> bytes:
    """The mail for `notice` (its reader loaded), with CRLF line ends, all ASCII, dated `at`.

    A retry has the same Message-ID, so that a mailbox which got both may show one; either code works.
    """
    context = {
        "kind": notice.kind,
        "paper_name": head.paper_name,
        "code": code,
        "link": f"{head.base_url}/sign-in/link/{link_token}/",
    }
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=_one_line(head.paper_name), addr_spec=head.sender)
    mail["To"] = Address(addr_spec=notice.reader.email)
    mail["Subject"] = _one_line(_SUBJECTS[Notice.Kind(notice.kind)].format(paper=head.paper_name))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{notice.pk}@{head.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
    mail.set_content(
        render_to_string("circulation/letter.txt", context).strip() + "\n", cte="quoted-printable"
    )
    html = render_to_string("circulation/letter.html", context).strip() + "\n"
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def _one_line(text: str) -> str:
    return " ".join(text.split())
