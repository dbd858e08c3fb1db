"""A time that has surely passed, whatever the machine's clock says: nothing is erased early. Spec: §6.2."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.party_requests import REQUEST_TOLERANCE
from service.clock import Clock
from service.files import write_private

if TYPE_CHECKING:
    from aiohttp import ClientSession

BELIEVABLE_SECONDS = 86_400
"""How far the clock may be from the confirmed time, as after a stop of the program, and still say what day it is."""
ANSWER_SECONDS = 10


class ConfirmedTime:
    """A Unix time that has surely passed: what the clock said when it was last confirmed, and what was counted since.

    The machine counts the seconds in which the program runs (`monotonic`), also when its clock is set. A private file
    carries the sum over a restart; the time in between is not counted until another server's clock confirms this one.
    """

    def __init__(self, file: Path, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock, self._monotonic = file, clock, monotonic
        self._started = monotonic()
        try:
            self._confirmed = int(file.read_text())
        except (FileNotFoundError, ValueError):
            self._confirmed = 0  # nothing is known to have passed

    @property
    def at_least(self) -> int:
        """What everything that cannot be undone goes by: never later than the clock."""
        return min(self._clock(), self._counted())

    @property
    def believable(self) -> bool:
        """Whether the clock may be wrong by a day at most."""
        return abs(self._clock() - self._counted()) <= BELIEVABLE_SECONDS

    @property
    def known(self) -> bool:
        """Whether any time is known to have passed."""
        return self._confirmed > 0

    def confirm(self) -> None:
        """Take the clock's word, durably."""
        self._started, self._confirmed = self._monotonic(), self._clock()
        self._store()

    async def check(self, session: ClientSession, servers: Iterable[str]) -> None:
        """Store what was counted; where the clock says something else, take its word if a server's clock agrees."""
        if self.known:
            self._store()  # step 1
        for url in servers:
            if self._agrees(self._counted()):
                return
            told = await server_time(session, url)  # step 2
            if told is not None and self._agrees(told):
                self.confirm()

    def _agrees(self, other: int) -> bool:
        return abs(self._clock() - other) <= REQUEST_TOLERANCE

    def _counted(self) -> int:
        return self._confirmed + int(self._monotonic() - self._started)

    def _store(self) -> None:
        write_private(self._file, b"%d\n" % self._counted())


async def server_time(session: ClientSession, url: str) -> int | None:
    """The Unix time in the `Date` of a server's `/healthz`; None if there is no sensible answer."""
    import asyncio
    from email.utils import parsedate_to_datetime

    from aiohttp import ClientError

    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async with session.get(f"{url}/healthz", allow_redirects=False) as answer:
                date = answer.headers["Date"] if answer.status == 200 else ""
                return int(parsedate_to_datetime(date).timestamp())
    except (ClientError, TimeoutError, OSError, LookupError, ValueError, OverflowError):
        return None
