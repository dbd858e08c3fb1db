"""What a server tells those who run it: a line and a measurement for each request, and nothing of any person.

Spec: §8.7. A route is named by its pattern, so that no id, address or token of a caller is written anywhere.
"""

from __future__ import annotations

import functools
import logging
import os
import time
import traceback
from collections.abc import Collection
from contextvars import ContextVar
from itertools import count

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import Counter, Gauge, Histogram, Info, start_http_server
from pythonjsonlogger.msgspec import MsgspecFormatter

from service.version import build

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
"""What times to answer are counted by: from a check-in at a door to a release between the parties."""

logger = logging.getLogger("splitpass")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_requests = Counter("splitpass_requests", "Requests answered.", ("method", "route", "status"))
_seconds = Histogram("splitpass_request_seconds", "Time to answer.", ("method", "route"), buckets=SECONDS)
_epochs_ahead = Gauge(
    "splitpass_epochs_ahead", "Days after today whose joint epoch key is here; -1 without today's.", ("domain",)
)
_build = Info("splitpass_build", "The package and the specification that the program is of.")
_housekeeping = Gauge(
    "splitpass_housekeeping_timestamp_seconds", "When housekeeping last went through, in Unix time.", ("domain",)
)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id of the server's own, and log and measure its answer."""
    identifier, started = os.urandom(8).hex(), time.monotonic()
    answering = _request_id.set(identifier)
    try:
        response = await handler(request)
        response.headers.update({"X-Request-Id": identifier, "Server": "SplitPass"})
        _tell(request, response.status, time.monotonic() - started)
    finally:
        _request_id.reset(answering)  # a connection's next request is another
    return response


def _tell(request: web.Request, status: int, elapsed: float) -> None:
    resource = request.match_info.route.resource
    route = "unknown" if resource is None else resource.canonical
    method = request.method if resource is not None else "unknown"  # callers must not choose what is written
    requests, seconds = _measured(method, route, status)
    requests.inc()
    seconds.observe(elapsed)
    logger.info(
        "request",
        extra={"method": method, "route": route, "status": status, "milliseconds": round(1000 * elapsed, 1)},
    )


@functools.cache
def _measured(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """What counts such answers, and what their times."""
    return _requests.labels(method, route, status), _seconds.labels(method, route)


def log_as_json() -> None:
    """Write the log to standard error, one JSON object a line, with its id while a request is answered."""
    handler = logging.StreamHandler()
    handler.setFormatter(MsgspecFormatter("{levelname}{name}{message}", style="{", timestamp=True))
    handler.addFilter(_name_request)
    # No line tells where it was written, or by which thread or process: nobody looks for that at each request.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.getLogger("aiohttp.server").disabled = True  # it quotes what callers send
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def whereabouts(error: BaseException) -> str:
    """The type of an error and the lines of code that it came through: its text may quote what a caller sent."""
    return "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])


def note_housekeeping(domain: int, today: int, known: Collection[int]) -> None:
    """Measure that a domain's housekeeping went through, and for how many days without a gap it found joint keys."""
    _epochs_ahead.labels(domain).set(next(days for days in count() if today + days not in known) - 1)
    _housekeeping.labels(domain).set_to_current_time()


def forget_housekeeping(domain: int) -> None:
    """Measure nothing of a domain any more."""
    for gauge in (_epochs_ahead, _housekeeping):
        gauge.remove(str(domain))


def serve_metrics(port: int) -> None:
    """Answer Prometheus on this machine's loopback interface alone: counts of a door are nobody else's."""
    _build.info(build())
    start_http_server(port, addr="127.0.0.1")


def _name_request(record: logging.LogRecord) -> bool:
    identifier = _request_id.get()
    if identifier is not None:
        record.id = identifier
    return True
