"""The edition file: a whole edition as one Markdown text that any editor can open.

YAML front matter (`date`, `title`, `standfirst`), then `# Section`, `## Headline`, a bullet list of fields
right under the headline, and the brief's text. What is read and written again is the same, letter for letter.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import yaml
from django.utils.text import slugify

from daybreak.common.refusal import Refused
from daybreak.desk.frontmatter import Problem, in_words, read_front_matter
from daybreak.desk.manuscript import BriefCopy, Manuscript, SectionCopy, StandingSection
from daybreak.desk.prose import (
    HEADING,
    dangling_links,
    is_web_address,
    normal_address,
    read_body,
    sources_of,
    tidy_body,
    tidy_line,
)

SIZE_LIMIT = 2_000_000  # bytes of a whole file
BODY_LIMIT = 40_000  # characters of one brief
SLUG_LIMIT = 80
BRIEF_FIELDS = ("places", "slug", "author", "sources")
_FIELD = re.compile(r"^[-*] +(?P<name>[\w-]+) *:(?P<value>.*)$")
_BETWEEN_SOURCES = re.compile(r",\s+|,(?=https?://)")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class EditionFileError(Refused):
    """The file cannot be read as an edition; `problems` says where and why, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(
            "Mend the edition file: " + "; ".join(str(problem) for problem in self.problems) + "."
        )


@dataclass(slots=True)
class _RawBrief:
    section: StandingSection | None
    line: int
    headline: str
    lines: list[tuple[int, str]] = field(default_factory=list)


def read_edition(text: str, sections: Sequence[StandingSection]) -> Manuscript:
    """The edition that `text` holds, its sections in the order of `sections`; one without briefs is left out.

    Raises EditionFileError listing everything to mend, each with its line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > SIZE_LIMIT:
        raise EditionFileError([Problem(1, "the file is larger than 2 MB, take the surplus out")])
    problems: list[Problem] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front, body_at = read_front_matter(lines, problems)
    raw = _briefs_by_headings(lines, body_at, sections, problems)
    briefs = [_read_brief(one, problems) for one in raw]
    _refuse_slugs_used_twice(raw, briefs, problems)
    if problems or front is None:
        raise EditionFileError(problems)
    briefs = _with_slugs(briefs)
    return replace(
        front,
        sections=tuple(
            SectionCopy(section.name, section.role, held)
            for section in sections
            if (held := tuple(copy for one, copy in zip(raw, briefs, strict=True) if one.section == section))
        ),
    )


def write_edition(manuscript: Manuscript) -> str:
    """The edition file of `manuscript`, ending in a newline; `read_edition` is its inverse."""
    front = [f"date: {manuscript.date.isoformat()}"]
    if manuscript.title:
        front.append(_yaml_line("title", manuscript.title))
    if manuscript.standfirst:
        front.append(_yaml_line("standfirst", manuscript.standfirst))
    parts = ["---\n" + "\n".join(front) + "\n---"]
    for section in manuscript.sections:
        parts.append(f"# {section.name}")
        for brief in section.briefs:
            parts += [f"## {brief.headline}".rstrip(), _field_list(brief)]
            parts += [brief.body] if brief.body else []
    return "\n\n".join(parts) + "\n"


def free_slug(headline: str, taken: Iterable[str]) -> str:
    """An address part made from a headline: ASCII, at most 80 characters, not among `taken`."""
    used = set(taken)
    stem = slugify(headline)[:SLUG_LIMIT].strip("-_").replace("_", "-") or "brief"
    stem = re.sub(r"-{2,}", "-", stem)
    slug, number = stem, 1
    while slug in used:
        number += 1
        ending = f"-{number}"
        slug = stem[: SLUG_LIMIT - len(ending)].rstrip("-") + ending
    return slug


# -- writing ---------------------------------------------------------------------------------------------


def _yaml_line(name: str, value: str) -> str:
    if len(value) > 90:
        folded = textwrap.wrap(value, 104, break_long_words=False, break_on_hyphens=False)
        return f"{name}: >-\n" + textwrap.indent("\n".join(folded), "  ")
    dumped: str = yaml.safe_dump({name: value}, allow_unicode=True, width=10**6)
    return dumped.rstrip("\n")


def _field_list(brief: BriefCopy) -> str:
    # An address that the list could not be split at again is in the text, or it would not be a source at all.
    listed = [s.url for s in brief.sources if _BETWEEN_SOURCES.split(s.url) == [s.url] and s.url[-1] != ","]
    fields = {
        "places": ", ".join(brief.places),
        "slug": brief.slug,
        "author": brief.author,
        "sources": ", ".join(listed),
    }
    return "\n".join(f"- {name}: {value}" for name, value in fields.items() if value)


# -- sections and briefs ---------------------------------------------------------------------------------


def _briefs_by_headings(
    lines: list[str], start: int, sections: Sequence[StandingSection], problems: list[Problem]
) -> list[_RawBrief]:
    known = {tidy_line(section.name).casefold(): section for section in sections}
    briefs: list[_RawBrief] = []
    section: StandingSection | None = None
    seen: set[str] = set()
    in_section = in_brief = False
    for number, line in enumerate(lines[start:], start=start + 1):
        heading = HEADING.match(line)
        if not heading:
            if in_brief:
                briefs[-1].lines.append((number, line))
            elif line.strip():
                problems.append(Problem(number, "text outside a brief: put it under a ## Headline"))
            continue
        level, words = len(heading[2]), tidy_line(line[heading.end() :])
        if level == 1:
            section = known.get(words.casefold())
            in_section, in_brief = True, False
            if section is None:
                names = in_words([f"“{one.name}”" for one in sections])
                problems.append(
                    Problem(number, f"“{words[:80]}” is no section of this paper: it has {names}")
                )
            elif section.name in seen:
                problems.append(
                    Problem(number, f"section “{section.name}” stands twice: put its briefs together")
                )
            else:
                seen.add(section.name)
        elif level == 2:
            if not in_section:
                problems.append(Problem(number, "a brief outside a section: write a line # Section above it"))
            briefs.append(_RawBrief(section, number, words))
            in_brief = True
        else:
            problems.append(
                Problem(number, f"a heading of level {level}: use # for sections and ## for headlines")
            )
    return briefs


def _read_brief(raw: _RawBrief, problems: list[Problem]) -> BriefCopy:
    fields, rest = _fields(raw, problems)
    body = tidy_body("\n".join(line for _, line in rest))
    if not raw.headline:
        problems.append(Problem(raw.line, "an empty headline: write it after the ##"))
    elif len(raw.headline) > 200:
        problems.append(Problem(raw.line, "the headline is longer than 200 characters"))
    if len(body) > BODY_LIMIT:
        problems.append(Problem(raw.line, "the brief is longer than 40,000 characters"))
        body = ""
    elif not read_body(body):
        problems.append(Problem(raw.line, f"the brief “{raw.headline[:80]}” has no text"))
    problems.extend(_links_to_nothing(body, rest))
    listed = _sources(*fields["sources"], problems) if "sources" in fields else ()
    return BriefCopy(
        slug=_slug(*fields["slug"], problems) if "slug" in fields else "",
        headline=raw.headline,
        body=body,
        places=_places(*fields["places"], problems) if "places" in fields else (),
        author=_author(*fields["author"], problems) if "author" in fields else "",
        sources=sources_of(body, listed),
    )


def _fields(
    raw: _RawBrief, problems: list[Problem]
) -> tuple[dict[str, tuple[int, str]], list[tuple[int, str]]]:
    """The fields (name to line and value) and the lines after them. A list of anything else is the text itself."""
    lines = raw.lines
    first = next((n for n, (_, line) in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or not _FIELD.match(lines[first][1]):
        return {}, lines
    fields: dict[str, tuple[int, str]] = {}
    last = ""
    for at in range(first, len(lines)):
        number, line = lines[at]
        if not line.strip():
            return fields, lines[at:]
        match = _FIELD.match(line)
        if match is None and last and line.startswith("  "):
            fields[last] = (fields[last][0], f"{fields[last][1]} {line.strip()}")
            continue
        if match is None:
            problems.append(
                Problem(
                    number, "a line that is no field: write “- name: value”, and a blank line before the text"
                )
            )
            continue
        last = match["name"].lower()
        if last not in BRIEF_FIELDS:
            problems.append(
                Problem(number, f"unknown field “{last[:40]}”: the fields are {in_words(BRIEF_FIELDS)}")
            )
        elif last in fields:
            problems.append(Problem(number, f"the field “{last}” stands twice"))
        fields[last] = (number, match["value"].strip())
    return fields, []


def _places(line: int, value: str, problems: list[Problem]) -> tuple[str, ...]:
    places = dict.fromkeys(place.strip().upper() for place in value.split(",") if place.strip())
    for place in places:
        if not re.fullmatch(r"[A-Z]{2}", place):
            problems.append(
                Problem(line, f"“{place[:40]}” is no place: write two-letter country codes such as ML, FR")
            )
    return tuple(places)


def _slug(line: int, value: str, problems: list[Problem]) -> str:
    if not _SLUG.fullmatch(value) or len(value) > SLUG_LIMIT:
        problems.append(
            Problem(
                line, f"“{value[:90]}” is no slug: use a–z, 0–9 and single hyphens, at most 80 characters"
            )
        )
    return value


def _author(line: int, value: str, problems: list[Problem]) -> str:
    author = tidy_line(value)
    if len(author) > 120:
        problems.append(Problem(line, "the author’s name is longer than 120 characters"))
    return author


def _sources(line: int, value: str, problems: list[Problem]) -> tuple[str, ...]:
    urls = [url.strip().rstrip(",") for url in _BETWEEN_SOURCES.split(value)]
    for url in urls:
        if url and not is_web_address(url):
            problems.append(Problem(line, f"“{url[:80]}” is no web address: a source begins with https://"))
    return tuple(normal_address(url) for url in urls if is_web_address(url))


def _links_to_nothing(body: str, lines: list[tuple[int, str]]) -> list[Problem]:
    first = lines[0][0] if lines else 1
    return [
        Problem(
            next((number for number, line in lines if f"[{name}](" in line), first),
            f"“{name[:80]}” is linked to nothing: give the article’s https:// address",
        )
        for name in dangling_links(body)
    ]


def _refuse_slugs_used_twice(raw: list[_RawBrief], briefs: list[BriefCopy], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for one, brief in zip(raw, briefs, strict=True):
        if brief.slug and brief.slug in seen:
            problems.append(Problem(one.line, f"slug “{brief.slug}” is used twice: give this brief another"))
        seen.add(brief.slug)


def _with_slugs(briefs: list[BriefCopy]) -> list[BriefCopy]:
    taken = {brief.slug for brief in briefs if brief.slug}
    named = []
    for brief in briefs:
        slug = brief.slug or free_slug(brief.headline, taken)
        taken.add(slug)
        named.append(replace(brief, slug=slug))
    return named
