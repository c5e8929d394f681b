"""The press run: an approved edition becomes all its renditions, or none of them.

Everything is rendered from the frozen manuscript first, then stored as files, and only then do the rows that make
the run exist come in one transaction. A crash before that leaves files that nobody points to, never half a run.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef

from daybreak.common.models import note
from daybreak.common.refusal import Refused
from daybreak.desk.calendar import EVERY_WEEKDAY, Calendar, the_calendar
from daybreak.desk.editions import manuscript_of
from daybreak.desk.manuscript import Manuscript
from daybreak.desk.models import Correction, Edition
from daybreak.press.failing import has_just_failed
from daybreak.press.feeds import feed_items
from daybreak.press.id3 import Tags
from daybreak.press.mail import mails
from daybreak.press.models import PressRun, PrintedBrief, Rendition
from daybreak.press.pages import Paper, audio_bar, headlines_bar, pages
from daybreak.press.recording import Recording, podcast_chapters, record
from daybreak.press.renditions import Draft
from daybreak.press.script import script, taste_script
from daybreak.press.typesetting import SetEdition, set_edition
from daybreak.press.voice import Voice

Progress = Callable[[str], None]


class NotApproved(Refused):
    """The edition has not been approved, or was reopened while it was being pressed."""


def press(
    edition: Edition,
    *,
    paper: Paper,
    voice: Callable[[], AbstractContextManager[Voice]],
    at: dt.datetime,
    by: str,
    progress: Progress = lambda _: None,
) -> PressRun:
    """Press an approved edition and return its run; the same approval pressed again gives the run it already has.

    Raises NotApproved, VoiceError, and Refused when a rendition cannot be made.
    """
    if edition.state != Edition.State.APPROVED or edition.approved_at is None:
        raise NotApproved(f"The edition of {edition.date} is not approved yet: approve it by name first.")
    if done := edition.press_runs.filter(approved_at=edition.approved_at).first():
        return done
    rendered = render(
        manuscript_of(edition),
        paper=paper,
        voice=voice,
        previous=_printed_before(edition.date),
        calendar=the_calendar(),
        corrections=edition.corrections.filter(at__lte=edition.approved_at),
        at=at,
        progress=progress,
    )
    progress("Storing the run")
    return store(edition, rendered, at=at, by=by)


@dataclass(frozen=True, slots=True)
class Rendered:
    """All that a run will hold, before any of it is stored."""

    manuscript: Manuscript
    edition: SetEdition
    drafts: tuple[Draft, ...]


def render(
    manuscript: Manuscript,
    *,
    paper: Paper,
    voice: Callable[[], AbstractContextManager[Voice]],
    previous: dt.date | None,
    at: dt.datetime,
    calendar: Calendar = EVERY_WEEKDAY,
    corrections: Iterable[Correction] = (),
    progress: Progress = lambda _: None,
) -> Rendered:
    """Every rendition of a manuscript, touching neither database nor storage."""
    progress("Reading it aloud")
    words, tags = {"paper": paper.name, "site_url": paper.site_url}, _tags(manuscript, paper)
    with voice() as speaker:
        whole = record(script(manuscript, **words), speaker, tags)
        taste = record(taste_script(manuscript, **words), speaker, tags)
    progress("Setting pages, mail and feeds")
    edition = set_edition(
        manuscript,
        site_url=paper.site_url,
        previous=previous,
        listening_seconds=whole.duration,
        calendar=calendar,
        corrections=corrections,
    )
    return Rendered(manuscript, edition, tuple(_renditions(edition, paper, whole, taste, at)))


def _tags(manuscript: Manuscript, paper: Paper) -> Tags:
    return Tags(
        title=manuscript.title or next(manuscript.briefs()).headline,
        artist=paper.name,
        album=paper.name,
        date=manuscript.date,
    )


def _printed_before(day: dt.date) -> dt.date | None:
    before = PressRun.objects.filter(edition__date__lt=day).order_by("-edition__date").first()
    return before.edition.date if before else None


def _renditions(
    edition: SetEdition, paper: Paper, whole: Recording, taste: Recording, at: dt.datetime
) -> Iterator[Draft]:
    bar = audio_bar(edition, whole)
    yield from pages(edition, paper, bar, headlines_bar(edition, taste))
    yield from mails(edition, paper, bar)
    yield from feed_items(edition, whole, taste, at)
    facts = {"duration": round(whole.duration, 3), "loudness": round(whole.loudness, 2)}
    yield Draft("edition.mp3", "audio/mpeg", whole.mp3, facts)
    yield Draft("taste.mp3", "audio/mpeg", taste.mp3, {"duration": round(taste.duration, 3)})
    timings = [{"s": t.sentence, "start": round(t.start, 2), "end": round(t.end, 2)} for t in whole.timings]
    yield Draft("timings.json", "application/json", json.dumps(timings).encode(), {})
    yield Draft("chapters.json", "application/json+chapters", podcast_chapters(whole.chapters).encode(), {})
    yield Draft("transcript.vtt", "text/vtt; charset=utf-8", whole.webvtt.encode(), {})


def store(edition: Edition, rendered: Rendered, *, at: dt.datetime, by: str) -> PressRun:
    """Keep what was rendered: the files, then the rows. Raises NotApproved, OSError; leaves nothing when it does."""
    folder = f"{edition.date:%Y/%m/%d}/{uuid.uuid4()}"
    storage = storages["press"]
    paths: dict[str, str] = {}
    try:
        for draft in rendered.drafts:
            paths[draft.name] = storage.save(f"{folder}/{draft.name}", ContentFile(draft.data))
        return _record_run(edition, rendered, paths, at=at, by=by)
    except BaseException:
        for path in paths.values():
            storage.delete(path)
        raise


def _record_run(
    edition: Edition, rendered: Rendered, paths: dict[str, str], *, at: dt.datetime, by: str
) -> PressRun:
    assert edition.approved_at is not None
    try:
        with transaction.atomic():
            still = Edition.objects.select_for_update().filter(
                pk=edition.pk, state=Edition.State.APPROVED, approved_at=edition.approved_at
            )
            if not still.exists():
                raise NotApproved(
                    f"The edition of {edition.date} was reopened while it was pressed: approve it again."
                )
            last = edition.press_runs.aggregate(last=Max("number"))["last"] or 0
            run = PressRun.objects.create(
                edition=edition,
                number=last + 1,
                manuscript=rendered.manuscript.to_json(),
                approved_at=edition.approved_at,
                pressed_at=at,
                pressed_by=by,
            )
            Rendition.objects.bulk_create(_row(run, draft, paths[draft.name]) for draft in rendered.drafts)
            PrintedBrief.objects.bulk_create(_printed(run, rendered.edition))
            note("press", f"edition {edition.date}", by=by, at=at, run=run.number, renditions=len(paths))
            return run
    except IntegrityError as error:
        raise Refused(
            f"The edition of {edition.date} was pressed by somebody else at the same time."
        ) from error


def _row(run: PressRun, draft: Draft, path: str) -> Rendition:
    return Rendition(
        run=run,
        name=draft.name,
        media_type=draft.media_type,
        path=path,
        size=len(draft.data),
        sha256=hashlib.sha256(draft.data).hexdigest(),
        facts=draft.facts,
    )


def _printed(run: PressRun, edition: SetEdition) -> Iterator[PrintedBrief]:
    for section in edition.sections:
        for brief in section.briefs:
            yield PrintedBrief(
                run=run,
                position=brief.first_sentence,
                slug=brief.slug,
                headline=brief.headline,
                section=section.name,
                text=brief.plain,
            )


def editions_due(at: dt.datetime) -> list[Edition]:
    """Approved editions whose approval has not been printed: what the press has to do at `at`.

    One that has just failed waits a minute.
    """
    printed = PressRun.objects.filter(edition=OuterRef("pk"), approved_at=OuterRef("approved_at"))
    approved = Edition.objects.filter(state=Edition.State.APPROVED)
    due = approved.filter(~Exists(printed)).order_by("date")
    return [edition for edition in due if not has_just_failed(edition, at)]
