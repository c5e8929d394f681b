"""The body of a brief: limited CommonMark read into blocks of sentences.

A body is CommonMark (https://spec.commonmark.org/0.31.2/) limited to paragraphs, links, emphasis, block quotations
and lists; everything else in it is plain text. The sentence is the unit of the paper: citations are checked by it,
the voice speaks by it, the page marks it while it is spoken. So all of them read a body here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, pairwise
from typing import Literal
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from daybreak.desk.manuscript import Citation
from daybreak.wire.addresses import host_of

BlockKind = Literal["paragraph", "quotation", "bullet", "number"]

_reader = MarkdownIt("zero").enable(
    ["paragraph", "blockquote", "list", "link", "emphasis", "escape", "entity", "newline", "autolink"]
)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text set one way. `href` is the address that a link gives it."""

    text: str
    emphasis: bool = False
    strong: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`number` counts from 0 through the body; `runs` hold its words as they are set."""

    number: int
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """The plain words."""
        return "".join(run.text for run in self.runs).strip()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sources that links in this sentence name."""
        return tuple(cited for cited in _linked(self.runs))


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a block quotation's paragraph or a list item, in order of appearance."""

    kind: BlockKind
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The plain words of the block."""
        return " ".join(sentence.text for sentence in self.sentences)


@lru_cache(maxsize=512)
def read_body(body: str) -> tuple[Block, ...]:
    """The blocks of a body; an empty body has none."""
    numbers = count()
    blocks = []
    for kind, token in _inline_tokens(_reader.parse(body)):
        runs = tuple(_runs(token.children or []))
        sentences = tuple(
            Sentence(number=next(numbers), runs=part)
            for part in _by_sentence(runs)
            if any(r.text.strip() for r in part)
        )
        if sentences:
            blocks.append(Block(kind=kind, sentences=sentences))
    return tuple(blocks)


def sentences_of(body: str) -> Iterator[Sentence]:
    """Every sentence of a body in reading order."""
    for block in read_body(body):
        yield from block.sentences


def citations_in(body: str) -> tuple[Citation, ...]:
    """What the links of a body cite, each address once, in order of appearance."""
    found: dict[str, Citation] = {}
    for sentence in sentences_of(body):
        for cited in sentence.citations:
            found.setdefault(cited.url, cited)
    return tuple(found.values())


def sources_of(body: str, listed: Iterable[str] = ()) -> tuple[Citation, ...]:
    """All that a brief rests on: the sources its links name, in order of appearance, then the `listed` addresses.

    A source without a name of its own is called by its host. Addresses that are no web addresses are left out.
    """
    found = {
        cited.url: Citation(cited.url, tidy_line(cited.source)[:200] or host_of(cited.url)[:200])
        for cited in citations_in(body)
        if is_web_address(cited.url)
    }
    for url in listed:
        if is_web_address(url):
            found.setdefault(url, Citation(url, host_of(url)[:200]))
    return tuple(found.values())


def dangling_links(body: str) -> tuple[str, ...]:
    """The names in `body` that are linked to nothing that could be a source: an empty or non-web address."""
    names = []
    for _, token in _inline_tokens(_reader.parse(body)):
        for link, following in pairwise((*(token.children or []), Token("", "", 0))):
            if link.type == "link_open" and not is_web_address(str(link.attrs.get("href", ""))):
                names.append(following.content or "a link")
            elif (
                link.type == "text"
            ):  # the reader leaves `[name](javascript:…)` and `[name](two words)` as they stand
                names += [name or "a link" for name in _UNREAD_LINK.findall(link.content)]
    return tuple(names)


_UNREAD_LINK = re.compile(r"\[([^\[\]]*)\]\(")


def is_web_address(url: str) -> bool:
    """Whether `url` is an absolute http or https address with a host, 2,000 characters at most."""
    try:
        parts = urlsplit(url)
        web = parts.scheme in ("http", "https") and bool(parts.hostname)
        return web and len(url) <= 2000 and not re.search(r"\s", url)
    except ValueError:
        return False


def normal_address(url: str) -> str:
    """`url` as a link in a body would give it (percent-encoded), so that one address is one source."""
    return _reader.normalizeLink(url)


def tidy_line(text: str) -> str:
    """`text` on one line: control characters gone, runs of white space made one blank."""
    return " ".join(_printable(text).split())


def tidy_body(body: str) -> str:
    """A body in the form it is stored: lines without trailing blanks, and none that looks like a heading.

    A line that begins like a heading means plain words here, so its first “#” gets a backslash: it reads the
    same and an edition file can carry it.
    """
    text = _printable(body.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return "\n".join(HEADING.sub(r"\1\\\2", line.rstrip()) for line in text.split("\n"))


HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)")


def _printable(text: str) -> str:
    # U+FFFE and U+FFFF are no characters, and YAML refuses them.
    return "".join(
        sign
        for sign in text
        if sign in "\n\t" or (unicodedata.category(sign) not in ("Cc", "Cs") and sign not in "\ufffe\uffff")
    )


def word_count(body: str) -> int:
    """How many words a reader reads."""
    return sum(len(sentence.text.split()) for sentence in sentences_of(body))


def _inline_tokens(tokens: list[Token]) -> Iterator[tuple[BlockKind, Token]]:
    around: list[BlockKind] = []
    opens: dict[str, BlockKind] = {
        "blockquote_open": "quotation",
        "bullet_list_open": "bullet",
        "ordered_list_open": "number",
    }
    for token in tokens:
        if token.type in opens:
            around.append(opens[token.type])
        elif token.type in ("blockquote_close", "bullet_list_close", "ordered_list_close"):
            around.pop()
        elif token.type == "inline":
            yield (around[-1] if around else "paragraph"), token


def _runs(tokens: list[Token]) -> Iterator[Run]:
    style = Run("")
    for token in tokens:
        match token.type:
            case "em_open":
                style = replace(style, emphasis=True)
            case "em_close":
                style = replace(style, emphasis=False)
            case "strong_open":
                style = replace(style, strong=True)
            case "strong_close":
                style = replace(style, strong=False)
            case "link_open":
                style = replace(style, href=str(token.attrs.get("href", "")))
            case "link_close":
                style = replace(style, href="")
            case "softbreak" | "hardbreak":
                yield replace(style, text=" ")
            case _ if token.content:
                yield replace(style, text=token.content)


def _by_sentence(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    ends = sentence_ends("".join(run.text for run in runs))
    at = 0
    current: list[Run] = []
    for run in runs:
        text, start = run.text, at
        at += len(text)
        while ends and ends[0] <= at:
            cut = ends.pop(0) - start
            current.append(replace(run, text=text[:cut]))
            yield tuple(piece for piece in current if piece.text)
            current, text, start = [], text[cut:], start + cut
        current.append(replace(run, text=text))
    if any(piece.text for piece in current):
        yield tuple(piece for piece in current if piece.text)


def _linked(runs: tuple[Run, ...]) -> Iterator[Citation]:
    """Neighbouring runs under one link are one name: “[The *Sahel* Courier](…)”."""
    name, href = "", ""
    for run in (*runs, Run("")):
        if run.href != href:
            if href:
                yield Citation(url=href, source=name.strip())
            name, href = "", run.href
        if href:
            name += run.text


# A full stop after these does not end a sentence (unless the text ends with it).
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof gen col lt maj capt sgt sen rep gov hon rev st jr sr vs etc art fig inc ltd co corp dept "
    "jan feb mar apr jun jul aug sep sept oct nov dec approx est a.m p.m u.s u.k u.n e.u e.g i.e".split()
)
_END = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s|$)""")


def sentence_ends(text: str) -> list[int]:
    """Where sentences end in `text`: offsets just past the white space that follows each, the last one left out.

    Knows abbreviations, initials, and quotations that go on after their own full stop (“Enough.” said one).
    """
    ends = []
    for match in _END.finditer(text):
        rest = text[match.end() :]
        after = rest.lstrip()
        if not after:
            break
        if _starts_a_sentence(after) and not _is_abbreviation(text, match):
            ends.append(match.end() + len(rest) - len(after))
    return ends


def _starts_a_sentence(text: str) -> bool:
    first = text.lstrip("\"'“‘([—– ")[:1]
    return first.isupper() or first.isdigit() or not first.isascii()


def _is_abbreviation(text: str, end: re.Match[str]) -> bool:
    if end.group() != ".":
        return False
    words = text[: end.start()].rsplit(None, 1)
    word = words[-1].lstrip("\"'“‘([").lower() if words else ""
    if word == "no":  # “No. 4” goes on, “They said no. Then …” does not
        return text[end.end() :].lstrip()[:1].isdigit()
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")
