"""What a site's robots.txt allows (RFC 9309), for pages that are fetched because an article links to them and for the
feeds that a site may have.

Each host's file is kept for a while. One that is not there (4xx) allows everything; one that cannot be had (5xx, no
answer) allows nothing for now (section 2.3.1).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from daybreak.wire.models import RobotsFile
from daybreak.wire.network.fetching import Request, fetch

LIFE = dt.timedelta(hours=24)  # a file is not used longer (RFC 9309, section 2.4)
_LIFE_OF_FAILURE = dt.timedelta(hours=1)
_LARGEST = 512_000  # bytes that are parsed; section 2.5 asks for 500 KiB
_AGENT = "Daybreak"
_LONGEST_DELAY = 3_600.0  # seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a page may be fetched: "yes", "no" or "not now". `delay` is how many seconds the site wants between two
    requests."""

    answer: str
    delay: float = 0.0


class Robots:
    """The robots.txt of some hosts, as they were at one instant."""

    def __init__(self, files: Mapping[str, RobotsFile]) -> None:
        self._files = files
        self._rules: dict[str, Protego] = {}

    def may(self, url: str) -> Verdict:
        """Whether the rules of the host of `url` let Daybreak fetch it."""
        file = self._files.get(origin_of(url))
        if file is None or file.status == 0 or file.status >= 500:
            return Verdict("not now")
        rules = self._rules_of(file)
        delay = min(float(rules.crawl_delay(_AGENT) or 0.0), _LONGEST_DELAY)
        return Verdict("yes" if rules.can_fetch(url, _AGENT) else "no", delay)

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of the host of `url` names (sitemaps.org), which may lie on other hosts."""
        file = self._files.get(origin_of(url))
        return tuple(self._rules_of(file).sitemaps) if file else ()

    def _rules_of(self, file: RobotsFile) -> Protego:
        if file.origin not in self._rules:
            self._rules[file.origin] = Protego.parse(file.body if file.status == 200 else "")
        return self._rules[file.origin]


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, which share a robots.txt."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def robots_for(
    urls: Iterable[str],
    at: dt.datetime,
    *,
    user_agent: str,
    allow: Iterable[str] = (),
    deadline: float = 20.0,
) -> Robots:
    """The rules for these addresses at `at` (aware UTC), fetched where none are held that are young enough; the
    redirects of a robots.txt are followed, `allow` is as for `fetch`, `deadline` in seconds."""
    origins = {origin for url in urls if len(origin := origin_of(url)) <= 300}
    held = {file.origin: file for file in RobotsFile.objects.filter(origin__in=origins) if _young(file, at)}
    missing = sorted(origins - held.keys())
    requests = [Request(key, f"{origin}/robots.txt") for key, origin in enumerate(missing)]
    for outcome in fetch(requests, user_agent=user_agent, at=at, allow=allow, deadline=deadline):
        body = outcome.body[:_LARGEST].decode("utf-8", "replace").replace("\x00", "")
        origin = missing[outcome.key]
        held[origin], _ = RobotsFile.objects.update_or_create(
            origin=origin, defaults={"status": outcome.status, "body": body, "fetched_at": at}
        )
    return Robots(held)


def _young(file: RobotsFile, at: dt.datetime) -> bool:
    failed = file.status == 0 or file.status >= 500
    return at - file.fetched_at < (_LIFE_OF_FAILURE if failed else LIFE)
