"""What a network brings twice is asked once. Spec: §3.7.

Requests that come again, within a batch or in two of them, would mark themselves as one visitor's.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from protocol.primitives.errors import ReplayedRequest

REPEAT_SECONDS = 900
"""For at least so long a request that comes again is known, if this process got the first one."""


class Deduplicator:
    """Knows what was asked before: in memory, as digests under a key that nobody else has, and without an account."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._under_way: dict[bytes, asyncio.Task[list[bytes]]] = {}
        self._asked: set[bytes] = set()
        self._asked_before: set[bytes] = set()
        self._turned = clock()

    async def once(self, requests: Sequence[bytes], ask: Callable[[], Coroutine[Any, Any, list[bytes]]]) -> list[bytes]:
        """What `ask` returns or raises; what is under way with these requests is joined, and not asked again.

        Raises:
            ReplayedRequest: They were asked less than `REPEAT_SECONDS` ago.
        """
        digest = hashlib.blake2b(b"".join(requests), digest_size=16, key=self._key).digest()
        asking = self._under_way.get(digest)
        if asking is None:
            self._forget_old()
            if digest in self._asked or digest in self._asked_before:
                raise ReplayedRequest("these passes were asked for before; a client draws new requests each time")
            self._asked.add(digest)
            asking = self._under_way[digest] = asyncio.create_task(ask())
            asking.add_done_callback(lambda _: self._under_way.pop(digest))
        return await asyncio.shield(asking)  # whoever leaves must not disturb those who joined

    def _forget_old(self) -> None:
        """Turn the page after `REPEAT_SECONDS`, and throw the one before away."""
        now = self._clock()
        if now - self._turned >= REPEAT_SECONDS:
            self._asked_before = self._asked if now - self._turned < 2 * REPEAT_SECONDS else set()
            self._asked, self._turned = set(), now
