"""Mixing without a wait: a batch leaves as soon as everyone who asks for passes just now is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from escrow.operator.mixer import Mixer


class Asking:
    """How many requests for passes are on their way to an operator's mixer."""

    def __init__(self) -> None:
        self._count = 0
        self._few = 2

    @contextmanager
    def announce(self, count: int) -> Iterator[None]:
        """So many requests are on their way within this context."""
        self._count += count
        try:
            yield
        finally:
            self._count -= count

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody comes after whoever asks within this context; elsewhere one alone waits as long as it has to."""
        self._few = 1
        try:
            yield
        finally:
            self._few = 2

    def are_all(self, waiting: int) -> bool:
        """Whether these are all that are on their way."""
        return waiting == self._count >= self._few


@contextmanager
def leaving_at_once(asking: Asking) -> Iterator[None]:
    """Mixers that send a batch, or refuse it, when all who are asking are in it, or when the time is over."""
    submit = Mixer.submit

    def look(mixer: Mixer, epoch: int) -> None:
        pool = mixer._pools.get(epoch)
        if pool is not None and asking.are_all(len(pool)):
            mixer._leave(epoch, pool)

    async def submit_and_look(mixer: Mixer, epoch: int, account_id: bytes, requests: list[bytes]) -> list[bytes]:
        asyncio.get_running_loop().call_soon(look, mixer, epoch)  # once the requests are in the pool
        return await submit(mixer, epoch, account_id, requests)

    with patch.object(Mixer, "submit", submit_and_look):
        yield
