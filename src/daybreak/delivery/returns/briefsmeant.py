"""Which brief a reply is about: by the subject that our own link gave it, else by what it quotes.

What is not clear stays open: an editor says it on the reply's page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import F

from daybreak.circulation.models import Reader
from daybreak.delivery.models import Delivery
from daybreak.delivery.returns.quoting import Printed, only_one_in, words_of
from daybreak.desk.models import Brief, Edition
from daybreak.press.models import PressRun, PrintedBrief
from daybreak.press.renditions import current_run
from daybreak.press.writingin import brief_named_in


def brief_meant(
    subject: str, quotation: str, delivery: Delivery | None, reader: Reader | None
) -> Brief | None:
    """The brief that a reply is about; `delivery` is the mail that it answers, when it answers one."""
    headline, day = brief_named_in(subject)
    by_subject = _named_on(day, headline) if day else None
    if by_subject is None and not delivery:
        by_subject = _named_anywhere(headline, reader)
    if by_subject or not delivery:
        return by_subject
    if delivery.correction is not None:  # a letter about one brief
        return _brief(delivery.edition, delivery.correction.slug)
    return _quoted(quotation, delivery)


def _named_on(day: dt.date, headline: str) -> Brief | None:
    """The brief with a headline in the edition of a day, as any run printed it."""
    printed = PrintedBrief.objects.filter(run__edition__date=day).order_by("run__number")
    slug = _slug_named(headline, printed.values_list("slug", "headline"))
    edition = Edition.objects.filter(date=day).first()
    return _brief(edition, slug) if edition and slug else None


def _slug_named(headline: str, printed: Iterable[tuple[str, str]]) -> str:
    """The slug of what is called `headline`; else of the longest headline in it, for a reader may add words."""
    named = words_of(headline)
    inside = {(words_of(each), slug) for slug, each in printed if _stands_in(words_of(each), named)}
    longest = max((len(words) for words, _ in inside), default=0)
    slugs = {slug for words, slug in inside if len(words) == longest}
    return slugs.pop() if len(slugs) == 1 else ""


def _stands_in(words: Sequence[str], text: Sequence[str]) -> bool:
    length = len(words)
    return bool(words) and any(
        text[place : place + length] == words for place in range(len(text) - length + 1)
    )


def _named_anywhere(headline: str, reader: Reader | None) -> Brief | None:
    """The brief with exactly this headline: of the latest edition that the reader was handed, else of the latest.

    None when an edition's mail has this subject: then the whole of it is answered.
    """
    printed = PrintedBrief.objects.filter(headline__iexact=headline).select_related("run__edition")
    found = list(printed.order_by("run__edition__date", "run__number"))
    if not found or any(words_of(_subject_of(each.run)) == words_of(headline) for each in found):
        return None
    slugs = {each.run.edition: each.slug for each in found}  # of each edition the latest run's
    had = Delivery.objects.filter(
        reader=reader, edition__in=slugs, state=Delivery.State.HANDED_OVER, correction=None
    )
    own = had.order_by("-edition__date").select_related("edition").first() if reader else None
    edition = own.edition if own else found[-1].run.edition
    return _brief(edition, slugs[edition])


def _subject_of(run: PressRun) -> str:
    """The subject of the mail of a run, as `press/mail.py` chooses it."""
    lead = run.printed_briefs.first()
    return str(run.manuscript.get("title") or (lead.headline if lead else ""))


def _quoted(quotation: str, delivery: Delivery) -> Brief | None:
    """The only brief of the edition, as the reader was handed it, of which something is quoted."""
    run = delivery.run or current_run(delivery.edition)
    if run is None or not quotation:
        return None
    printed = run.printed_briefs.values_list("slug", "headline", "text")
    return _brief(delivery.edition, only_one_in(quotation, [Printed(*each) for each in printed]))


def _brief(edition: Edition, slug: str) -> Brief | None:
    """The desk's brief of a printed one: the one that stands, else the last that was taken out."""
    kept = Brief.kept.filter(edition=edition, slug=slug) if slug else Brief.kept.none()
    return kept.order_by(F("removed_at").desc(nulls_first=True)).first()
