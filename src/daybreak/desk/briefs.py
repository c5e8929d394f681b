"""The life of a brief: written, cited, moved, taken out and put back, and its sentences signed off.

Every act locks the edition, so it happens while the edition is open or not at all, and is noted in the journal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F, Max, Q

from daybreak.common.models import JournalEntry, note
from daybreak.common.refusal import Misused, Refused
from daybreak.desk.checking import sentence_key
from daybreak.desk.citing import listed_in, write_citations
from daybreak.desk.editionfile import BODY_LIMIT, free_slug
from daybreak.desk.models import Brief, EarlierBrief, Edition, Section, SignOff
from daybreak.desk.prose import is_web_address, sentences_of, tidy_body, tidy_line
from daybreak.wire.lives.regrouping import living
from daybreak.wire.models import Article, Story

SITTING = dt.timedelta(
    minutes=5
)  # saves of one person within it are one change, so that typing leaves one version


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor wrote; `places` are ISO 3166-1 alpha-2 codes, an empty `slug` lets it follow the headline."""

    headline: str
    body: str
    places: tuple[str, ...] = ()
    author: str = ""
    slug: str = ""


class StaleBrief(Refused):
    """Somebody else saved this brief in the meantime; `theirs` is how it stands now."""

    def __init__(self, theirs: Brief) -> None:
        self.theirs = theirs
        super().__init__(
            f"{theirs.updated_by or 'Somebody'} saved this brief at {theirs.updated_at:%H:%M:%S} UTC, so yours was "
            "not saved: copy what you need, then load the brief again."
        )


def lock_open(edition_id: int) -> Edition:
    """The edition, locked until the transaction ends. Raises Refused when it is approved."""
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if edition.state != Edition.State.OPEN:
        raise Refused(f"The edition of {edition.date} is approved: reopen it before changing it.")
    return edition


@transaction.atomic
def add_brief(
    edition: Edition,
    section: Section,
    *,
    at: dt.datetime,
    by: str,
    headline: str = "",
    story: Story | None = None,
) -> Brief:
    """A new brief at the end of `section`, without text. Raises Refused when the edition is approved."""
    lock_open(edition.pk)
    headline = tidy_line(headline)[:200]
    brief = Brief.objects.create(
        edition=edition,
        section=section,
        position=_next_position(edition, section),
        headline=headline,
        slug=free_slug(headline, _slugs(edition)),
        story=story,
        updated_at=at,
        updated_by=by,
    )
    note("brief added", str(edition), by=by, at=at, brief=brief.slug, story=str(story.pk) if story else None)
    return brief


@transaction.atomic
def add_brief_from_story(edition: Edition, section: Section, story: Story, at: dt.datetime, by: str) -> Brief:
    """A brief on `story`: its headline as a suggestion, its independent articles as sources, no text yet.

    Raises Refused when the edition is approved or already has a brief on the story.
    """
    story = living(story.pk) or story
    same = Q(story=story) | Q(story__merged_into=story)
    if (written := edition.briefs.filter(same).first()) is not None:
        raise Refused(f"The edition already has a brief on this story, “{written}”: open that one.")
    brief = add_brief(edition, section, at=at, by=by, headline=story.headline, story=story)
    write_citations(brief, story.articles.filter(original=None).values_list("url", flat=True))
    return brief


@transaction.atomic
def save_brief(
    brief: Brief, draft: Draft, *, revision: int, at: dt.datetime, by: str, keep_theirs: bool = False
) -> Brief:
    """Save what an editor wrote over `revision` of a brief; saying nothing new saves nothing.

    `keep_theirs` keeps the version written over even when the same person wrote it a minute ago in another window.
    Raises StaleBrief when somebody saved in between, Refused when the edition is approved or the text too long.
    """
    lock_open(brief.edition_id)
    before = Brief.kept.select_related("edition").get(pk=brief.pk)
    if before.removed_at is not None:
        raise Refused("This brief was taken out of the edition: put it back before saving it.")
    if before.revision != revision:
        raise StaleBrief(before)
    return write_brief(before, _tidied(draft), listed_in(before), at=at, by=by, keep=keep_theirs)


def write_brief(
    brief: Brief, draft: Draft, listed: Sequence[str], *, at: dt.datetime, by: str, keep: bool = True
) -> Brief:
    """Write `draft` into a brief of a locked edition and recompute its citations; keeps the earlier
    version, unless `keep` is off and the same person changed it in this sitting.
    """
    slug = draft.slug or _slug_after(brief, draft.headline)
    if replace(draft, slug=slug) == Draft(
        brief.headline, brief.body, tuple(brief.places), brief.author, brief.slug
    ):
        return brief
    moved = Brief.objects.filter(pk=brief.pk, revision=brief.revision).update(
        headline=draft.headline,
        body=draft.body,
        places=list(draft.places),
        author=draft.author,
        slug=slug,
        revision=F("revision") + 1,
        updated_at=at,
        updated_by=by,
    )
    if not moved:
        raise StaleBrief(Brief.kept.get(pk=brief.pk))
    _keep_earlier(brief, at=at, by=by, always=keep)
    saved = Brief.objects.select_related("edition", "section").get(pk=brief.pk)
    write_citations(saved, listed)
    return saved


@transaction.atomic
def cite(brief: Brief, article: Article, at: dt.datetime, by: str) -> None:
    """List `article` among the sources of a brief. Raises Refused when the edition is approved, and for agency copy
    without a page that readers could open."""
    edition = lock_open(brief.edition_id)
    if not is_web_address(article.url):
        raise Refused(f"{article.source} gives this copy no page to link to: name the agency in the text.")
    # The edition file splits its list at “,http”, so such an address is listed with the comma encoded.
    url = article.url.replace(",http", "%2Chttp")
    write_citations(brief, dict.fromkeys([*listed_in(brief), url]))
    note("source cited", str(edition), by=by, at=at, brief=brief.slug, url=url)


@transaction.atomic
def uncite(brief: Brief, url: str, at: dt.datetime, by: str) -> None:
    """Take an address off a brief's list of sources; one that the text links stays. Raises Refused when approved."""
    edition = lock_open(brief.edition_id)
    write_citations(brief, [listed for listed in listed_in(brief) if listed != url])
    note("source dropped", str(edition), by=by, at=at, brief=brief.slug, url=url)


@transaction.atomic
def move_brief(brief: Brief, step: int, at: dt.datetime, by: str) -> None:
    """Move a brief one place up (-1) or down (+1), over the edge into the neighbouring section; at the end it stays.

    Raises Refused when the edition is approved.
    """
    edition = lock_open(brief.edition_id)
    sections = list(Section.objects.all())
    running: dict[int, list[int]] = {section.pk: [] for section in sections}
    for key, section_key in edition.briefs.values_list("pk", "section_id"):
        running[section_key].append(key)
    here = running[brief.section_id]
    index, at_section = here.index(brief.pk), [section.pk for section in sections].index(brief.section_id)
    if 0 <= index + step < len(here):
        here.insert(index + step, here.pop(index))
    elif 0 <= at_section + step < len(sections):
        there = running[sections[at_section + step].pk]
        there.insert(0 if step > 0 else len(there), here.pop(index))
    _write_order(running)
    note("brief moved", str(edition), by=by, at=at, brief=brief.slug, step=step)


@transaction.atomic
def remove_brief(brief: Brief, at: dt.datetime, by: str) -> None:
    """Take a brief out of its edition; `restore_brief` puts it back. Raises Refused when the edition is approved."""
    edition = lock_open(brief.edition_id)
    if Brief.objects.filter(pk=brief.pk).update(removed_at=at):
        note("brief removed", str(edition), by=by, at=at, brief=brief.slug)


@transaction.atomic
def restore_brief(brief: Brief, at: dt.datetime, by: str) -> Brief:
    """Put a brief back at the end of its section as it was. Raises Refused when the edition is approved."""
    edition = lock_open(brief.edition_id)
    Brief.kept.filter(pk=brief.pk, removed_at__isnull=False).update(
        removed_at=None,
        position=_next_position(edition, brief.section),
        slug=brief.slug if brief.slug not in _slugs(edition) else free_slug(brief.headline, _slugs(edition)),
    )
    note("brief restored", str(edition), by=by, at=at, brief=brief.slug)
    return Brief.objects.select_related("edition", "section").get(pk=brief.pk)


@transaction.atomic
def sign(brief: Brief, number: int, *, by: str, because: str, at: dt.datetime) -> SignOff:
    """Answer for sentence `number` (from 1) of a brief; it holds until one of its words changes.

    Raises Misused when the brief has no such sentence or who and why are missing, Refused when the edition is approved.
    """
    edition = lock_open(brief.edition_id)
    by, because = tidy_line(by), tidy_line(because)
    sentence = next((one for one in sentences_of(brief.body) if one.number + 1 == number), None)
    if sentence is None:
        raise Misused(f"“{brief}” has no sentence {number}: see `daybreak edition check {edition.date}`.")
    if not by or not because or len(by) > 120 or len(because) > 300:
        raise Misused("A sign-off says who (120 characters) and why (300 characters): give both.")
    signed, _ = SignOff.objects.update_or_create(
        brief=brief,
        sentence_key=sentence_key(sentence.text),
        defaults={"reason": because, "by": by, "at": at},
    )
    note(
        "sentence signed",
        str(edition),
        by=by,
        at=at,
        brief=brief.slug,
        sentence=sentence.text,
        because=because,
    )
    return signed


@transaction.atomic
def unsign(brief: Brief, number: int, *, by: str, at: dt.datetime) -> None:
    """Take the sign-off of sentence `number` (from 1) back. Raises Refused when the edition is approved."""
    edition = lock_open(brief.edition_id)
    keys = [sentence_key(one.text) for one in sentences_of(brief.body) if one.number + 1 == number]
    if brief.sign_offs.filter(sentence_key__in=keys).delete()[0]:
        note("sign-off taken back", str(edition), by=by, at=at, brief=brief.slug, number=number)


def _tidied(draft: Draft) -> Draft:
    headline, author, body = tidy_line(draft.headline), tidy_line(draft.author), tidy_body(draft.body)
    for name, text, limit in (
        ("headline", headline, 200),
        ("author", author, 120),
        ("text", body, BODY_LIMIT),
    ):
        if len(text) > limit:
            raise Refused(
                f"The {name} is longer than {limit:,} characters, so nothing was saved: shorten it."
            )
    return Draft(headline, body, draft.places, author)


def _slug_after(brief: Brief, headline: str) -> str:
    """The address follows the headline until somebody chose it or the edition was first approved."""
    others = _slugs(brief.edition) - {brief.slug}
    chosen = brief.slug != free_slug(brief.headline, others)
    printed = JournalEntry.objects.filter(subject=str(brief.edition), act="edition approved")
    return brief.slug if chosen or printed.exists() else free_slug(headline, others)


def _keep_earlier(brief: Brief, *, at: dt.datetime, by: str, always: bool) -> None:
    last = brief.earlier.first()
    same_sitting = brief.updated_by == by and last is not None and at - last.at < SITTING
    if (same_sitting and not always) or not (brief.body or brief.headline):
        return
    EarlierBrief.objects.create(
        brief=brief,
        revision=brief.revision,
        headline=brief.headline,
        body=brief.body,
        by=brief.updated_by,
        at=at,
    )
    note("brief saved", str(brief.edition), by=by, at=at, brief=brief.slug, over=brief.revision)


def _slugs(edition: Edition) -> set[str]:
    return set(edition.briefs.values_list("slug", flat=True))


def _next_position(edition: Edition, section: Section) -> int:
    last: int | None = edition.briefs.filter(section=section).aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _write_order(running: dict[int, list[int]]) -> None:
    for section_key, keys in running.items():
        for position, key in enumerate(keys, start=1):
            Brief.objects.filter(pk=key).update(section_id=section_key, position=position)
