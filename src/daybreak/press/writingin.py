"""Writing to the editor about one brief: the link that is printed under it, and the way back from its subject.

The link (RFC 6068) is the same for every reader, as a mail's body is shared. It keeps a slot for the address: it is
filled with today's when a page is served or a letter composed.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

EDITOR = "%%EDITOR%%"
_DATED = re.compile(r"(.*)\((\d{4}-\d{2}-\d{2})\)", re.DOTALL)
_ANSWERED = re.compile(r"(?:(?:re|aw|antw|sv|vs|rv|odp|fwd?|wg|tr|i)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def link_about(headline: str, day: dt.date) -> str:
    """A mailto: address whose subject names a brief of the edition of `day`; nothing in it needs escaping."""
    subject = f"{' '.join(headline.split())} ({day})"
    return f"mailto:{EDITOR}?subject={quote(subject, safe='')}"


def as_in_link(address: str) -> str:
    """What stands in the slot: a mail address as a mailto: address writes it."""
    return quote(address, safe="@")


def brief_named_in(subject: str) -> tuple[str, dt.date | None]:
    """The headline that a subject names and the day of its edition, None where the subject does not say it."""
    answered = _ANSWERED.match(subject.strip())
    words = subject.strip()[answered.end() :] if answered else subject
    dated = _DATED.match(words)
    try:
        return (dated[1].strip(), dt.date.fromisoformat(dated[2])) if dated else (words.strip(), None)
    except ValueError:  # of no calendar
        return words.strip(), None
