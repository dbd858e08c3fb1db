"""Serving until told to stop. Every request is then finished or refused; none is dropped. Spec: §6.4."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from service.errors import ConfigurationError
from service.monitoring import log_as_json, serve_metrics
from service.settings import ServerSettings

if TYPE_CHECKING:
    import ssl

FINISH_SECONDS = 20
"""How long requests may go on when the server stops; then they are refused."""
LINGER_SECONDS = 1
"""How long connections stay open at least when the server stops, for a request that is on its way."""
STOP_SECONDS = 30
"""The longest that a server takes to stop."""

logger = logging.getLogger("splitpass")


class Stopping(Exception):
    """The server stops and does not answer any more."""


class Requests:
    """The requests that an application is answering. `refusals` are called when it stops, to end what waits."""

    def __init__(self) -> None:
        self.stopping = False
        self.refusals: list[Callable[[], None]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._refusing = False

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer; raises `Stopping` for a request that came too late or takes too long."""
        if self.stopping:
            raise Stopping
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)  # not before the answer is written
        try:
            return await handler(request)
        except asyncio.CancelledError:
            if not self._refusing:
                raise
            task.uncancel()
            raise Stopping from None

    async def finish(self, _app: web.Application) -> None:
        """Take no more requests, wait for those that run, and refuse those that run too long."""
        self.stopping = True
        for refuse in self.refusals:
            refuse()
        if self._running:
            logger.info("%d requests are being finished", len(self._running))
            await asyncio.wait(self._running, timeout=FINISH_SECONDS)
        self._refusing = True
        for task in self._running:
            task.cancel()
        if self._running:
            logger.warning("%d requests took too long and were refused", len(self._running))
            await asyncio.wait(self._running, timeout=LINGER_SECONDS)


REQUESTS = web.AppKey("requests", Requests)


def serve(app: web.Application | Awaitable[web.Application], settings: ServerSettings) -> None:
    """Serve until SIGINT or SIGTERM. Raises `ConfigurationError` if TLS or the port cannot be used."""
    log_as_json()

    async def run(context: ssl.SSLContext | None) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        runner = web.AppRunner(
            app if isinstance(app, web.Application) else await app,
            access_log=None,
            auto_decompress=False,  # also where a refused body is drained
            shutdown_timeout=LINGER_SECONDS,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, ssl_context=context)
            try:
                await site.start()
            except OSError as error:
                raise ConfigurationError(_cannot_listen(settings.host, settings.port, error)) from None
            scheme = "http" if context is None else "https"
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            gc.freeze()  # what is there from the start is no garbage: no collection looks through it again
            logger.info("listening on %s://%s:%d", scheme, host, runner.addresses[0][1])
            await stop.wait()
            _stop_in_time()
            await site.stop()
            lingering = LINGER_SECONDS if runner.server and runner.server.connections else 0
            await asyncio.gather(runner.app.shutdown(), asyncio.sleep(lingering))
        finally:
            await runner.cleanup()

    try:
        context = settings.tls()
        if settings.metrics_port is not None:
            _measure(settings.metrics_port)
    except ConfigurationError:
        if asyncio.iscoroutine(app):
            app.close()
        raise
    asyncio.run(run(context))


def _measure(port: int) -> None:
    try:
        serve_metrics(port)
    except OSError as error:
        raise ConfigurationError(_cannot_listen("127.0.0.1", port, error, "metrics_port")) from None


def _cannot_listen(host: str, port: int, error: OSError, setting: str = "port") -> str:
    """What to do when nothing can listen at an address."""
    where = f"this server cannot listen at {host}, port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program does, maybe this server already; stop it, or set another {setting}"
    if error.errno == errno.EACCES:
        return f"{where}: ports below 1024 are the system's; set another {setting}, with a reverse proxy in front"
    return f"{where}: {error.strerror}; set host to an address of this machine"


def _stop_in_time() -> None:
    """End the process when it takes too long, as with work in threads: what was acknowledged is durable."""

    def cut_off() -> None:
        logger.warning("work that nobody waits for was cut off")
        os._exit(0)

    watchdog = threading.Timer(STOP_SECONDS, cut_off)
    watchdog.daemon = True
    watchdog.start()
