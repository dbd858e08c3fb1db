"""What stands between a server and everybody else: it sees every answer that leaves, and can be a bad network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, web

from lab.processes import free_ports
from protocol.encoding import MAX_MESSAGE_BYTES

UPSTREAM_SECONDS = 30
REQUEST_HEADERS = ("Content-Type", "Content-Encoding", "Authorization")
ANSWER_HEADERS = ("Content-Type", "Cache-Control", "X-Request-Id")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; `server` is the name of the one that is asked."""

    server: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Gone(Exception):
    """No answer comes: whoever asked sees the connection end."""


Forward = Callable[[Asked], Awaitable[Answered]]
Manner = Callable[[Asked, Forward], Awaitable[Answered]]
"""How requests are passed on; raises `Gone` to answer nothing."""
Witness = Callable[[Asked, Answered], None]
"""Is shown every answer of a server before anybody else is."""


async def honest(asked: Asked, forward: Forward) -> Answered:
    """Pass on a request and its answer."""
    return await forward(asked)


def slow(random: Random, seconds: float) -> Manner:
    """Take up to so long before the request arrives, and again before its answer does."""

    async def manner(asked: Asked, forward: Forward) -> Answered:
        await asyncio.sleep(random.uniform(0, seconds))
        answered = await forward(asked)
        await asyncio.sleep(random.uniform(0, seconds))
        return answered

    return manner


def late(seconds: float) -> Manner:
    """Bring requests when nobody waits for the answer any more."""

    async def manner(asked: Asked, forward: Forward) -> Answered:
        await asyncio.sleep(seconds)
        return await forward(asked)

    return manner


def deaf(random: Random) -> Manner:
    """Lose half of the requests, and half of the answers to the others."""

    async def manner(asked: Asked, forward: Forward) -> Answered:
        if random.random() < 0.5:
            raise Gone
        answered = await forward(asked)
        if random.random() < 0.5:
            raise Gone
        return answered

    return manner


async def repeating(asked: Asked, forward: Forward) -> Answered:
    """Send every request twice at once, and pass on the answer to the first."""
    first, _ = await asyncio.gather(forward(asked), forward(asked), return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    return first


def reordering(seconds: float) -> Manner:
    """Hold every other request back until a later one was answered, or for so long; then send it twice."""
    held: list[asyncio.Event] = []

    async def manner(asked: Asked, forward: Forward) -> Answered:
        if held:
            earlier = held.pop()
            try:
                return await forward(asked)
            finally:
                earlier.set()
        later = asyncio.Event()
        held.append(later)
        try:
            await asyncio.wait_for(later.wait(), seconds)
        except TimeoutError:
            if later in held:
                held.remove(later)
        return await repeating(asked, forward)

    return manner


class Proxy:
    """A server in front of another one. `manner` may be changed at any time."""

    def __init__(self, server: str, port: int, witness: Witness) -> None:
        self._server, self._target, self._witness = server, f"http://127.0.0.1:{port}", witness
        (self.port,) = free_ports(1)
        self.manner: Manner = honest
        self.requests = 0
        """How many requests were forwarded so far."""
        self._session: ClientSession

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> web.AppRunner:
        """Listen; the runner that is returned ends it."""
        app = web.Application(client_max_size=MAX_MESSAGE_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._session = ClientSession(
            timeout=ClientTimeout(total=UPSTREAM_SECONDS), cookie_jar=DummyCookieJar(), auto_decompress=False
        )
        app.on_cleanup.append(lambda _: self._session.close())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        return runner

    async def _handle(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in REQUEST_HEADERS if name in request.headers}
        asked = Asked(self._server, request.method, request.path, headers, await request.read())
        try:
            answered = await self.manner(asked, self._forward)
        except Gone:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)  # which nobody receives
        return web.Response(status=answered.status, headers=answered.headers, body=answered.body)

    async def _forward(self, asked: Asked) -> Answered:
        self.requests += 1
        try:
            async with self._session.request(
                asked.method, self._target + asked.path, data=asked.body or None, headers=asked.headers
            ) as response:
                headers = {name: response.headers[name] for name in ANSWER_HEADERS if name in response.headers}
                answered = Answered(response.status, headers, await response.read())
        except (ClientError, TimeoutError, OSError):
            raise Gone from None
        self._witness(asked, answered)
        return answered


class Proxies:
    """Proxies in a thread of their own, so that they work while the others wait for a command."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runners: list[web.AppRunner] = []

    def __enter__(self) -> Proxies:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for runner in self._runners:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, proxy: Proxy) -> None:
        """Have a proxy listen until the context ends."""
        self._runners.append(asyncio.run_coroutine_threadsafe(proxy.start(), self._loop).result())
