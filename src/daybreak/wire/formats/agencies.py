"""Agency copy: ninjs (IPTC, 1.0 to 3.x) and NewsML-G2 (IPTC, newsItem alone or in a newsMessage) to items.

Only text that may be used now is taken: what is withheld, cancelled or under embargo is refused with a sentence, and
so is a picture. An item without a page of its own keeps the agency's name for it (a `urn:` or `tag:` URI) as its
address.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from daybreak.common.clock import parse_instant
from daybreak.common.refusal import Refused
from daybreak.wire.addresses import host_of, url_key
from daybreak.wire.formats.plaintext import plain_text, tidied
from daybreak.wire.formats.reading import Item
from daybreak.wire.formats.xmltree import local, parse_xml, text_of

_NEWSML = re.compile(r"<(?:\w+:)?(?:newsMessage|newsItem|packageItem)[\s>]")
_BLOCKS = ("p", "hl1", "hl2", "h1", "h2", "h3", "h4", "li", "td", "blockquote", "pre")
_NOT_USABLE = ("withheld", "canceled", "cancelled", "withdrawn")
_MOST_ITEMS = 5_000


# -- ninjs -----------------------------------------------------------------------------------------------


def is_ninjs(value: object) -> bool:
    """Whether a JSON value is an item of ninjs: it has a `uri` and none of the fields of our own items."""
    if not isinstance(value, dict) or "published" in value or "url" in value:
        return False
    words = (
        "headline",
        "headlines",
        "body_text",
        "body_html",
        "body_xhtml",
        "bodies",
        "versioncreated",
        "pubstatus",
    )
    return isinstance(value.get("uri"), str) and any(name in value for name in words)


def read_ninjs(value: dict[str, Any], at: dt.datetime) -> Item:
    """One item (https://iptc.org/std/ninjs/), as of `at` (aware UTC). Raises Refused with why it is left out."""
    _refuse_unusable(_said(value, "pubstatus"), _said(value, "embargoed"), at)
    kind = _said(value, "type")
    if kind not in ("", "text", "composite"):
        raise Refused(f"it is a {kind}, not a text")
    uri = _said(value, "uri").strip()
    return _item(
        address=_web_version(value) or uri,
        title=_said(value, "headline") or _valued(value, "headlines", "main") or _said(value, "title"),
        source=_provider(value) or _authority(uri),
        created=_said(value, "firstcreated")
        or _said(value, "contentcreated")
        or _said(value, "versioncreated"),
        summary=_said(value, "description_text")
        or _said(value, "description_html")
        or _valued(value, "descriptions"),
        body=_ninjs_body(value),
        language=_said(value, "language"),
    )


def _ninjs_body(value: dict[str, Any]) -> str:
    """Version 1 names its bodies by type, versions 2 and 3 list them with a role and a type."""
    if text := _said(value, "body_text"):
        return tidied(text)
    return plain_text(
        _said(value, "body_html") or _said(value, "body_xhtml") or _valued(value, "bodies", "main")
    )


def _valued(value: dict[str, Any], name: str, role: str = "") -> str:
    """The value of the entry with that role in a list of versions 2 and 3, else the longest."""
    entries = [one for one in _dicts(value.get(name)) if _said(one, "value").strip()]
    chosen = [one for one in entries if _said(one, "role") == role] or entries
    return max((_said(one, "value") for one in chosen), key=len, default="")


def _web_version(value: dict[str, Any]) -> str:
    links = [_said(one, "href") or _said(one, "uri") for one in _dicts(value.get("links"))]
    return next((link for link in links if link.startswith(("http://", "https://"))), "")


def _provider(value: dict[str, Any]) -> str:
    named = [_said(one, "name") for one in _dicts(value.get("infosources"))]
    said = (_said(value, name) for name in ("provider", "source", "copyrightholder"))
    return next((one for one in (*named, *said) if one.strip()), "")


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _said(value: dict[str, Any], name: str) -> str:
    held = value.get(name)
    return held if isinstance(held, str) else ""


# -- NewsML-G2 -------------------------------------------------------------------------------------------


def is_newsml(text: str) -> bool:
    """Whether a text begins like NewsML-G2."""
    return bool(_NEWSML.search(text[:5_000]))


def read_newsml(text: str, at: dt.datetime) -> Iterator[Item | str]:
    """The items of a newsItem or newsMessage (https://iptc.org/std/NAR/), as of `at` (aware UTC); for each that is
    left out a sentence. Packages only point to items, and are passed over. Raises XMLError."""
    root = parse_xml(text)
    found = [root] if local(root) == "newsItem" else [one for one in root.iter() if local(one) == "newsItem"]
    for number, element in enumerate(found[:_MOST_ITEMS], start=1):
        try:
            yield _news_item(element, at)
        except Refused as refusal:
            yield f"item {number} is left out: {str(refusal).rstrip('.')}."


def _news_item(element: Element, at: dt.datetime) -> Item:
    meta, content = _child(element, "itemMeta"), _child(element, "contentMeta")
    _refuse_unusable(_code(_child(meta, "pubStatus")), text_of(_child(meta, "embargoed")), at)
    kind = _code(_child(meta, "itemClass"))
    if kind not in ("", "text", "composite"):
        raise Refused(f"it is a {kind}, not a text")
    guid = element.get("guid", "").strip()
    bodies = _child(element, "contentSet")
    language = _child(content, "language")
    created = _child(content, "contentCreated"), _child(meta, "firstCreated"), _child(meta, "versionCreated")
    return _item(
        address=_html_version(bodies) or guid,
        title=text_of(_child(content, "headline")) or text_of(_child(meta, "title")),
        source=_provider_named(_child(meta, "provider")) or _authority(guid),
        created=next((text for one in created if (text := text_of(one))), ""),
        summary=text_of(_child(content, "description")),
        body=_newsml_body(bodies),
        language=language.get("tag", "") if language is not None else element.get("lang", ""),
    )


def _newsml_body(bodies: Element | None) -> str:
    """The longest inline text: NITF or XHTML by its blocks, anything else as it stands."""
    texts = []
    for one in bodies if bodies is not None else ():
        blocks = [block for block in one.iter() if local(block) in _BLOCKS and not _holds_block(block)]
        if blocks:
            texts.append("\n".join(" ".join(text_of(block).split()) for block in blocks))
        elif local(one) in ("inlineXML", "inlineData"):
            texts.append(plain_text(text_of(one)))
    return max(texts, key=len, default="")


def _holds_block(block: Element) -> bool:
    return any(local(inner) in _BLOCKS for inner in block.iter() if inner is not block)


def _html_version(bodies: Element | None) -> str:
    """The page that holds the item, when the agency names one."""
    remote = [one for one in (bodies if bodies is not None else ()) if local(one) == "remoteContent"]
    pages = [one.get("href", "") for one in remote if "html" in one.get("contenttype", "")]
    return next((page for page in pages if page.startswith(("http://", "https://"))), "")


def _provider_named(provider: Element | None) -> str:
    return text_of(_child(provider, "name")) or _code(provider)


def _code(element: Element | None) -> str:
    """What a concept says: its literal, or its QCode without the scheme (“stat:usable” is “usable”)."""
    if element is None:
        return ""
    return element.get("literal", "") or element.get("qcode", "").rpartition(":")[2] or element.get("uri", "")


def _child(element: Element | None, name: str) -> Element | None:
    return next((child for child in element if local(child) == name), None) if element is not None else None


# -- what both share -------------------------------------------------------------------------------------


def _refuse_unusable(status: str, embargoed: str, at: dt.datetime) -> None:
    if status.lower() in _NOT_USABLE:
        raise Refused(f"its agency calls it {status.lower()}")
    if embargoed.strip() and parse_instant(embargoed) > at:
        raise Refused(
            f"it is under embargo until {parse_instant(embargoed):%Y-%m-%d %H:%M} UTC; import it again then"
        )


def _item(
    *, address: str, title: str, source: str, created: str, summary: str, body: str, language: str
) -> Item:
    url_key(address)  # refuses what is no address
    title = plain_text(title).replace("\n", " ")[:500] or plain_text(summary or body).split("\n", 1)[0][:100]
    if not title:
        raise Refused("it has no headline and no words")
    summary = plain_text(summary)
    return Item(
        url=address,
        title=title,
        source=plain_text(source).replace("\n", " ")[:200],
        published=parse_instant(created) if created.strip() else None,
        summary="" if summary == body else summary,
        body=body,
        language=language,
    )


def _authority(uri: str) -> str:
    """Whose name an item has: the host, or what a `tag:` (RFC 4151) or `urn:newsml:` (RFC 3085) names."""
    parts = re.split(r"[:,]", uri)
    if parts[0].lower() == "urn" and len(parts) > 2:
        return parts[2]
    return parts[1] if parts[0].lower() == "tag" and len(parts) > 1 else host_of(uri)
