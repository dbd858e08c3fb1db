"""Mixing: the requests of many visitors leave as one shuffled batch. Spec: §3.7.

Which position belongs to whom exists in memory alone, until the answers are delivered. A crash loses it, and visitors
ask again out of their reserve.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from escrow.operator.errors import TooFewVisitors, TooManyBatches
from service.refusals import TryLater

BATCH_REQUESTS = 10_000
"""A batch that is so full leaves at once: issuing it takes the authority some ten seconds."""
MAX_UNDER_WAY = 8
"""So many such batches an authority on two processors answers while those in them wait."""

Send = Callable[[int, list[bytes]], Awaitable[Sequence[bytes]]]
"""Sends a batch of requests for an epoch to the authority and returns one answer for each."""


@dataclass(eq=False, slots=True)
class _Waiting:
    account_id: bytes
    requests: list[bytes]
    answers: asyncio.Future[list[bytes]]


class Mixer:
    """Collects requests for `wait` seconds from the first one; sends them if `minimum_accounts` are among them."""

    def __init__(self, minimum_accounts: int, wait: float, send: Send) -> None:
        self._minimum, self._wait, self._send = minimum_accounts, wait, send
        self._pools: dict[int, list[_Waiting]] = {}
        self._exchanges: set[asyncio.Task[None]] = set()
        self._closed = False

    async def submit(self, epoch: int, account_id: bytes, requests: list[bytes]) -> list[bytes]:
        """The answers to an account's requests, in their order.

        Raises `TooFewVisitors` or `TooManyBatches` if they do not leave, or what sending raises.
        """
        if self._closed:
            raise TooFewVisitors
        loop = asyncio.get_running_loop()
        pool = self._pools.get(epoch)
        if pool is not None and sum(len(waiting.requests) for waiting in pool) + len(requests) > BATCH_REQUESTS:
            self._leave(epoch, pool)
            pool = None
        if pool is None:
            pool = self._pools[epoch] = []
            loop.call_later(self._wait, self._leave, epoch, pool)
        waiting = _Waiting(account_id, requests, loop.create_future())
        pool.append(waiting)
        return await asyncio.shield(waiting.answers)  # whoever leaves must not disturb the batch

    def demand_room(self) -> None:
        """Raise `TooManyBatches` if no further batch could leave just now."""
        if len(self._exchanges) >= MAX_UNDER_WAY:
            raise TooManyBatches

    def close(self) -> None:
        """Refuse everyone who still waits or still comes."""
        self._closed = True
        for pool in self._pools.values():
            _refuse(pool, TooFewVisitors())
        self._pools.clear()

    def _leave(self, epoch: int, pool: list[_Waiting]) -> None:
        """Send a pool that is still collecting, or refuse everyone in it when they are too few to hide each other."""
        if self._pools.get(epoch) is not pool:
            return
        del self._pools[epoch]
        if len({waiting.account_id for waiting in pool}) < self._minimum:
            _refuse(pool, TooFewVisitors())
            return
        try:
            self.demand_room()
        except TooManyBatches as error:
            _refuse(pool, error)
            return
        exchange = asyncio.get_running_loop().create_task(self._exchange(epoch, pool))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)

    async def _exchange(self, epoch: int, pool: list[_Waiting]) -> None:
        positions = [(waiting, place) for waiting in pool for place in range(len(waiting.requests))]
        secrets.SystemRandom().shuffle(positions)
        try:
            answers = await self._send(epoch, [waiting.requests[place] for waiting, place in positions])
            ordered = {waiting: dict[int, bytes]() for waiting in pool}
            for (waiting, place), answer in zip(positions, answers, strict=True):
                ordered[waiting][place] = answer
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            for waiting in pool:
                waiting.answers.set_exception(error)
            return
        for waiting, by_place in ordered.items():
            waiting.answers.set_result([by_place[place] for place in sorted(by_place)])


def _refuse(pool: list[_Waiting], error: TryLater) -> None:
    for waiting in pool:
        waiting.answers.set_exception(error)
