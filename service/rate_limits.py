"""How often one client may ask, counted in memory alone: an address is stored and logged nowhere. Spec: §5.1."""

from __future__ import annotations

import logging
import math
import re
import time
from functools import cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from itertools import count
from threading import Timer

from aiohttp import web
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from service.refusals import TooManyRequests

logger = logging.getLogger("splitpass")

IPV6_PREFIX = 56
"""A subscriber has at least so small a network, and can send from any address in it."""


FORGETTING_SECONDS = 60
"""So much longer than its window a count may be in memory."""


class RateLimit:
    """At most `amount` requests of a client in a window of `seconds`, which begins with its first one."""

    _numbers = count()

    def __init__(self, amount: int, seconds: int) -> None:
        self._item = RateLimitItemPerSecond(amount, seconds, namespace=str(next(self._numbers)))
        self._limiter = FixedWindowRateLimiter(_storage())

    def count(self, *client: str) -> None:
        """Count a request of the client that these words name; raises `TooManyRequests` if it is one too many."""
        if not self._limiter.hit(self._item, *client):
            reset = self._limiter.get_window_stats(self._item, *client).reset_time
            seconds = max(1, math.ceil(reset - time.time()))
            raise TooManyRequests("too many requests", seconds)

    def uncount(self, *client: str) -> None:
        """Take back the count of a request that came to nothing."""
        self._limiter.hit(self._item, *client, cost=-1)


class _Again(Timer):
    """A timer that goes on. Left to itself the library starts a thread for nearly every count."""

    def run(self) -> None:
        while not self.finished.wait(self.interval):
            self.function(*self.args, **self.kwargs)


@cache
def _storage() -> MemoryStorage:
    """Where a process has all its counts. One thread deletes those whose windows are over."""
    storage = MemoryStorage()
    storage.timer = _Again(FORGETTING_SECONDS, storage.timer.function)
    storage.timer.daemon = True
    storage.timer.start()
    return storage


def client_network(request: web.Request, header: str | None) -> str:
    """The `network_of` the connection's address, or of what a reverse proxy wrote last into the `header`."""
    written = ",".join(request.headers.getall(header, ())) if header else ""
    named = network_of(forwarded_address(written.rpartition(",")[2]))
    if header and not named:
        _warn_once(header)
    return named or network_of(request.remote or "")


def forwarded_address(element: str) -> str:
    """The address in the last element of `X-Forwarded-For`, or of `Forwarded` (RFC 7239), without brackets and port."""
    node = element.strip()
    if "=" in node:
        pairs = (pair.partition("=") for pair in node.split(";"))
        node = next((value.strip() for name, _, value in pairs if name.strip().lower() == "for"), "")
    node = node.strip('"')
    if found := re.fullmatch(r"\[([^\]]*)\](:\w+)?|([^:]*):\w+", node):
        return found[1] or found[3] or ""
    return node


@cache
def _warn_once(header: str) -> None:
    logger.warning("the header %s names no address: all who come through the proxy count as one client", header)


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 network; nothing if this is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)
