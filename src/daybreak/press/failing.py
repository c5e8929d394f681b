"""What the press could not print, and why: lines of the journal, so that the desk can show them."""

from __future__ import annotations

import datetime as dt

from daybreak.common.models import JournalEntry, note
from daybreak.desk.models import Edition

RETRIED_AFTER = dt.timedelta(minutes=1)
_ACT = "press failed"


def note_failure(edition: Edition, error: Exception, at: dt.datetime) -> None:
    """Write down why `edition` was not printed at `at`."""
    why = f"Its files cannot be stored ({error}): mend that." if isinstance(error, OSError) else str(error)
    note(_ACT, f"edition {edition.date}", by="the clock", at=at, why=why)


def failure_of(edition: Edition) -> JournalEntry | None:
    """The latest failure to print what is approved now; None when there was none."""
    failures = JournalEntry.objects.filter(act=_ACT, subject=f"edition {edition.date}")
    return failures.filter(at__gte=edition.approved_at).last()


def has_just_failed(edition: Edition, at: dt.datetime) -> bool:
    """Whether it is too early to try again at `at`: a full disk must not have the voice read without a pause."""
    failure = failure_of(edition)
    return failure is not None and failure.at <= at < failure.at + RETRIED_AFTER
