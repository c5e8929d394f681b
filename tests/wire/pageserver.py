from __future__ import annotations

from aiohttp import web

from tests.wire.loopback import LoopbackServer

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


class PageServer(LoopbackServer):
    """A server with articles, and with pages that are none. `robots` is its robots.txt, a status when it is a number;
    `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.robots: str | int = 404
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        super().__init__()

    def route(self, router: web.UrlDispatcher) -> None:
        router.add_get("/{path:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/robots.txt":
            if isinstance(self.robots, int):
                return web.Response(status=self.robots)
            return web.Response(text=self.robots)
        status, kind, body = self.pages.get(request.path, (200, "text/html", ARTICLE.encode()))
        return web.Response(status=status, content_type=kind, body=body)
