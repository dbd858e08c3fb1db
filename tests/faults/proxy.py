"""What stands between a server and everybody else: it sees every answer that leaves, and can be a bad network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, web

from lab.processes import free_ports
from protocol.primitives.encoding import MAX_MESSAGE_BYTES

UPSTREAM_SECONDS = 30
REQUEST_HEADERS = ("Content-Type", "Content-Encoding", "Authorization")
ANSWER_HEADERS = ("Content-Type", "Cache-Control", "X-Request-Id", "Date")


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


class Witness(Protocol):
    """Sees everything that a server is asked and answers."""

    def asked(self, asked: Asked) -> None:
        """Is shown a request before the server is, which may not live to answer it."""

    def answered(self, asked: Asked, answered: Answered) -> None:
        """Is shown an answer before anybody else is."""


class Manner:
    """An honest network; the others are worse. `disturbed` counts the requests that fared worse than on this one."""

    def __init__(self) -> None:
        self.disturbed = 0

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """The answer to a request; raises `Gone` to answer nothing."""
        return await forward(asked)


class Slow(Manner):
    """Takes up to so long before a request arrives, and again before its answer does."""

    def __init__(self, random: Random, seconds: float) -> None:
        super().__init__()
        self._random, self._seconds = random, seconds

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """Late, both ways."""
        self.disturbed += 1
        await asyncio.sleep(self._random.uniform(0, self._seconds))
        answered = await forward(asked)
        await asyncio.sleep(self._random.uniform(0, self._seconds))
        return answered


class Stalled(Manner):
    """Brings requests when nobody waits for the answer any more."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """Too late."""
        await asyncio.sleep(self._seconds)
        self.disturbed += 1
        return await forward(asked)


class Losing(Manner):
    """Loses half of the requests, and half of the answers to the others."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """Perhaps."""
        self._lose_half()
        answered = await forward(asked)
        self._lose_half()
        return answered

    def _lose_half(self) -> None:
        if self._random.random() < 0.5:
            self.disturbed += 1
            raise Gone


class Repeating(Manner):
    """Sends every request twice at once, and passes on the answer to the first."""

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """Twice."""
        first, second = await asyncio.gather(forward(asked), forward(asked), return_exceptions=True)
        if isinstance(first, Answered) and isinstance(second, Answered):
            self.disturbed += 1
        if isinstance(first, BaseException):
            raise first
        return first


class Reordering(Manner):
    """Holds every other request back until a later one was answered, or for so long; then sends it twice.

    The answer to the first is passed on; some of the second ones come when that has long been delivered.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._held: list[asyncio.Event] = []
        self._late: set[asyncio.Task[Answered]] = set()

    async def pass_on(self, asked: Asked, forward: Forward) -> Answered:
        """Later than a later one, or before an earlier one."""
        if self._held:
            earlier = self._held.pop()
            try:
                return await forward(asked)
            finally:
                self.disturbed += 1
                earlier.set()
        later = asyncio.Event()
        self._held.append(later)
        try:
            await asyncio.wait_for(later.wait(), self._seconds)
        except TimeoutError:
            if later in self._held:
                self._held.remove(later)
        answered = await forward(asked)
        again = asyncio.create_task(_ignoring_loss(forward, asked))
        self._late.add(again)
        again.add_done_callback(self._late.discard)
        return answered


async def _ignoring_loss(forward: Forward, asked: Asked) -> Answered:
    try:
        return await forward(asked)
    except Gone:
        return Answered(0, {}, b"")


class Process:
    """One of the processes that a server consists of. `under_way` counts the requests that it is at work on."""

    def __init__(self, port: int) -> None:
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self.under_way = 0


class Proxy:
    """A server in front of another one. `manner` and `processes` may be changed at any time."""

    def __init__(self, server: str, port: int, witness: Witness) -> None:
        self._server, self._witness = server, witness
        self.processes: tuple[Process, ...] = (Process(port),)
        """Each request goes to the next one."""
        (self.port,) = free_ports(1)
        self.manner = Manner()
        self.requests = 0
        """How many requests were forwarded so far."""
        self._session: ClientSession

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def under_way(self) -> int:
        """How many requests the server is at work on."""
        return sum(process.under_way for process in self.processes)

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
            answered = await self.manner.pass_on(asked, self._forward)
        except Gone:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)  # which nobody receives
        return web.Response(status=answered.status, headers=answered.headers, body=answered.body)

    async def _forward(self, asked: Asked) -> Answered:
        self._witness.asked(asked)
        processes = self.processes
        process = processes[self.requests % len(processes)]
        self.requests += 1
        process.under_way += 1
        try:
            async with self._session.request(
                asked.method, process.url + asked.path, data=asked.body or None, headers=asked.headers
            ) as response:
                headers = {name: response.headers[name] for name in ANSWER_HEADERS if name in response.headers}
                answered = Answered(response.status, headers, await response.read())
        except (ClientError, TimeoutError, OSError):
            raise Gone from None
        finally:
            process.under_way -= 1
        self._witness.answered(asked, answered)
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
