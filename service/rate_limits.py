"""How often one client may ask, counted in memory alone: an address is stored and logged nowhere. Spec: §5.1."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, IPv6Network, ip_address

from aiohttp import web
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from service.refusals import TooManyRequests

IPV6_PREFIX = 56
"""A subscriber has at least so small a network, and can send from any address in it."""


class RateLimit:
    """At most `amount` requests of a client in a window of `seconds`, which begins with its first one."""

    def __init__(self, amount: int, seconds: int) -> None:
        self._item = RateLimitItemPerSecond(amount, seconds)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def count(self, *client: str) -> None:
        """Count a request of the client that these words name; raises `TooManyRequests` if it is one too many."""
        if not self._limiter.hit(self._item, *client):
            reset = self._limiter.get_window_stats(self._item, *client).reset_time
            seconds = max(1, math.ceil(reset - time.time()))
            raise TooManyRequests("too many requests", seconds)

    def uncount(self, *client: str) -> None:
        """Take back the count of a request that came to nothing."""
        self._limiter.hit(self._item, *client, cost=-1)


def client_network(request: web.Request, header: str | None) -> str:
    """The `network_of` the connection's address, or of what a reverse proxy wrote last into the `header`."""
    written = ",".join(request.headers.getall(header, ())) if header else ""
    return network_of(written.rpartition(",")[2].strip()) or network_of(request.remote or "")


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 network; nothing if this is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)
