"""What a reply quotes of the mail that it answers, and the one brief of the edition that this can be.

Programs quote in many ways: lines with “>”, or all that stands below “On … wrote:”, or a block of HTML. Words are
compared alone, so that wrapped lines, other quotation marks and stars around a headline make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from email.message import Message

from daybreak.delivery.returns.reportparts import WORDS, parts_of, text_of, without_tags

RUN = 6  # words in a row that are of one brief alone
_MARK = re.compile(r"^[ \t]*>[> \t]*")
_ADDRESS = re.compile(r"[<(\[]?\b(?:\w+://|mailto:)\S+")
_WORD = re.compile(r"\w+")
_SAID = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał|kirjoitti)\b"
    r"[^:]{0,80}:\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^\s*-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine)\W*$", re.I
)
_HEAD = re.compile(r"^\s*\W{0,2}(?:from|von|de|da|van|fra|från)\W{0,2}:.*@", re.IGNORECASE)
_BLOCK = re.compile(r"<(?=/?(?:br|p|div|h[1-6]|li|tr|td|table|ul|ol|hr|blockquote)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Printed:
    """A brief as the reader has it; `text` is plain."""

    slug: str
    headline: str
    text: str


def quotation_in(message: Message, *, cut: bool) -> str:
    """What a reply quotes, "" when nothing, or when it is not read to its end and may quote more.

    `cut` says that the message goes on behind what was parsed.
    """
    parts = [part for part in parts_of(message) if part.get_content_maintype() == "text"]
    written = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    part = written or next((part for part in parts if part.get_content_type() == "text/html"), None)
    if part is None:
        return ""
    text = text_of(part)
    if len(text) > WORDS or (cut and part is list(parts_of(message))[-1]):
        return ""
    return quoted(text) if part is written else _quoted_in_html(text)


def quoted(text: str) -> str:
    """The quoted lines of a plain text, without their marks."""
    lines = text.splitlines()
    start = next((place for place in range(len(lines)) if _opens(lines, place)), len(lines))
    below = lines[start + 1 :]
    after = next((line for line in below if line.strip()), "")
    rest = [line for line in below if _MARK.match(line)] if _MARK.match(after) else below
    above = [line for line in lines[:start] if _MARK.match(line)]
    return "\n".join(_MARK.sub("", line) for line in [*above, *rest])


def _opens(lines: Sequence[str], place: int) -> bool:
    """Whether a quotation begins below a line: “On … wrote:”, perhaps on two lines, or the heads of a mail."""
    line = lines[place]
    if _MARK.match(line):
        return False
    return bool(_SAID.search(line[-400:]) or _FORWARDED.match(line[:200]) or _HEAD.match(line[:400]))


def _quoted_in_html(page: str) -> str:
    """Of a mail that is HTML alone: what stands in its first block of quotation and below."""
    lines = _BLOCK.sub("\n<", page)
    block = re.search("<blockquote", lines, re.IGNORECASE)
    return without_tags(lines[block.start() :]) if block else quoted(without_tags(lines))


def only_one_in(quotation: str, briefs: Sequence[Printed]) -> str:
    """The slug of the only brief whose headline or words a quotation holds; "" when there is none, or several."""
    lines = [line for line in map(words_of, _ADDRESS.sub(" ", quotation).splitlines()) if line]
    held = _headed(lines, briefs) | _told([word for line in lines for word in line], briefs)
    return held.pop() if len(held) == 1 else ""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: in small letters, without anything between them."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _headed(lines: Sequence[tuple[str, ...]], briefs: Iterable[Printed]) -> set[str]:
    """The briefs whose whole headline stands on lines of its own: in a sentence it may be a common phrase."""
    slugs: dict[tuple[str, ...], set[str]] = {}
    for brief in briefs:
        slugs.setdefault(words_of(brief.headline), set()).add(brief.slug)
    slugs.pop((), None)
    longest = max(map(len, slugs), default=0)
    found: set[str] = set()
    place = 0
    while place < len(lines):
        headline, over = _headline_at(lines, place, slugs, longest)
        found |= slugs.get(headline, set())
        place += over or 1
    return found


def _headline_at(
    lines: Sequence[tuple[str, ...]], place: int, slugs: Container[tuple[str, ...]], longest: int
) -> tuple[tuple[str, ...], int]:
    """The longest headline that begins at a line and ends with that or a later one, and over how many it goes."""
    words: tuple[str, ...] = ()
    found: tuple[tuple[str, ...], int] = ((), 0)
    for over, line in enumerate(lines[place : place + longest], start=1):
        words += line
        if len(words) > longest:
            break
        if words in slugs:
            found = words, over
    return found


def _told(words: Sequence[str], briefs: Iterable[Printed]) -> set[str]:
    """The briefs of which RUN words in a row are quoted that no other brief has."""
    owner: dict[tuple[str, ...], str] = {}
    for brief in briefs:
        for run in _runs(words_of(brief.text)):
            owner[run] = brief.slug if owner.get(run, brief.slug) == brief.slug else ""
    return {owner[run] for run in _runs(words) if owner.get(run)}


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[place : place + RUN]) for place in range(len(words) - RUN + 1))
