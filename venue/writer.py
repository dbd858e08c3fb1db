"""One writer for all doors of a server: what waits is stored together, with one wait for the disk. Spec: §6.4."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.http_messages import Decision
from service.refusals import TryLater
from service.storage import is_storage_trouble, writing
from venue.store import Spending, spend_all

if TYPE_CHECKING:
    import sqlalchemy as sql

MAX_BATCH = 300
GATHERING_SECONDS = 0.005
"""For so long the writer waits for as many as it has just answered: a transaction costs as much as dozens of rows."""
WAITING_SECONDS = 10
"""Whoever has waited for so long is refused before anything of it is stored: nobody stands at the door any more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    spending: Spending
    decision: asyncio.Future[Decision]
    since: float


class Writer:
    """Spends what waits in one transaction after the other. Nobody is told anything before the commit."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = writing(engine)
        self._thread = ThreadPoolExecutor(1, "writer")
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._expected, self._enough = 0, asyncio.Event()

    async def spend(self, spending: Spending) -> Decision:
        """The decision on a check-in, which is durable when this returns.

        Raises what the database raises, and `TryLater` for one that waited too long. One whose caller is cancelled
        before its turn is left out.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(spending, loop.create_future(), loop.time())
        self._waiting.append(waiting)
        if len(self._waiting) >= self._expected:
            self._enough.set()
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write())
        return await waiting.decision

    async def _write(self) -> None:
        """Write until nobody waits."""
        loop = asyncio.get_running_loop()
        while batch := self._take(loop.time()):
            outcomes = await loop.run_in_executor(self._thread, self._spend, [waiting.spending for waiting in batch])
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if waiting.decision.done():  # its caller was cancelled
                    continue
                if isinstance(outcome, Decision):
                    waiting.decision.set_result(outcome)
                else:
                    waiting.decision.set_exception(outcome)
            await self._gather(len(batch))

    async def _gather(self, expected: int) -> None:
        """Wait until as many wait as are expected, but not for long."""
        self._expected = expected
        if len(self._waiting) < expected:
            self._enough.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHERING_SECONDS):
                    await self._enough.wait()

    def _take(self, now: float) -> list[_Waiting]:
        batch = list[_Waiting]()
        while self._waiting and len(batch) < MAX_BATCH:
            waiting = self._waiting.popleft()
            if waiting.decision.done():
                continue
            if now - waiting.since > WAITING_SECONDS:
                waiting.decision.set_exception(TryLater("the database is too slow just now; try again", 1))
            else:
                batch.append(waiting)
        return batch

    def _spend(self, spendings: Sequence[Spending]) -> Sequence[Decision | Exception]:
        """What becomes of each. One that the database does not take must not keep the others out: each then is alone.

        When the database takes nothing at all, nobody else waits for it in vain.
        """
        try:
            return spend_all(self._engine, spendings)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if is_storage_trouble(error) or len(spendings) == 1:
                return [error] * len(spendings)
        outcomes = list[Decision | Exception]()
        for spending in spendings:
            (outcome,) = self._spend([spending])
            if isinstance(outcome, Exception) and is_storage_trouble(outcome):
                return [*outcomes, *[outcome] * (len(spendings) - len(outcomes))]
            outcomes.append(outcome)
        return outcomes
