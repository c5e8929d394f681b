"""The life of an edition: started or imported, written (see `briefs.py`), approved by a named person, reopened.

One transition, one function: a conditional update and a line in the journal in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from django.db import IntegrityError, transaction

from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused
from daybreak.common.zones import first_instant, zone_of
from daybreak.desk.briefs import Draft, lock_open, write_brief
from daybreak.desk.calendar import Calendar, the_calendar
from daybreak.desk.checking import SentenceCheck
from daybreak.desk.citing import checks_of, write_citations
from daybreak.desk.correcting import Erratum, publish
from daybreak.desk.editionfile import read_edition
from daybreak.desk.manuscript import BriefCopy, Citation, Manuscript, Role, SectionCopy, StandingSection
from daybreak.desk.models import Brief, Edition, Section
from daybreak.desk.prose import citations_in, dangling_links, read_body, tidy_line
from daybreak.wire.models import Story

_FIRST_ZONE = "Pacific/Auckland"  # of the zones where many readers live, morning comes here first


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an edition cannot be approved, in a sentence; `brief` and `number` (from 1) say where, if anywhere."""

    sentence: str
    brief: int | None = None
    number: int | None = None


class NotReady(Refused):
    """The edition cannot be approved; `hindrances` lists everything to mend."""

    def __init__(self, edition: Edition, hindrances: list[Hindrance]) -> None:
        self.hindrances = hindrances
        listed = " ".join(hindrance.sentence for hindrance in hindrances)
        super().__init__(f"The edition of {edition.date} cannot be approved yet. {listed}")


def first_morning(date: dt.date, calendar: Calendar | None = None) -> dt.datetime:
    """When the first readers open the edition of `date`: 06:00 in Auckland on the day it goes out, in UTC."""
    out = (calendar or the_calendar()).outgoing(date)
    return first_instant(dt.datetime.combine(out, dt.time(6)), zone_of(_FIRST_ZONE))


def next_date(at: dt.datetime) -> dt.date:
    """The date of the next edition: the first day with a paper whose first morning is still to come."""
    calendar = the_calendar()
    date = calendar.outgoing(at.date())
    while first_morning(date, calendar) <= at:
        date = calendar.following(date)
    return date


def edition_of(date: dt.date) -> Edition:
    """The edition of `date`. Raises Refused when there is none."""
    edition = Edition.objects.filter(date=date).first()
    if edition is None:
        raise Refused(f"There is no edition of {date}: start it with `daybreak edition new {date}`.")
    return edition


def role_of(section: Section) -> Role:
    """How a section is set, as the manuscript says it."""
    return cast(Role, section.role)


def standing_sections() -> list[StandingSection]:
    """The paper's sections in standing order."""
    return [StandingSection(section.name, role_of(section)) for section in Section.objects.all()]


@transaction.atomic
def start(date: dt.date, at: dt.datetime, by: str) -> Edition:
    """An empty open edition. Raises Refused when that date already has one, Misused when it is out of reach."""
    _refuse_far(date)
    try:
        with transaction.atomic():
            edition = Edition.objects.create(date=date, created_at=at)
    except IntegrityError as error:
        raise Refused(f"There already is an edition of {date}: open that one.") from error
    note("edition started", str(edition), by=by, at=at)
    return edition


def import_file(text: str, at: dt.datetime, by: str) -> Edition:
    """Take in an edition file. Raises EditionFileError, or Refused when the edition of its date is approved."""
    return replace_with(read_edition(text, standing_sections()), at, by)


@transaction.atomic
def replace_with(manuscript: Manuscript, at: dt.datetime, by: str) -> Edition:
    """Make the open edition of the manuscript's date say what `manuscript` says, creating it when there is none.

    Briefs are known again by their slug and keep their history; those not in the manuscript are taken out, all
    or nothing. Raises Refused when the edition is approved.
    """
    _refuse_far(manuscript.date)
    edition, _ = Edition.objects.get_or_create(date=manuscript.date, defaults={"created_at": at})
    lock_open(edition.pk)
    edition.title, edition.standfirst = manuscript.title, manuscript.standfirst
    edition.save(update_fields=["title", "standfirst"])
    standing = {section.name: section for section in Section.objects.all()}
    slugs = [brief.slug for brief in manuscript.briefs()]
    edition.briefs.exclude(slug__in=slugs).update(removed_at=at)
    for section in manuscript.sections:
        for position, copy in enumerate(section.briefs, start=1):
            _put_copy(edition, standing[section.name], position, copy, at=at, by=by)
    note("edition imported", str(edition), by=by, at=at, briefs=slugs)
    return edition


def _refuse_far(date: dt.date) -> None:
    if not 1900 <= date.year < 2200:
        raise Misused(f"{date} is too far away for a paper: write a year from 1900 to 2199.")


def _put_copy(
    edition: Edition, section: Section, position: int, copy: BriefCopy, *, at: dt.datetime, by: str
) -> None:
    draft = Draft(copy.headline, copy.body, copy.places, copy.author, copy.slug)
    brief, _ = Brief.objects.get_or_create(
        edition=edition,
        slug=copy.slug,
        defaults={"section": section, "position": position, "updated_at": at, "updated_by": by},
    )
    linked = {source.url for source in citations_in(copy.body)}
    listed = [source.url for source in copy.sources if source.url not in linked]
    brief = write_brief(brief, draft, listed, at=at, by=by)
    Brief.objects.filter(pk=brief.pk).update(section=section, position=position)
    write_citations(brief, listed)


@transaction.atomic
def set_head(edition: Edition, title: str, standfirst: str, at: dt.datetime, by: str) -> None:
    """Change an open edition's title and standfirst. Raises Refused when it is approved or the title too long."""
    lock_open(edition.pk)
    title, standfirst = tidy_line(title), tidy_line(standfirst)
    if len(title) > 200 or len(standfirst) > 2000:
        raise Refused("A title has at most 200 characters and a standfirst 2,000: shorten it.")
    changed = Edition.objects.filter(pk=edition.pk).exclude(title=title, standfirst=standfirst)
    if changed.update(title=title, standfirst=standfirst):
        note("edition titled", str(edition), by=by, at=at, title=title)


@transaction.atomic
def approve(edition: Edition, by: str, at: dt.datetime, erratum: Erratum | None = None) -> Edition:
    """Close an edition in the name of `by`, so that the press may take it.

    Approved anew, it may say with `erratum` what its readers got wrong; without one it is changed silently. Raises NotReady with every hindrance, Refused when it is approved already, Misused when nobody is named.
    """
    by = tidy_line(by)
    if not by or len(by) > 120:
        raise Misused("An edition is approved by name: say whose, in at most 120 characters.")
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state == Edition.State.APPROVED:
        raise Refused(f"The edition of {locked.date} was approved by {locked.approved_by} already.")
    if found := hindrances(locked):
        raise NotReady(locked, found)
    moved = Edition.objects.filter(pk=edition.pk, state=Edition.State.OPEN).update(
        state=Edition.State.APPROVED, approved_at=at, approved_by=by
    )
    if not moved:
        raise Refused(f"The edition of {locked.date} is no longer open.")
    corrects = publish(locked, erratum, by=by, at=at) if erratum else None
    said = {"correction": corrects.note, "by_mail": corrects.by_mail} if corrects else {}
    note("edition approved", str(locked), by=by, at=at, **said)
    edition.refresh_from_db()
    return edition


@transaction.atomic
def reopen(edition: Edition, by: str, at: dt.datetime) -> Edition:
    """Open an approved edition again; what was printed stays printed. Raises Refused when it is open."""
    by = tidy_line(by)
    if not by:
        raise Misused("An edition is reopened by name: say whose.")
    moved = Edition.objects.filter(pk=edition.pk, state=Edition.State.APPROVED).update(
        state=Edition.State.OPEN, approved_at=None, approved_by=""
    )
    if not moved:
        raise Refused(f"The edition of {edition.date} is open already.")
    note("edition reopened", str(edition), by=by, at=at)
    edition.refresh_from_db()
    return edition


def manuscript_of(edition: Edition) -> Manuscript:
    """An edition as values, in running order; a section without briefs is left out."""
    held: dict[int, list[BriefCopy]] = {}
    for brief in edition.briefs.prefetch_related("citations"):
        held.setdefault(brief.section_id, []).append(copy_of(brief))
    sections = tuple(
        SectionCopy(section.name, role_of(section), tuple(held[section.pk]))
        for section in Section.objects.all()
        if section.pk in held
    )
    return Manuscript(edition.date, edition.title, edition.standfirst, sections)


def copy_of(brief: Brief) -> BriefCopy:
    """A brief as values."""
    return BriefCopy(
        slug=brief.slug,
        headline=brief.headline,
        body=brief.body,
        places=tuple(brief.places),
        author=brief.author,
        sources=tuple(Citation(row.url, row.source) for row in brief.citations.all()),
    )


def check_edition(edition: Edition) -> list[SentenceCheck]:
    """What every sentence of an edition rests on, in reading order."""
    return checks_of(edition, manuscript_of(edition))


def check_brief(brief: Brief) -> list[SentenceCheck]:
    """What every sentence of one brief rests on."""
    alone = SectionCopy(brief.section.name, role_of(brief.section), (copy_of(brief),))
    return checks_of(brief.edition, Manuscript(brief.edition.date, sections=(alone,)))


def hindrances(edition: Edition, checks: list[SentenceCheck] | None = None) -> list[Hindrance]:
    """Everything that stands between an edition and its approval; `checks` saves checking it again."""
    briefs = list(edition.briefs.select_related("section"))
    if not briefs:
        return [Hindrance("The edition is empty: write at least the lead.")]
    found = []
    if not any(brief.section.role == Section.Role.LEAD for brief in briefs):
        found.append(Hindrance("The edition has no lead: move a brief into its first section."))
    by_slug: dict[str, list[SentenceCheck]] = {}
    for checked in check_edition(edition) if checks is None else checks:
        by_slug.setdefault(checked.brief, []).append(checked)
    for brief in briefs:
        found += _hindrances_in(brief, by_slug.get(brief.slug, []))
    return found


def _hindrances_in(brief: Brief, checks: list[SentenceCheck]) -> list[Hindrance]:
    name = f"“{brief}”"
    found = []
    if not brief.headline:
        found.append(Hindrance(f"The brief {name} has no headline: write one.", brief.pk))
    if not read_body(brief.body):
        found.append(Hindrance(f"{name} has no text: write it or take it out.", brief.pk))
    for linked in dangling_links(brief.body):
        found.append(
            Hindrance(f"In {name}, “{linked}” is linked to nothing: give the article’s address.", brief.pk)
        )
    for checked in checks:
        if checked.blocks:
            words = checked.text if len(checked.text) <= 80 else checked.text[:77].rsplit(" ", 1)[0] + " …"
            sentence = f"In {name}, sentence {checked.number} ({words}): {checked.reason}"
            found.append(Hindrance(sentence, brief.pk, checked.number))
    return found


@transaction.atomic
def put_aside(story: Story, aside_at: dt.datetime | None, *, at: dt.datetime, by: str) -> None:
    """Take a story out of everybody's budget as of `aside_at`, or with None put it back."""
    Story.objects.filter(pk=story.pk).update(spiked_at=aside_at)
    note("story put aside" if aside_at else "story put back", f"story {story.pk}", by=by, at=at)
