"""Lists of feeds as OPML 2.0 (opml.org/spec2), in and out.

Beside the attributes of the specification an outline carries what else a paper knows of an outlet, in a namespace
of its own: `daybreak:country`, `:kind`, `:owner`, `:fullText`, `:terms`. They are read without the prefix too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from daybreak.common.refusal import Refused
from daybreak.wire.formats.plaintext import plain_text, tidied
from daybreak.wire.models import Source
from daybreak.wire.outlets.sources import About

NAMESPACE = "urn:daybreak:source"
_BUNDLED = Path(__file__).with_name("bundled.opml")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z]\w{1,10}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed as a list has it; `group` is the text of the outermost outline around it, "" when it stands alone."""

    name: str
    feed_url: str
    group: str
    about: About


def read_list(text: str, file_name: str, complain: Callable[[str], None]) -> list[Listed]:
    """Every outline with a feed, however deep.

    `complain` gets a sentence when the list breaks off; what stood before is taken. Raises Refused when it is broken
    from the start or declares entities.
    """
    return [_listed(attributes, group) for attributes, group in _outlines(text, file_name, complain)]


def bundled(region: str = "") -> list[Listed]:
    """The feeds that come with Daybreak, of one region when it is named. Raises Refused for an unknown region."""
    listed = read_list(_BUNDLED.read_text(encoding="utf-8"), _BUNDLED.name, _must_not_complain)
    found = [one for one in listed if not region or one.group.lower() == region.strip().lower()]
    if not found:
        known = ", ".join(dict.fromkeys(one.group for one in listed))
        raise Refused(f"The bundled list has no region “{region}”: name one of {known}.")
    return found


def bundled_regions() -> dict[str, int]:
    """The regions of the bundled list, and how many feeds each has."""
    counts: dict[str, int] = {}
    for one in bundled():
        counts[one.group] = counts.get(one.group, 0) + 1
    return counts


def write_list(sources: Iterable[Source], title: str) -> str:
    """The sources with a feed as OPML; reading it again gives the same sources."""
    outlines = "\n".join(f"<outline{_written(source)}/>" for source in sources if source.feed_url)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0" xmlns:daybreak="{NAMESPACE}">\n'
        f"<head><title>{_escaped(title)}</title></head>\n<body>\n{outlines}\n</body>\n</opml>\n"
    )


def _written(source: Source) -> str:
    values = {
        "type": "rss",
        "text": source.name,
        "xmlUrl": source.feed_url or "",
        "htmlUrl": source.site_url,
        "language": source.language,
        "daybreak:country": source.country,
        "daybreak:kind": source.kind,
        "daybreak:owner": source.owner,
        "daybreak:fullText": "yes" if source.full_text else "",
        "daybreak:terms": source.terms,
    }
    return "".join(
        f" {name}={quoteattr(_NOT_IN_XML.sub('', value))}" for name, value in values.items() if value
    )


def _escaped(text: str) -> str:
    return _NOT_IN_XML.sub("", text).replace("&", "&amp;").replace("<", "&lt;")


def _listed(attributes: Attributes, group: str) -> Listed:
    def said(name: str) -> str:
        return tidied(attributes.get(f"daybreak:{name}") or attributes.get(name) or "").replace("\n", " ")

    country, kind, language = said("country").upper(), said("kind").lower(), said("language")
    about = About(
        site_url=_web_address(attributes.get("htmlurl", "")),
        language=language if _LANGUAGE.fullmatch(language) else "",
        country=country if _COUNTRY.fullmatch(country) else "",
        kind=kind if kind in Source.Kind.values else "",
        owner=said("owner"),
        full_text=said("fulltext").lower() in ("yes", "true", "1"),
        terms=said("terms"),
    )
    name = plain_text(attributes.get("title") or attributes.get("text") or "")
    return Listed(name, attributes["xmlurl"].strip(), group, about)


def _web_address(text: str) -> str:
    return text.strip() if text.strip().lower().startswith(("http://", "https://")) else ""


def _outlines(text: str, file_name: str, complain: Callable[[str], None]) -> list[tuple[Attributes, str]]:
    """The attributes (names in lower case) of every outline with a feed, and the group it stands in."""
    found: list[tuple[Attributes, str]] = []
    above: list[str] = []

    def start(tag: str, attributes: Attributes) -> None:
        named = {key.lower(): value for key, value in attributes.items()}
        if tag.lower() != "outline":
            return
        if named.get("xmlurl", "").strip():
            found.append((named, above[0] if above else ""))
        above.append(named.get("text", ""))

    def end(tag: str) -> None:
        if tag.lower() == "outline":
            above.pop()

    def entity(*_: object) -> None:
        raise Refused(
            f"{file_name} declares XML entities, which a list of feeds has no use for: take them out."
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = entity
    body = _DECLARATION.sub("", _BARE_AMPERSAND.sub("&amp;", text.lstrip("\ufeff")), count=1)
    try:
        parser.Parse(body.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        # What stood before the break is still a list of feeds.
        if not found:
            raise Refused(f"{file_name} is broken XML ({error}): export the list again.") from error
        complain(f"the list breaks off ({error}): what stands before is taken; export it again.")
    return found


def _must_not_complain(sentence: str) -> None:
    raise Refused(f"The bundled list of feeds is damaged: {sentence}")
