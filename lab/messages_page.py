"""A page with the messages that phones got, for a town alone: nobody else can read them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from service.http import create_app
from service.plain_documents import plain_document

SHOWN = 50
LOOK_SECONDS = 3
_NONE = (
    "아직 없습니다. 방문자 페이지에서 전화번호를 입력하면 여기에 인증 번호가 나타납니다.",
    "None yet. Enter a number on the visitors' page, and its code appears here.",
)


class MessagesPage:
    """The newest messages, newest first, on a page that looks again by itself."""

    def __init__(self) -> None:
        self._messages: deque[tuple[str, str]] = deque(maxlen=SHOWN)

    def add(self, phone: str, text: str) -> None:
        """A phone has got a message."""
        self._messages.appendleft((phone, text))

    @asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """Serve the page on this machine within the context."""
        runner = web.AppRunner(create_app([web.get("/", self._show)]), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield
        finally:
            await runner.cleanup()

    async def _show(self, _request: web.Request) -> web.Response:
        shown = plain_document("받은 문자 / Messages", self._messages or [_NONE])
        shown.headers["Refresh"] = str(LOOK_SECONDS)
        return shown
