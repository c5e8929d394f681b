"""The edition as a mail, HTML and text, with tokens where delivery splices what is each reader's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import css_inline
from django.template.loader import render_to_string

from daybreak.common.refusal import Refused
from daybreak.press.pages import AudioBar, Paper
from daybreak.press.renditions import Draft
from daybreak.press.typesetting import SetEdition

# Gmail cuts a mail's HTML off at 102 kB and hides the unsubscribe link with the rest.
MOST_BYTES = 102_000


def page_of(template: str, context: Mapping[str, object]) -> str:
    """The HTML of a mail whose template extends `press/mail_frame.html`, with its styles where mail programs read them."""
    page = render_to_string(template, dict(context))
    return css_inline.CSSInliner(load_remote_stylesheets=False).inline(page)


def mails(edition: SetEdition, paper: Paper, audio: AudioBar) -> Iterator[Draft]:
    """The two parts of the mail. Raises Refused when the HTML is larger than mailboxes show whole."""
    context = {"paper": paper, "edition": edition, "audio": audio, "full": True}
    html = page_of("press/mail.html", context)
    if len(html.encode()) > MOST_BYTES:
        raise Refused(
            f"The mail of {edition.dateline} would be {len(html.encode()) // 1000} kB and mailboxes cut it at 102 kB: "
            "shorten the edition."
        )
    subject = edition.title or edition.lead.headline
    yield Draft("mail.html", "text/html; charset=utf-8", html.encode(), {"subject": subject})
    yield Draft(
        "mail.txt", "text/plain; charset=utf-8", render_to_string("press/mail.txt", context).encode(), {}
    )
