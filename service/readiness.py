"""Whether a server can do its work, and what it lacks. Spec: §5.1."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from protocol.primitives.errors import SplitPassError
from service.refusals import NotReady
from service.storage import can_be_read

if TYPE_CHECKING:
    import sqlalchemy as sql

    from service.epoch_cache import EpochCache

LOOK_SECONDS = 1
"""For so long what was found is told to whoever asks."""
ANSWER_SECONDS = 5
"""How long a look may take before it is not waited for any more."""


class Readiness:
    """What `missing` finds, for anybody who asks: it looks in one thread, and at most once in `LOOK_SECONDS`."""

    def __init__(self, missing: Callable[[], list[str]]) -> None:
        self._missing = missing
        self._look: asyncio.Task[list[str]] | None = None
        self._began = 0.0

    async def demand(self) -> None:
        """Raise `NotReady` with everything that is missing."""
        now = time.monotonic()
        if self._look is None or (self._look.done() and now >= self._began + LOOK_SECONDS):
            self._look, self._began = asyncio.create_task(asyncio.to_thread(self._missing)), now
        look = self._look
        done, _ = await asyncio.wait([look], timeout=ANSWER_SECONDS)  # which ends without ending it
        missing = look.result() if done else [f"the database and the disk do not answer within {ANSWER_SECONDS} s"]
        if missing:
            raise NotReady("; ".join(missing))


def missing_database(engine: sql.Engine) -> list[str]:
    """What is said of a database that cannot be read."""
    return [] if can_be_read(engine) else ["the database does not answer"]


def missing_keys(epochs: EpochCache, today: int) -> list[str]:
    """Which of the joint keys of today and tomorrow are missing."""
    return [
        f"the keys of both parties for {day}, epoch {epoch}, are not here"
        for day, epoch in (("today", today), ("tomorrow", today + 1))
        if not _is_known(epochs, epoch)
    ]


def _is_known(epochs: EpochCache, epoch: int) -> bool:
    try:
        return epochs.key(epoch) is not None
    except (OSError, SplitPassError):  # a disk that does not answer; two statements that do not go together
        return False
