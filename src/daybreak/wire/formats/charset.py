"""Bytes of a feed to text, whatever charset they claim."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# Seven-bit encodings pass for UTF-8, so what the feed declares is believed first.
_NOT_LIKE_ASCII = (
    "iso-2022",
    "iso2022",
    "hz",
    "utf-7",
    "utf7",
    "utf-16",
    "utf16",
    "utf-32",
    "utf32",
    "ucs",
    "cp037",
    "ebcdic",
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
)


def decoded(data: bytes, content_type: str = "") -> str:
    """The text of a feed whatever its charset claims: byte order mark, then UTF-8 if the bytes are valid UTF-8,
    then what the XML declaration and the HTTP header say, then Windows-1252."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    declared = _DECLARED.match(data[:400])
    header = _CHARSET.search(content_type)
    claims = [m.decode("ascii") for m in declared.groups()] if declared else []
    claims += [header[1]] if header else []
    first = [claim for claim in claims if claim.lower().startswith(_NOT_LIKE_ASCII)]
    for name in (*first, "utf-8", *claims, "cp1252"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")
