"""Finding what was pressed: the run that counts and the bytes it stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import storages
from django.db.models import F, Max, QuerySet

from daybreak.desk.models import Edition
from daybreak.press.models import PressRun, Rendition


@dataclass(frozen=True, slots=True)
class Draft:
    """A rendition before it is stored."""

    name: str
    media_type: str
    data: bytes
    facts: dict[str, Any]


def current_runs() -> QuerySet[PressRun]:
    """The run that counts of each edition (its latest), newest edition first."""
    return (
        PressRun.objects.annotate(latest=Max("edition__press_runs__number"))
        .filter(number=F("latest"))
        .select_related("edition")
        .order_by("-edition__date")
    )


def current_run(edition: Edition) -> PressRun | None:
    """The latest press run of an edition, None when it was never pressed."""
    return edition.press_runs.select_related("edition").order_by("-number").first()


def run_of(day: dt.date) -> PressRun | None:
    """The latest press run of the edition of `day`."""
    return PressRun.objects.select_related("edition").filter(edition__date=day).order_by("-number").first()


def rendition(run: PressRun, name: str) -> Rendition:
    """A rendition of a run by name. Raises Rendition.DoesNotExist."""
    return run.renditions.get(name=name)


def stored(run: PressRun, name: str) -> bytes:
    """The bytes of a rendition as they were pressed. Raises Rendition.DoesNotExist, OSError."""
    return read(rendition(run, name))


def read(printed: Rendition) -> bytes:
    """The bytes of a rendition. Raises OSError when the storage has lost them."""
    with storages["press"].open(printed.path) as file:
        return bytes(file.read())
