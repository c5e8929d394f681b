"""Feeds over HTTP: many at once, each with a deadline, a size limit and no way into the private network.

Nothing here knows the database: requests in, outcomes out, in the order in which they end.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import queue
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractCookieJar

DEADLINE = 20.0  # seconds for the whole request: a limit on each read would not stop a feed that drips
LARGEST = 10_000_000  # bytes after decompression
AT_ONCE = 64
PER_HOST = 2
_MOST_REDIRECTS = 5
_LONGEST_WAIT = dt.timedelta(days=1)
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


class PrivateAddress(OSError):
    """The name leads to an address that is not on the public internet."""


class TooLarge(Exception):
    """The answer is larger than LARGEST after decompression."""


@dataclass(frozen=True, slots=True)
class Request:
    """A feed to ask for; `etag` and `last_modified` are what its last answer said (RFC 9110, section 13)."""

    key: int
    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back. `status` is 0 when there was no answer, and then `error` is a sentence; it is one, too, for
    answers that are no feed. `retry_after` is how long the server asks us to wait."""

    key: int
    status: int
    url: str = ""
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    error: str = ""
    retry_after: dt.timedelta | None = None


def fetch(
    requests: Sequence[Request],
    *,
    user_agent: str,
    at: dt.datetime,
    allow: Iterable[str] = (),
    deadline: float = DEADLINE,
) -> Iterator[Outcome]:
    """The outcome of each request, as they come in; a slow one holds nobody up.

    `allow` names private endpoints (“127.0.0.1:8080”, “[::1]:8080”, “intranet:80”) that may be asked all the same,
    a name meaning the addresses it has now; `at` turns a Retry-After
    date into a wait; `deadline` is in seconds. Raises nothing for what a server does.
    """
    came: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
    fetcher = _Fetcher(user_agent, at, frozenset(allow), deadline, came)
    thread = threading.Thread(target=fetcher.run, args=(list(requests),), name="fetching", daemon=True)
    thread.start()
    while (outcome := came.get()) is not None:
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome
        fetcher.taken()
    thread.join()


class _Fetcher:
    """The event loop in its thread. At most twice AT_ONCE bodies wait for the caller to take them."""

    def __init__(
        self,
        user_agent: str,
        at: dt.datetime,
        allow: frozenset[str],
        deadline: float,
        came: queue.SimpleQueue[Outcome | BaseException | None],
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        self._at, self._deadline, self._came = at, deadline, came
        self._allow = frozenset(address for endpoint in allow for address in _addresses(endpoint))
        self._untaken = threading.Semaphore(2 * AT_ONCE)

    def run(self, requests: list[Request]) -> None:
        try:
            asyncio.run(self._all(requests))
        except BaseException as error:  # handed to the caller's thread, which raises it
            self._came.put(error)
        self._came.put(None)

    def taken(self) -> None:
        """The caller has done with an outcome."""
        self._untaken.release()

    async def _all(self, requests: list[Request]) -> None:
        connector = aiohttp.TCPConnector(
            socket_factory=self._guarded_socket, limit=AT_ONCE, limit_per_host=PER_HOST, ttl_dns_cache=60
        )
        jar: AbstractCookieJar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            connector=connector, headers=self._headers, cookie_jar=jar, trust_env=False
        ) as session:
            room = asyncio.Semaphore(AT_ONCE)
            hosts: dict[str, asyncio.Semaphore] = {}
            async with asyncio.TaskGroup() as group:
                for request in requests:
                    host = hosts.setdefault(_host(request.url), asyncio.Semaphore(PER_HOST))
                    group.create_task(self._one(session, request, room, host))

    async def _one(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        room: asyncio.Semaphore,
        host: asyncio.Semaphore,
    ) -> None:
        # The host's turn comes first, so that many feeds of one slow host do not fill the room; the deadline
        # begins only when the request does.
        async with host, room:
            while not self._untaken.acquire(blocking=False):
                await asyncio.sleep(0.05)
            self._came.put(await self._outcome(session, request))

    async def _outcome(self, session: aiohttp.ClientSession, request: Request) -> Outcome:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._ask(session, request)
        except TimeoutError:
            return Outcome(
                request.key, 0, error=f"It did not answer in full within {self._deadline:g} seconds."
            )
        except TooLarge:
            return Outcome(
                request.key, 0, error=f"It sent more than {LARGEST // 1_000_000} MB, too much for a feed."
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(request.key, 0, error=_sentence(error))

    async def _ask(self, session: aiohttp.ClientSession, request: Request) -> Outcome:
        conditions = {}
        if request.etag:
            conditions["If-None-Match"] = request.etag
        if request.last_modified:
            conditions["If-Modified-Since"] = request.last_modified
        async with session.get(request.url, headers=conditions, max_redirects=_MOST_REDIRECTS) as answer:
            body = await _body(answer) if answer.status == 200 else b""
            return Outcome(
                key=request.key,
                status=answer.status,
                url=str(answer.url),
                body=body,
                content_type=answer.headers.get("Content-Type", ""),
                etag=answer.headers.get("ETag", ""),
                last_modified=answer.headers.get("Last-Modified", ""),
                error=""
                if answer.status in (200, 304)
                else f"It answered {answer.status} {answer.reason or ''}".strip() + ".",
                retry_after=retry_after(answer.headers.get("Retry-After", ""), self._at),
            )

    def _guarded_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Every connection passes here with the address it goes to: redirects, odd spellings of an address and
        names that change their mind between look-up and connection all meet the same guard."""
        family, kind, proto, _, address = info
        if not is_public(str(address[0])) and (address[0], address[1]) not in self._allow:
            raise PrivateAddress(f"{address[0]} is not a public address")
        return socket.socket(family, kind, proto)


def _addresses(endpoint: str) -> set[tuple[str, int]]:
    """The IP addresses, with the port, that HOST:PORT stands for now; none when the name is not known."""
    parts = urlsplit(f"//{endpoint}")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(str(address[0]), int(address[1])) for *_, address in found}


def is_public(text: str) -> bool:
    """Whether an IP address is on the public internet; one that wraps an IPv4 address is judged by that."""
    address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        nat64 = address in ipaddress.ip_network("64:ff9b::/96")
        inner = (
            address.ipv4_mapped
            or address.sixtofour
            or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if nat64 else None)
        )
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


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


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    parts = []
    size = 0
    async for part in answer.content.iter_chunked(65_536):
        size += len(part)
        if size > LARGEST:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def _host(url: str) -> str:
    """Host and port, so that two servers on one machine do not wait for each other."""
    with contextlib.suppress(ValueError):
        return urlsplit(url).netloc.lower() or url
    return url


def _sentence(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PrivateAddress):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, PrivateAddress):
        return f"It leads to a private address ({cause}), which is not fetched."
    if isinstance(error, aiohttp.TooManyRedirects):
        return "It redirects more than five times."
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return "Its address, or one it redirects to, is no web address."
    if isinstance(error, aiohttp.ClientSSLError):
        return "Its TLS certificate or connection is not valid."
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return f"It cannot be reached ({os.strerror(number) if number and number > 0 else error.strerror})."
    if isinstance(error, aiohttp.ClientPayloadError):
        return "It broke off, or is not packed as it says."
    if isinstance(error, aiohttp.ClientResponseError):
        return "It answered with something that is not HTTP."
    words = " ".join(str(error).split())[:200]
    return f"It could not be read: {words or type(error).__name__}."
