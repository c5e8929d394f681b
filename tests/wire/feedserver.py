from __future__ import annotations

import asyncio
import gzip

from aiohttp import web

from tests.wire.loopback import LoopbackServer

FEED = b'<rss version="2.0"><channel><title>T</title></channel></rss>'
BOMB = gzip.compress(b"\0" * 200_000_000, compresslevel=9)
_WAYS = (
    "good", "items", "drip", "huge", "bomb", "redirect", "loop", "cached", "gone", "busy",
    "page", "empty", "slowish", "cut", "moved", "weekly",
)  # fmt: skip


class FeedServer(LoopbackServer):
    """A server that misbehaves in all the ways that feeds do."""

    def __init__(self) -> None:
        self.at_once = self.most_at_once = 0
        self.pages: dict[str, bytes] = {}  # what else it serves, by path; a test fills and empties it
        super().__init__()

    def route(self, router: web.UrlDispatcher) -> None:
        for name in _WAYS:
            router.add_get(f"/{name}", getattr(self, name))
        router.add_get("/{path:.*}", self.page_of)

    async def page_of(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        body = self.pages.get(request.path)
        if body is None:
            raise web.HTTPNotFound
        return web.Response(body=body, content_type="text/html" if b"<html" in body else "text/plain")

    async def good(self, request: web.Request) -> web.Response:
        return web.Response(body=FEED, content_type="application/rss+xml", headers={"ETag": '"1"'})

    async def items(self, request: web.Request) -> web.Response:
        entries = "".join(
            f"<item><title>{title}</title><link>{link}</link><pubDate>Thu, 05 May 2022 17:30:00 GMT</pubDate></item>"
            for title, link in (
                ("Accords end in Bamako", "/a"),
                ("Polls open in Stormont", "https://b.example/b"),
            )
        )
        text = f'<rss version="2.0"><channel><title>T</title>{entries}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")

    async def drip(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"<")
            await asyncio.sleep(0.1)
        return answer

    async def huge(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(200):
            await answer.write(b"x" * 100_000)
        return answer

    async def bomb(self, request: web.Request) -> web.Response:
        return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})

    async def redirect(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    async def loop(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/loop")

    async def moved(self, request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("/items")

    async def weekly(self, request: web.Request) -> web.Response:
        return web.Response(body=FEED.replace(b"</title>", b"</title><ttl>10080</ttl>"))

    async def cached(self, request: web.Request) -> web.Response:
        same = request.headers.get("If-None-Match") == '"1"' and "If-Modified-Since" in request.headers
        return web.Response(status=304) if same else web.Response(body=FEED)

    async def gone(self, request: web.Request) -> web.Response:
        return web.Response(status=410)

    async def busy(self, request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "3600"})

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text="<html><body>Hello</body></html>", content_type="text/html")

    async def empty(self, request: web.Request) -> web.Response:
        return web.Response(body=b"")

    async def cut(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"<rss>")
        assert request.transport is not None
        request.transport.close()
        return answer

    async def slowish(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.1)
        self.at_once -= 1
        return web.Response(body=FEED)
