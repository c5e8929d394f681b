"""Feeds over HTTP: many at once, each with a deadline, a size limit and no way into the private network.

Nothing here knows the database: requests in, outcomes out, in the order in which they end.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import queue
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractCookieJar

from daybreak import __version__
from daybreak.wire.network.pacing import fresh_for, retry_after
from daybreak.wire.network.publicnet import addresses_of, is_public

DEADLINE = 20.0  # seconds for the whole request: a limit on each read would not stop a feed that drips
LARGEST = 10_000_000  # bytes after decompression
PER_HOST = 2  # requests that a host answers at once
PATIENCE = 1.0  # seconds after which a request that hangs lets the next one of its host begin
_OPEN = 200  # requests under way, hanging ones included
_LARGE = 1_000_000  # bytes; of bodies above it only so many are read at once, which bounds the memory
_MOST_LARGE = 16
_MOST_UNTAKEN = 128  # outcomes that wait for the caller
_LOOKING_UP = (
    64  # names at once: a look-up cannot be called off, so some that hang must leave room for others
)
_MOST_REDIRECTS = 5
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
    answers that are no feed. `moved_to` is where redirects that are for good (301, 308) lead from the address asked.
    `retry_after` is how long the server asks us to wait, `fresh_for` how long it says that its answer stays good."""

    key: int
    status: int
    url: str = ""
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    error: str = ""
    moved_to: str = ""
    retry_after: dt.timedelta | None = None
    fresh_for: dt.timedelta | None = None


def agent_of(site_url: str) -> str:
    """How the newsroom of `site_url` names itself to servers, with where to ask about it."""
    return f"Daybreak/{__version__} (+{site_url})"


def fetch(
    requests: Sequence[Request],
    *,
    user_agent: str,
    at: dt.datetime,
    allow: Iterable[str] = (),
    deadline: float = DEADLINE,
    patience: float = PATIENCE,
) -> Iterator[Outcome]:
    """The outcome of each request, as they come in; a slow one holds nobody up.

    `allow` names private endpoints (“127.0.0.1:8080”, “[::1]:8080”, “intranet:80”) that may be asked all the same,
    a name meaning the addresses it has now; `at` turns a Retry-After date into a wait; `deadline` is in seconds, and
    so is `patience`, after which a hanging request no longer counts among those its host answers. Requests to one
    host begin in the order given. Raises nothing for what a server does.
    """
    came: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
    fetcher = _Fetcher(user_agent, at, frozenset(allow), deadline, patience, came)
    threading.Thread(target=fetcher.run, args=(list(requests),), name="fetching", daemon=True).start()
    while (outcome := came.get()) is not None:
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome
        fetcher.taken()


class _Turn:
    """A request's place among those its host answers; given back once, early when it hangs."""

    def __init__(self, host: asyncio.Semaphore) -> None:
        self._host: asyncio.Semaphore | None = host

    def give_back(self) -> None:
        if self._host is not None:
            self._host.release()
            self._host = None


class _Fetcher:
    """The event loop in its thread."""

    def __init__(
        self,
        user_agent: str,
        at: dt.datetime,
        allow: frozenset[str],
        deadline: float,
        patience: float,
        came: queue.SimpleQueue[Outcome | BaseException | None],
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        self._at, self._deadline, self._patience, self._came = at, deadline, patience, came
        self._allow = frozenset(address for endpoint in allow for address in addresses_of(endpoint))
        self._untaken = threading.Semaphore(_MOST_UNTAKEN)
        self._open = asyncio.Semaphore(_OPEN)
        self._large = asyncio.Semaphore(_MOST_LARGE)

    def run(self, requests: list[Request]) -> None:
        asyncio.run(self._told(requests))

    def taken(self) -> None:
        """The caller has done with an outcome."""
        self._untaken.release()

    async def _told(self, requests: list[Request]) -> None:
        """The caller hears of the end here: `asyncio.run` goes on to wait for look-ups that were given up."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOKING_UP))
        try:
            await self._all(requests)
        except BaseException as error:  # handed to the caller's thread, which raises it
            self._came.put(error)
        self._came.put(None)

    async def _all(self, requests: list[Request]) -> None:
        connector = aiohttp.TCPConnector(
            socket_factory=self._guarded_socket, limit=0, limit_per_host=0, ttl_dns_cache=60
        )
        jar: AbstractCookieJar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            connector=connector, headers=self._headers, cookie_jar=jar, trust_env=False
        ) as session:
            hosts: dict[str, asyncio.Semaphore] = {}
            async with asyncio.TaskGroup() as group:
                for request in requests:
                    host = hosts.setdefault(_host(request.url), asyncio.Semaphore(PER_HOST))
                    group.create_task(self._one(session, request, host))

    async def _one(self, session: aiohttp.ClientSession, request: Request, host: asyncio.Semaphore) -> None:
        # The host's turn comes first, so that many feeds of one slow host do not fill the room; the deadline
        # begins only when the request does.
        await host.acquire()
        turn = _Turn(host)
        try:
            async with self._open:
                while not self._untaken.acquire(blocking=False):
                    await asyncio.sleep(0.05)
                asyncio.get_running_loop().call_later(self._patience, turn.give_back)
                self._came.put(await self._outcome(session, request))
        finally:
            turn.give_back()

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
            body = await self._body(answer) if answer.status == 200 else b""
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
                moved_to=_moved_to(answer),
                retry_after=retry_after(answer.headers.get("Retry-After", ""), self._at),
                fresh_for=fresh_for(answer.headers.get("Cache-Control", ""), answer.headers.get("Age", "")),
            )

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async with contextlib.AsyncExitStack() as stack:
            async for part in answer.content.iter_chunked(65_536):
                if size <= _LARGE < size + len(part):
                    await stack.enter_async_context(self._large)
                size += len(part)
                if size > LARGEST:
                    raise TooLarge
                parts.append(part)
            return b"".join(parts)

    def _guarded_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Every connection passes here with the address it goes to: redirects, odd spellings of an address and
        names that change their mind between look-up and connection all meet the same guard."""
        family, kind, proto, _, address = info
        if not is_public(str(address[0])) and (address[0], address[1]) not in self._allow:
            raise PrivateAddress(f"{address[0]} is not a public address")
        return socket.socket(family, kind, proto)


def _moved_to(answer: aiohttp.ClientResponse) -> str:
    """Where the redirects lead as long as they are for good; the first that is not ends the way."""
    to = ""
    for hop, following in pairwise([*answer.history, answer]):
        if hop.status not in (301, 308):
            break
        to = str(following.url.with_fragment(None))
    return to


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
