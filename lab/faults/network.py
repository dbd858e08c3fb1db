"""Networks that are slow, lose what they carry, repeat it, or bring it in another order; and wrong clocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from lab.faults.load import Load
from lab.faults.proxy import Manner, deaf, honest, late, reordering, repeating, slow
from lab.faults.town import VENUE

CLOCK_SECONDS = 7 * 60
STALLED_SECONDS = 4
"""Longer than visitors wait."""
MANNERS: dict[str, Callable[[Random], Manner]] = {
    "slow": lambda random: slow(random, 1),
    "stalled": lambda _: late(STALLED_SECONDS),
    "losing": deaf,
    "repeating": lambda _: repeating,
    "reordering": lambda _: reordering(0.3),
}


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
        """Be bad for some seconds."""
        load.scene.faults += 1
        proxy = load.scene.town.proxies[self.server]
        proxy.manner = MANNERS[self.manner](load.scene.random)
        await asyncio.sleep(1.5)
        yield
        proxy.manner = honest


@dataclass(frozen=True)
class WrongClock:
    """A server whose clock is minutes ahead, or behind."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"wrong clock of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Start it with the wrong clock; afterwards with the right one."""
        scene, home = load.scene, str(load.scene.town.directory / self.server)
        kind = "venue" if self.server == VENUE else self.server
        seconds = scene.random.choice((-1, 1)) * CLOCK_SECONDS
        await scene.kill(self.server)
        shifted = ("lab.faults.shifted", "--home", home, f"--seconds={seconds}", kind)
        await scene.start(self.server, *shifted)
        await asyncio.sleep(1)
        yield
        await scene.kill(self.server)
        await scene.start(self.server)
