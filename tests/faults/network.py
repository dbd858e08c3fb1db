"""Networks that are slow, lose what they carry, repeat it, or bring it in another order; and wrong clocks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from random import Random

from tests.faults.load import Load
from tests.faults.proxy import Losing, Manner, Reordering, Repeating, Slow, Stalled
from tests.faults.reader import NAME as READER
from tests.faults.town import VENUE

CLOCK_SECONDS = 7 * 60
STALLED_SECONDS = 4
"""Longer than visitors wait."""
MANNERS: dict[str, Callable[[Random], Manner]] = {
    "slow": lambda random: Slow(random, 1),
    "stalled": lambda _: Stalled(STALLED_SECONDS),
    "losing": Losing,
    "repeating": lambda _: Repeating(),
    "reordering": lambda _: Reordering(0.3),
}
NOT_OF_NOW = ("TOO_OLD", "TOO_EARLY")


@dataclass(frozen=True)
class BadNetwork:
    """A bad network in front of a server, for everybody."""

    server: str
    manner: str

    @property
    def name(self) -> str:
        """Where, and in what way."""
        return f"{self.manner} network before {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Be bad for some seconds, until it has disturbed somebody."""
        running = load.running
        manner = running.town.proxies[self.server].manner = MANNERS[self.manner](running.random)
        await asyncio.sleep(1.5)
        if await running.happens(lambda: manner.disturbed > 1):
            running.faults += 1
        yield
        running.town.proxies[self.server].manner = Manner()


@dataclass(frozen=True)
class WrongClock:
    """A server or a door's reader whose clock is minutes ahead, or behind."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"wrong clock of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Start it with the wrong clock; afterwards with the right one."""
        running = load.running
        seconds = running.random.choice((-1, 1)) * CLOCK_SECONDS
        await running.kill(self.server)
        if self.server == READER:
            load.reader.start(seconds)
            refused = load.reader.refused
            if await running.happens(lambda: load.reader.refused > refused):
                running.faults += 1
        else:
            kind = "venue" if self.server == VENUE else self.server
            home = str(running.town.directory / self.server)
            await running.start(self.server, "tests.faults.shifted", "--home", home, f"--seconds={seconds}", kind)
            running.faults += await self._is_felt(load)
            await asyncio.sleep(1)
        yield
        await running.kill(self.server)
        if self.server == READER:
            load.reader.start()
        else:
            await running.start(self.server)

    async def _is_felt(self, load: Load) -> bool:
        """Whether a venue's server refuses codes for their time; or a party has another time, and is asked things."""
        running, proxy = load.running, load.running.town.proxies[self.server]
        requests, refused = proxy.requests, running.oracle.count(self.server, *NOT_OF_NOW)
        if self.server == VENUE:
            return await running.happens(lambda: running.oracle.count(VENUE, *NOT_OF_NOW) > refused)
        async with running.session.get(f"{proxy.url}/healthz") as response:
            told = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return abs(told - time.time()) > CLOCK_SECONDS / 2 and await running.happens(
            lambda: proxy.requests > requests + 5
        )


@dataclass(frozen=True)
class WrongPhones:
    """Visitors whose phones are minutes ahead, or behind: none of their codes is of now."""

    name: str = "wrong clocks of phones"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Give all of them a wrong clock, and then the right one."""
        running = load.running
        refused = running.oracle.count(VENUE, *NOT_OF_NOW)
        load.visitors.ahead = running.random.choice((-1, 1)) * CLOCK_SECONDS
        running.faults += await running.happens(lambda: running.oracle.count(VENUE, *NOT_OF_NOW) > refused)
        yield
        load.visitors.ahead = 0
