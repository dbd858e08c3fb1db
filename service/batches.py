"""What many wait for at once is done together: a database, or another server, takes dozens as it takes one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.refusals import TryLater

MAX_BATCH = 300
GATHERING_SECONDS = 0.005
"""For so long a batch waits for as many as there were in the last one, who come again about together."""
WAITING_SECONDS = 10
"""Whoever has waited for so long is refused before anything is done: nobody may stand at the door any more."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Outcome]):
    item: Item
    outcome: asyncio.Future[Outcome]
    since: float


class Batches(ABC, Generic[Item, Outcome]):
    """One batch after the other, each of what waits when it begins."""

    def __init__(self, most: int = MAX_BATCH) -> None:
        self._most = most
        self._waiting: deque[_Waiting[Item, Outcome]] = deque()
        self._working: asyncio.Task[None] | None = None
        self._expected, self._enough = 0, asyncio.Event()

    @abstractmethod
    async def _do(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """What becomes of each. Raises nothing."""

    async def _join(self, item: Item) -> Outcome:
        """What becomes of one; raises what it is told to, and `TryLater` if it waited too long.

        One whose caller is cancelled before its turn is left out.
        """
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Item, Outcome] = _Waiting(item, loop.create_future(), loop.time())
        self._waiting.append(waiting)
        if len(self._waiting) >= self._expected:
            self._enough.set()
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return await waiting.outcome

    async def _work(self) -> None:
        """Work until nobody waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather(loop)
            batch = self._take(loop.time())
            outcomes = await self._do([waiting.item for waiting in batch]) if batch else []
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if waiting.outcome.done():  # its caller was cancelled
                    continue
                if isinstance(outcome, Exception):
                    waiting.outcome.set_exception(outcome)
                else:
                    waiting.outcome.set_result(outcome)
            self._expected = len(batch)

    async def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until as many wait as there were in the last batch, but not for long."""
        if len(self._waiting) < self._expected:
            self._enough.clear()
            timer = loop.call_later(GATHERING_SECONDS, self._enough.set)
            await self._enough.wait()
            timer.cancel()

    def _take(self, now: float) -> list[_Waiting[Item, Outcome]]:
        batch = list[_Waiting[Item, Outcome]]()
        while self._waiting and len(batch) < self._most:
            waiting = self._waiting.popleft()
            if waiting.outcome.done():
                continue
            if now - waiting.since > WAITING_SECONDS:
                waiting.outcome.set_exception(TryLater("the server is too slow just now; try again", 1))
            else:
                batch.append(waiting)
        return batch


class BatchesInThread(Batches[Item, Outcome]):
    """Batches that are each done in a thread, which has the name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1, name)

    async def _do(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do_in_thread, items)

    @abstractmethod
    def _do_in_thread(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """What becomes of each. Raises nothing."""
