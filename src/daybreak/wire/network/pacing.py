"""How long until a feed is asked again: what its server asks for, and how often it had something new."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

SHORTEST = dt.timedelta(minutes=5)
LONGEST = dt.timedelta(hours=2)
LONGEST_BACK_OFF = dt.timedelta(hours=24)
_LONGEST_WAIT = dt.timedelta(days=1)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def next_interval(interval: dt.timedelta, new: int, items: int) -> dt.timedelta:
    """How often to ask a feed whose last answer had `new` items among `items` (0 of 0 when it was unchanged).

    Sooner by a third when there was something new, by half when most of it was, for then some may have passed
    unseen; later by a quarter when there was nothing. It settles where about every third answer has news, between
    SHORTEST and LONGEST.
    """
    factor = 1.25 if new == 0 else 0.5 if items >= 4 and new * 2 > items else 2 / 3
    return min(max(interval * factor, SHORTEST), LONGEST)


def wait_after(interval: dt.timedelta, *wishes: dt.timedelta | None) -> dt.timedelta:
    """The wait after a good answer: our interval or the longest the server wishes for (a feed's `ttl`, its answer's
    lifetime), which is not heeded beyond LONGEST: a night's wire cannot wait for a feed that says “weekly”."""
    longest = max((wish for wish in wishes if wish is not None), default=dt.timedelta(0))
    return max(interval, min(longest, LONGEST))


def back_off(interval: dt.timedelta, failures: int) -> dt.timedelta:
    """The wait after so many failures on end: each doubles it, up to LONGEST_BACK_OFF."""
    doubled = interval * (1 << min(failures, 12))
    return min(doubled, LONGEST_BACK_OFF)


def retry_after(text: str, at: dt.datetime) -> dt.timedelta | None:
    """The wait a Retry-After header asks for (RFC 9110, section 10.2.3), at most a day; None when it asks none."""
    text = text.strip()
    if text.isdecimal():
        wait = dt.timedelta(seconds=min(int(text[:9]), 86_400))
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        wait = until.replace(tzinfo=until.tzinfo or dt.UTC) - at
    return min(wait, _LONGEST_WAIT) if wait > dt.timedelta(0) else None


def fresh_for(cache_control: str, age: str = "") -> dt.timedelta | None:
    """How long an answer stays good by its Cache-Control and Age headers (RFC 9111, section 4.2), at most a day;
    None when it does not say or is stale at once."""
    said = _MAX_AGE.search(cache_control)
    if said is None or "no-cache" in cache_control.lower() or "no-store" in cache_control.lower():
        return None
    seconds = min(int(said[1]), 86_400) - (int(age[:9]) if age.strip().isdecimal() else 0)
    return dt.timedelta(seconds=seconds) if seconds > 0 else None
