"""XML from outside as a tree, with nothing in it that could hurt: no entities, no depth without end."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from daybreak.common.refusal import Refused

_DEEPEST = 200  # elements within one another
_MOST_ELEMENTS = 600_000  # in memory they weigh thirty times what they do in a file
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")


class XMLError(Refused):
    """The text is no XML that is read; the message says why."""


def parse_xml(text: str) -> Element:
    """The root of a document; names are `{namespace}local` as in ElementTree.

    Declared entities are refused unread (bombs, files of this machine), and so is a document whose elements stand
    more than 200 deep. Raises XMLError with a sentence.
    """
    builder, depth, count = TreeBuilder(), 0, 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if count > _MOST_ELEMENTS:
            raise XMLError(f"It has more than {_MOST_ELEMENTS:,} elements, which no news has.")
        if depth > _DEEPEST:
            raise XMLError(f"Its elements stand more than {_DEEPEST} deep, which no news does.")
        builder.start(_name(tag), {_name(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(tag))

    def entity(*_: object) -> None:
        raise XMLError("It declares XML entities, which news has no use for.")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.data, entity
    try:
        parser.Parse(_DECLARATION.sub("", text.lstrip("\ufeff"), count=1).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise XMLError(f"It is broken XML ({error}).") from error
    root: Element = builder.close()
    return root


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: Element | None) -> str:
    """All the words in an element, "" for none."""
    return "".join(element.itertext()).strip() if element is not None else ""


def _name(tag: str) -> str:
    return "{" + tag if "}" in tag else tag
