"""The text and particulars of an article's web page. Pure: bytes in, values out; run by `pageworker.py` under limits.

The text is trafilatura's (A. Barbaresi, ACL 2021), at its more careful setting; where that gives little, its bolder
setting or the `articleBody` of the page's own JSON-LD (schema.org NewsArticle), and without the lines that lead
elsewhere (“Read more: …”, “Subscribe to …”).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import trafilatura
from lxml.html import HtmlElement

from daybreak.wire.addresses import AddressError, canonical, host_of
from daybreak.wire.formats.plaintext import tidied

LONGEST = 60_000  # characters of a text
_FEW = 1_500  # characters: a longer text is not read a second time
_THIN = 0.6  # of the bolder reading's length: below it, the careful one has missed something
_MUCH_MORE = 1.5  # times as long as what was read must the page's own articleBody be to be taken instead
_LEAST_BODY = 200  # characters of an articleBody that counts
_LONGEST_LINE = 200  # characters of a line that leads elsewhere
_LARGEST_DATA = 500_000  # characters of a block of JSON-LD
_ELSEWHERE = re.compile(
    r"\W*(?:related(?: (?:post|stor|article|coverage)\w*| content)?\s*:|read (?:more|also|next|this)\b|also read|more\s*:|more from\b|"
    r"also on [\w.]+|you (?:may|might) also (?:like|be interested)|see also\b|recommended\s*:|watch\s*:|listen\s*:|"
    r"sign up (?:for|to|here)|subscribe (?:to|now|for|here)|get (?:the (?:latest|day)|our|access to|breaking)\b.{0,80}"
    r"(?:inbox|newsletter|updates|subscription|stories|picks)|follow (?:us|him|her|them|ap's|our|\w+ on)\b|"
    r"have a tip\?|like this (?:story|article)\?|share this|click here\b|comments?\s*$|tags?\s*:?\s*$|filed under\b|advertisement\s*$|"
    r"story continues below|this (?:story|article|copy) (?:is for|was (?:originally|first) published)|all rights reserved|"
    r"copyright\b|©|source\s*:\s|\(?(?:image|photo)(?: credit)?\s*:|additional reporting by|download (?:the|our) .{0,30}app|"
    r"what do you think\?|tell us what you think|"
    r"lire aussi|à lire aussi|lesen sie (?:auch|mehr)|mehr zum thema|lee también|lea también|leer más|te puede interesar|"
    r"leggi anche|leia (?:também|mais)|lees ook|czytaj (?:też|także|więcej)|читайте также|читать также|читайте ещё|"
    r"ayrıca oku|ilgili haber|اقرأ أيضا|यह भी पढ़ें|ये भी पढ़ें)",
    re.IGNORECASE,
)
_FACTS = ("articleBody", "datePublished", "inLanguage")


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says. `text` is plain, a paragraph a line; `published` aware UTC or None; `canonical` the address it
    gives as its own, only when it is on the same site, else ""; `language` a tag as the page writes it."""

    text: str
    author: str = ""
    published: dt.datetime | None = None
    canonical: str = ""
    language: str = ""


def read_page(html: bytes, url: str) -> PageText:
    """Read a page as it was fetched from `url`; the text is "" when there is none. A hostile page may take long or
    much memory: call it where both are limited."""
    tree = trafilatura.load_html(html)
    if tree is None:
        return PageText("")
    data = dict(_json_ld(tree))
    text = _without_asides(_text(tree, url, data.get("articleBody", "")), _headlines(tree))
    return PageText(
        text=text[:LONGEST],
        author=_author(tree, data),
        published=_published(tree, data),
        canonical=_own_address(tree, url),
        language=(data.get("inLanguage") or tree.get("lang") or "")[:16],
    )


def _text(tree: HtmlElement, url: str, stated: str) -> str:
    careful = _extract(tree, url)
    text = careful
    if len(careful) < _FEW:
        bold = _extract(tree, url, bold=True)
        text = bold if len(careful) < _THIN * len(bold) else careful
    if len(stated) > max(_LEAST_BODY, _MUCH_MORE * len(text)):
        text = tidied(trafilatura.html2txt(f"<p>{stated}</p>") if "<" in stated else stated)
    return text


def _extract(tree: HtmlElement, url: str, *, bold: bool = False) -> str:
    text = trafilatura.extract(
        tree,
        url=url,
        include_comments=False,
        favor_recall=bold,
        favor_precision=not bold,
    )
    return tidied(text or "")


def _without_asides(text: str, headlines: list[list[str]]) -> str:
    """The text without its own headline, repeated at the top, and lines that lead elsewhere."""
    lines = text.split("\n")
    start = next((n + 1 for n, line in enumerate(lines[:3]) if _words(line) in headlines), 0)
    kept = [line for line in lines[start:] if len(line) > _LONGEST_LINE or not _ELSEWHERE.match(line)]
    return "\n".join(kept)


def _headlines(tree: HtmlElement) -> list[list[str]]:
    """The words of what the page calls itself: its title, and its main heading."""
    stated = tree.xpath("//meta[@property='og:title']/@content") + tree.xpath("//title/text()")
    stated += [" ".join(heading.itertext()) for heading in tree.xpath("//h1")[:3]]
    return [words for text in stated if (words := _words(str(text)[:500]))]


def _author(tree: HtmlElement, data: dict[str, str]) -> str:
    """Who wrote it: as its JSON-LD says, else its `author` meta tag; never an address. (The library's own search for
    authors and dates took longer than all the rest, and a second of preparation in each process.)"""
    for name in (
        data.get("author", ""),
        *tree.xpath("//meta[@name='author' or @property='article:author']/@content"),
    ):
        name = " ".join(tidied(str(name)).split())
        if name and "://" not in name:
            return name[:200]
    return ""


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _json_ld(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    """What the page's JSON-LD states of the article: its longest articleBody, and the first of other facts."""
    found: dict[str, str] = {}
    for script in tree.xpath("//script[@type='application/ld+json']"):
        try:
            value = json.loads((script.text or "")[:_LARGEST_DATA], strict=False)
        except (ValueError, RecursionError):
            continue
        for name, fact in _facts(value):
            if name == "articleBody" and len(fact) > len(found.get(name, "")):
                found[name] = fact
            if fact:
                found.setdefault(name, fact)
    yield from found.items()


def _facts(value: Any) -> Iterator[tuple[str, str]]:
    waiting = [value]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, list):
            waiting += thing
        elif isinstance(thing, dict):
            yield from ((name, thing[name]) for name in _FACTS if isinstance(thing.get(name), str))
            if "datePublished" in thing or "articleBody" in thing:
                yield "author", ", ".join(_persons(thing.get("author")))
            waiting += thing.values()


def _persons(value: Any) -> Iterator[str]:
    """The names in an `author` of JSON-LD: a text, a thing with a name, or a list of these."""
    for person in value[:10] if isinstance(value, list) else [value]:
        name = person.get("name") if isinstance(person, dict) else person
        if isinstance(name, str) and name.strip():
            yield name.strip()


def _published(tree: HtmlElement, data: dict[str, str]) -> dt.datetime | None:
    """When the page says that it was published, if it says so to the second and with a time zone."""
    stated = tree.xpath("//meta[@property='article:published_time']/@content") + tree.xpath(
        "//meta[@itemprop='datePublished']/@content"
    )
    for text in (data.get("datePublished", ""), *stated):
        try:
            instant = dt.datetime.fromisoformat(str(text).strip())
        except ValueError:
            continue
        if instant.tzinfo is not None:
            return instant.astimezone(dt.UTC)
    return None


def _own_address(tree: HtmlElement, url: str) -> str:
    """The page's canonical link (RFC 6596), when it is an address on the same site."""
    for href in tree.xpath("//link[@rel='canonical']/@href"):
        try:
            address = canonical(urljoin(url, str(href).strip()))
        except (AddressError, ValueError):
            continue
        if host_of(address) == host_of(url) and address.rstrip("/").count("/") > 2:
            return address
    return ""
