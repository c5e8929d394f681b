from __future__ import annotations

import asyncio
import threading

from aiohttp import web

PARAGRAPHS = [
    f"In part {n} of its report the commission told how the bridge at Mopti was built, who had paid for it, and why "
    "the engineers of three countries had warned of its northern pier since the floods of last year."
    for n in range(1, 8)
]
ARTICLE = f"""<!doctype html><html lang="en-GB"><head><title>A bridge at Mopti</title>
<link rel="canonical" href="/articles/bridge"><meta name="author" content="Awa Traoré">
<meta property="article:published_time" content="2022-05-03T03:30:00+00:00">
<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "2022-05-03T03:30:00Z"}}</script></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>A bridge at Mopti</h1>
{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}<p>Read more: The floods of last year</p></article>
<footer>All rights reserved</footer></body></html>"""


class PageServer:
    """A real server on loopback with articles, and with pages that are none. `robots` is its robots.txt, a status
    when it is a number; `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.robots: str | int = 404
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[str] = []
        self.endpoint = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def base(self) -> str:
        return f"http://{self.endpoint}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.endpoint = f"{host}:{port}"

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/robots.txt":
            if isinstance(self.robots, int):
                return web.Response(status=self.robots)
            return web.Response(text=self.robots)
        status, kind, body = self.pages.get(request.path, (200, "text/html", ARTICLE.encode()))
        return web.Response(status=status, content_type=kind, body=body)
