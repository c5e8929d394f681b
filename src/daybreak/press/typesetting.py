"""A manuscript set in type: the values that page, mail and feeds are made from.

Sentences are numbered through the whole edition, in reading order; the voice speaks by the same numbers.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from urllib.parse import urlsplit

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from daybreak.common.clock import long_date, month_day
from daybreak.desk.calendar import EVERY_WEEKDAY, Calendar
from daybreak.desk.manuscript import BriefCopy, Citation, Manuscript, Role
from daybreak.desk.models import Correction
from daybreak.desk.prose import Block, Run, Sentence, read_body, word_count
from daybreak.press.places import place_label
from daybreak.press.writingin import link_about

WORDS_A_MINUTE = (
    230  # silent reading of English, Brysbaert 2019, doi:10.1016/j.jml.2019.104047 (238), rounded down
)
TASTE_WORDS = 140
MAIL_COLUMNS = 72


@dataclass(frozen=True, slots=True)
class SetBrief:
    """One brief in type. `html` is safe; `first_sentence` is its first sentence's number in the edition.

    `write_in` is the link by which a reader writes to the editor about it, with its slot (`writingin.py`).
    """

    slug: str
    path: str
    url: str
    headline: str
    place_label: str
    author: str
    html: SafeString
    taste_html: SafeString
    text: str
    plain: str
    sources: tuple[Citation, ...]
    words: int
    first_sentence: int
    write_in: str


@dataclass(frozen=True, slots=True)
class SetSection:
    """A section that has something in it."""

    name: str
    role: Role
    briefs: tuple[SetBrief, ...]


@dataclass(frozen=True, slots=True)
class Previous:
    """The edition printed before this one."""

    path: str
    dateline: str


@dataclass(frozen=True, slots=True)
class SetCorrection:
    """A correction in type: when it was made and what it says; `slug` is "" for the edition as a whole."""

    slug: str
    at_label: str
    text: str


@dataclass(frozen=True, slots=True)
class SetEdition:
    """An edition in type; minutes are whole and at least one."""

    date: dt.date
    dateline: str
    title: str
    standfirst: str
    path: str
    url: str
    reading_minutes: int
    listening_minutes: int
    sections: tuple[SetSection, ...]
    previous: Previous | None
    next_label: str
    corrections: tuple[SetCorrection, ...] = ()

    def briefs(self) -> Iterator[SetBrief]:
        """Every brief in running order."""
        for section in self.sections:
            yield from section.briefs

    @property
    def lead(self) -> SetBrief:
        """The brief that opens the edition."""
        return next(self.briefs())


def edition_path(day: dt.date) -> str:
    """Where an edition is read: /2022/05/06/."""
    return f"/{day:%Y/%m/%d}/"


def set_edition(
    manuscript: Manuscript,
    *,
    site_url: str,
    previous: dt.date | None,
    listening_seconds: float,
    calendar: Calendar = EVERY_WEEKDAY,
    corrections: Iterable[Correction] = (),
) -> SetEdition:
    """Set a manuscript in type; the `calendar` says when the next edition comes."""
    path = edition_path(manuscript.date)
    numbers = _first_numbers(manuscript)
    sections = tuple(
        SetSection(
            section.name,
            section.role,
            tuple(
                _set_brief(brief, manuscript.date, site_url, numbers[brief.slug]) for brief in section.briefs
            ),
        )
        for section in manuscript.sections
        if section.briefs
    )
    words = sum(word_count(brief.body) for brief in manuscript.briefs())
    return SetEdition(
        date=manuscript.date,
        dateline=long_date(manuscript.date),
        title=manuscript.title,
        standfirst=manuscript.standfirst,
        path=path,
        url=site_url + path,
        reading_minutes=max(1, round(words / WORDS_A_MINUTE)),
        listening_minutes=max(1, round(listening_seconds / 60)),
        sections=sections,
        previous=Previous(edition_path(previous), long_date(previous)) if previous else None,
        next_label=_next_label(manuscript.date, calendar.following(calendar.outgoing(manuscript.date))),
        corrections=tuple(_set_correction(each, manuscript) for each in corrections),
    )


def _set_correction(correction: Correction, manuscript: Manuscript) -> SetCorrection:
    headline = next((brief.headline for brief in manuscript.briefs() if brief.slug == correction.slug), "")
    return SetCorrection(
        slug=correction.slug,
        at_label=f"{long_date(correction.at.date())}, {correction.at:%H:%M} UTC",
        text=f"“{headline}”: {correction.note}" if headline else correction.note,
    )


def _next_label(day: dt.date, following: dt.date) -> str:
    """When the next edition comes: the weekday alone says it for a week."""
    date = "" if (following - day).days < 7 else f", {month_day(following)}"
    return f"{following:%A} morning{date}"  # its hour is each reader's own


def _first_numbers(manuscript: Manuscript) -> dict[str, int]:
    numbers, following = {}, 0
    for brief in manuscript.briefs():
        numbers[brief.slug] = following
        following += sum(len(block.sentences) for block in read_body(brief.body))
    return numbers


def _set_brief(brief: BriefCopy, day: dt.date, site_url: str, first: int) -> SetBrief:
    blocks = read_body(brief.body)
    outlets = _outlets(brief.sources)
    path = f"{edition_path(day)}{brief.slug}/"
    return SetBrief(
        slug=brief.slug,
        path=path,
        url=site_url + path,
        headline=brief.headline,
        place_label=place_label(brief.places),
        author=brief.author,
        html=_html(blocks, first),
        taste_html=_html(_taste(blocks), first),
        text=_wrapped(blocks),
        plain="\n".join(block.text for block in blocks),
        sources=tuple(replace(cited, source=outlets[_host(cited)]) for cited in brief.sources),
        words=word_count(brief.body),
        first_sentence=first,
        write_in=link_about(brief.headline, day),
    )


def _outlets(sources: Iterable[Citation]) -> dict[str, str]:
    """The name of each outlet by its host: a text says “The Sahel Courier” first and “the Courier” afterwards."""
    names: dict[str, str] = {}
    for cited in sources:
        names.setdefault(_host(cited), cited.source)
    return names


def _host(cited: Citation) -> str:
    """The host of a source's address, without its “www.”."""
    return (urlsplit(cited.url).hostname or "").removeprefix("www.")


def _taste(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The opening: whole paragraphs, or sentences of a long first one; TASTE_WORDS at most and never over half."""
    limit = min(TASTE_WORDS, sum(len(block.text.split()) for block in blocks) // 2)
    ends = accumulate(len(block.text.split()) for block in blocks)
    paragraphs = tuple(block for block, end in zip(blocks, ends, strict=True) if end <= limit)
    if paragraphs or not blocks:
        return paragraphs
    opening = blocks[0].sentences
    ends = accumulate(len(sentence.text.split()) for sentence in opening)
    sentences = tuple(sentence for sentence, end in zip(opening, ends, strict=True) if end <= limit)
    return (replace(blocks[0], sentences=sentences),) if sentences else ()


def _html(blocks: Iterable[Block], first: int) -> SafeString:
    parts = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        inside = [" ".join(_sentence_html(s, first) for s in block.sentences) for block in group]
        match kind:
            case "paragraph":
                parts += [f"<p>{text}</p>" for text in inside]
            case "quotation":
                parts.append("<blockquote>" + "".join(f"<p>{text}</p>" for text in inside) + "</blockquote>")
            case "bullet" | "number":
                tag = "ul" if kind == "bullet" else "ol"
                parts.append(f"<{tag}>" + "".join(f"<li>{text}</li>" for text in inside) + f"</{tag}>")
    return mark_safe("\n".join(parts))  # noqa: S308 - every text and address in it went through escape()


def _sentence_html(sentence: Sentence, first: int) -> str:
    inside = "".join(_run_html(run) for run in sentence.runs).rstrip()
    return f'<span data-s="{first + sentence.number}">{inside}</span>'


def _run_html(run: Run) -> str:
    text: str = escape(run.text)
    if run.strong:
        text = f"<strong>{text}</strong>"
    if run.emphasis:
        text = f"<em>{text}</em>"
    return f'<a href="{escape(run.href)}" rel="noopener">{text}</a>' if run.href else text


def _wrapped(blocks: Iterable[Block]) -> str:
    marks = {"paragraph": "", "quotation": "> ", "bullet": "- ", "number": "- "}
    return "\n\n".join(
        textwrap.fill(
            block.text,
            MAIL_COLUMNS,
            initial_indent=marks[block.kind],
            subsequent_indent=" " * len(marks[block.kind]) if block.kind != "quotation" else "> ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for block in blocks
    )
