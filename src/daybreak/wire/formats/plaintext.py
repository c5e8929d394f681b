"""Markup from outside to plain text: no tags, no scripts, no entities, one line a block."""

from __future__ import annotations

import html
import re

import nh3

_BLOCK = re.compile(
    r"(?i)<(?:/?(?:p|div|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|figure)\b[^<>]*|br\s*/?)>"
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_TAG = re.compile(r"<[A-Za-z/!?]")
_LONGEST = 200_000  # characters; a longer text is no article


def plain_text(markup: str) -> str:
    """The words of a fragment of HTML, as plain text; blocks are lines, spaces are single.

    Text that never was markup passes unharmed (“A < B & C”). Signs that nobody sees, and that could turn the
    direction of a line, are taken out.
    """
    text = _UNSEEN.sub("", markup[:_LONGEST])
    if _TAG.search(text):
        text = _text_of(text)
    elif "&" in text:
        text = html.unescape(text)
        if _TAG.search(text):  # markup that was escaped twice
            text = _text_of(text)
    return tidied(text)


def tidied(text: str) -> str:
    """Text that never was markup, without what nobody sees: single spaces, no empty lines, no control signs."""
    text = _UNSEEN.sub("", text[:_LONGEST]).replace("\xad", "")
    if "\n" not in text:
        return " ".join(text.split())
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def _text_of(markup: str) -> str:
    # Line ends in a source are spaces; only blocks make lines.
    lines = _BLOCK.sub("\n", " ".join(markup.split()))
    cleaned = nh3.clean(lines, tags=set(), clean_content_tags={"script", "style"}, strip_comments=True)
    return html.unescape(cleaned)
