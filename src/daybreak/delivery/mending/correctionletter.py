"""The mail of a correction: what was wrong in the edition that the reader has, what is right, and who says so."""

from __future__ import annotations

from django.template.loader import render_to_string

from daybreak.common.clock import long_date
from daybreak.common.config import Config
from daybreak.delivery.letters import Letter, compose
from daybreak.desk.models import Correction
from daybreak.press.mail import page_of
from daybreak.press.models import PressRun
from daybreak.press.pages import Paper
from daybreak.press.typesetting import edition_path


def correction_letter(correction: Correction, run: PressRun, config: Config) -> Letter:
    """The letter of a correction to an edition whose current run is `run`; it leads to the brief as it is now."""
    printed = run.printed_briefs.filter(slug=correction.slug).first() if correction.slug else None
    path = edition_path(correction.edition.date)
    context = {
        "paper": Paper(config.paper_name, config.site_url),
        "dateline": long_date(correction.edition.date),
        "headline": printed.headline if printed else "",
        "note": correction.note,
        "by": correction.by,
    }
    return compose(
        subject=f"Correction: {printed.headline if printed else context['dateline']}",
        text=render_to_string("delivery/correction.txt", context).encode(),
        page=page_of("delivery/correction.html", context).encode(),
        path=f"{path}{printed.slug}/" if printed else path,
        config=config,
        feedback=(str(correction.edition.date), str(correction.pk), "correction"),
    )
