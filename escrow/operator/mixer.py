"""Mixing: the requests of many visitors leave as one shuffled batch. Spec: §3.7.

Which position belongs to whom exists in memory alone, until the answers are delivered. A crash loses it, and visitors
ask again out of their reserve.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from service.http import Problem

Send = Callable[[int, list[bytes]], Awaitable[Sequence[bytes]]]
"""Sends a batch of requests for an epoch to the authority and returns one answer for each."""


class NotSent(Problem):
    """The requests never left the operator: too few visitors came."""

    def __init__(self) -> None:
        super().__init__(503, "try-later", "too few visitors are asking just now; try again at a random later time")


@dataclass(eq=False, slots=True)
class _Waiting:
    account: bytes
    requests: list[bytes]
    answers: asyncio.Future[list[bytes]]


class Mixer:
    """Collects requests until `minimum_accounts` different accounts wait, for `maximum_wait` seconds at most."""

    def __init__(self, minimum_accounts: int, maximum_wait: float, send: Send) -> None:
        self._minimum, self._maximum_wait, self._send = minimum_accounts, maximum_wait, send
        self._pools: dict[int, list[_Waiting]] = {}
        self._exchanges: set[asyncio.Task[None]] = set()

    async def submit(self, epoch: int, account: bytes, requests: list[bytes]) -> list[bytes]:
        """The answers to an account's requests, in their order; raises `NotSent` or what sending raises."""
        loop = asyncio.get_running_loop()
        if epoch not in self._pools:
            self._pools[epoch] = []
            loop.call_later(self._maximum_wait, self._give_up, epoch, self._pools[epoch])
        pool = self._pools[epoch]
        waiting = _Waiting(account, requests, loop.create_future())
        pool.append(waiting)
        if len({one.account for one in pool}) >= self._minimum:
            del self._pools[epoch]
            exchange = asyncio.create_task(self._exchange(epoch, pool))
            self._exchanges.add(exchange)
            exchange.add_done_callback(self._exchanges.discard)
        return await waiting.answers

    def close(self) -> None:
        """Refuse everyone who still waits for others."""
        for epoch, pool in list(self._pools.items()):
            self._give_up(epoch, pool)

    def _give_up(self, epoch: int, pool: list[_Waiting]) -> None:
        if self._pools.get(epoch) is pool:
            del self._pools[epoch]
            for waiting in pool:
                waiting.answers.set_exception(NotSent())

    async def _exchange(self, epoch: int, pool: list[_Waiting]) -> None:
        positions = [(waiting, place) for waiting in pool for place in range(len(waiting.requests))]
        secrets.SystemRandom().shuffle(positions)
        try:
            answers = await self._send(epoch, [waiting.requests[place] for waiting, place in positions])
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            for waiting in pool:
                waiting.answers.set_exception(error)
            return
        ordered = {waiting: dict[int, bytes]() for waiting in pool}
        for (waiting, place), answer in zip(positions, answers, strict=True):
            ordered[waiting][place] = answer
        for waiting, by_place in ordered.items():
            waiting.answers.set_result([by_place[place] for place in sorted(by_place)])
