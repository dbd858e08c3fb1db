"""Servers in a thread of this process, and coroutines that are run to their end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import ClientSession, web, web_app

from service.http_client import new_session

T = TypeVar("T")


def run(step: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine."""
    return asyncio.run(step)


def online(work: Callable[[ClientSession], Awaitable[T]]) -> T:
    """Run something that needs an HTTP session."""

    async def with_session() -> T:
        async with new_session() as session:
            return await work(session)

    return run(with_session())


@contextmanager
def serving(apps: Callable[[], Awaitable[list[tuple[web.Application, int]]]]) -> Iterator[None]:
    """Serve applications on loopback ports until the context ends."""
    loop = asyncio.new_event_loop()
    runners: list[web.AppRunner] = []

    async def start() -> None:
        for app, port in await apps():
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, auto_decompress=False)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            runners.append(runner)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(100)
        yield
    finally:
        for runner in runners:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(100)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(100)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        web_app._cached_build_middleware.cache_clear()  # which keeps applications, and so databases, alive
