"""Corrections: what an edition got wrong and what is right, said when it is approved anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.desk.models import Correction, Edition
from daybreak.desk.prose import tidy_line

LONGEST_NOTE = 600


@dataclass(frozen=True, slots=True)
class Erratum:
    """A correction to be: the brief's slug ("" for the edition as a whole) and what was wrong and what is right.

    `by_mail` has it go to everybody who was handed the error.
    """

    slug: str
    note: str
    by_mail: bool = False


def approved_before(edition: Edition) -> bool:
    """Whether an earlier approval may have brought an error to readers."""
    return JournalEntry.objects.filter(subject=str(edition), act="edition approved").exists()


def publish(edition: Edition, erratum: Erratum, *, by: str, at: dt.datetime) -> Correction:
    """Record a correction with the approval of `at` that carries it; call it inside the approval's transaction.

    Raises Misused for a note that is empty or too long, Refused for a brief that the edition has not, or when the
    edition was never approved before, so that nobody can have the error.
    """
    note = tidy_line(erratum.note)
    if not note or len(note) > LONGEST_NOTE:
        raise Misused(
            f"A correction says what was wrong and what is right, in at most {LONGEST_NOTE} characters."
        )
    if not approved_before(edition):
        raise Refused(
            f"The edition of {edition.date} was never approved before, so nobody has an error: leave the note out."
        )
    if erratum.slug and not edition.briefs.filter(slug=erratum.slug).exists():
        known = ", ".join(edition.briefs.values_list("slug", flat=True))
        raise Refused(f"The edition of {edition.date} has no brief “{erratum.slug[:80]}”: it has {known}.")
    return Correction.objects.create(
        edition=edition, slug=erratum.slug, note=note, by=by, at=at, by_mail=erratum.by_mail
    )
