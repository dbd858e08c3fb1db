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
        scene = load.scene
        manner = scene.town.proxies[self.server].manner = MANNERS[self.manner](scene.random)
        await asyncio.sleep(1.5)
        if await scene.happens(lambda: manner.disturbed > 1):
            scene.faults += 1
        yield
        scene.town.proxies[self.server].manner = Manner()


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
        scene = load.scene
        seconds = scene.random.choice((-1, 1)) * CLOCK_SECONDS
        await scene.kill(self.server)
        if self.server == READER:
            load.reader.start(seconds)
            refused = load.reader.refused
            if await scene.happens(lambda: load.reader.refused > refused):
                scene.faults += 1
        else:
            kind = "venue" if self.server == VENUE else self.server
            home = str(scene.town.directory / self.server)
            await scene.start(self.server, "tests.faults.shifted", "--home", home, f"--seconds={seconds}", kind)
            scene.faults += await self._is_felt(load)
            await asyncio.sleep(1)
        yield
        await scene.kill(self.server)
        if self.server == READER:
            load.reader.start()
        else:
            await scene.start(self.server)

    async def _is_felt(self, load: Load) -> bool:
        """Whether a venue's server refuses codes for their time; or a party has another time, and is asked things."""
        scene, proxy = load.scene, load.scene.town.proxies[self.server]
        requests, refused = proxy.requests, scene.oracle.count(self.server, *NOT_OF_NOW)
        if self.server == VENUE:
            return await scene.happens(lambda: scene.oracle.count(VENUE, *NOT_OF_NOW) > refused)
        async with scene.session.get(f"{proxy.url}/healthz") as response:
            told = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return abs(told - time.time()) > CLOCK_SECONDS / 2 and await scene.happens(
            lambda: proxy.requests > requests + 5
        )


@dataclass(frozen=True)
class WrongPhones:
    """Visitors whose phones are minutes ahead, or behind: none of their codes is of now."""

    name: str = "wrong clocks of phones"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Give all of them a wrong clock, and then the right one."""
        scene = load.scene
        refused = scene.oracle.count(VENUE, *NOT_OF_NOW)
        load.visitors.ahead = scene.random.choice((-1, 1)) * CLOCK_SECONDS
        scene.faults += await scene.happens(lambda: scene.oracle.count(VENUE, *NOT_OF_NOW) > refused)
        yield
        load.visitors.ahead = 0
