from __future__ import annotations

import asyncio
import threading

from aiohttp import web


class LoopbackServer:
    """A real web server on loopback, in a thread of its own; what it answers is its heirs' `route`."""

    def __init__(self) -> None:
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

    def route(self, router: web.UrlDispatcher) -> None:
        raise NotImplementedError

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
        self.route(app.router)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.endpoint = f"{host}:{port}"
