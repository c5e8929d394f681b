"""The journal: who did what, when. Rows are only ever added, in the transaction of the act they tell of."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models


class JournalEntry(models.Model):
    """One act. `subject` names what it was done to ("edition 2022-05-06"), `by` the person or "the clock"."""

    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, db_index=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by} {self.act} {self.subject}"


def note(act: str, subject: str, *, by: str, at: dt.datetime, **detail: Any) -> JournalEntry:
    """Write an act into the journal; call it inside the act's own transaction."""
    return JournalEntry.objects.create(act=act, subject=subject, by=by, at=at, detail=detail)
