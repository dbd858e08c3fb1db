"""Everything that runs in a trial, and how its parts are ended and begun again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from aiohttp import ClientSession

from lab.processes import Servers
from tests.faults.oracle import Oracle
from tests.faults.postgresql import PostgreSQL
from tests.faults.town import PARTIES, FaultyTown

PATIENCE_SECONDS = 30
"""How long anything may take to work again."""
EFFECT_SECONDS = 15
"""How long a fault may take to show."""


@dataclass
class RunningTown:
    """A town under load. `faults` counts what was done to it and was seen to have had its effect."""

    town: FaultyTown
    servers: Servers
    session: ClientSession
    oracle: Oracle
    random: Random
    postgresql: PostgreSQL | None
    faults: int = 0

    def command(self, server: str) -> list[str]:
        """What runs a server."""
        home = str(self.town.directory / server)
        return ["escrow", server, "--home", home, "serve"] if server in PARTIES else ["venue", "--home", home, "serve"]

    async def start(self, server: str, *command: str) -> None:
        """Start a server, by another command if one is given, and wait until it answers."""
        self.servers.start(server, *(command or self.command(server)))
        await self.servers.wait_ready(self.session, server, self.town.proxies[server].url)

    async def kill(self, server: str) -> None:
        """End a server's process at once."""
        self.servers[server].kill()
        await asyncio.to_thread(self.servers[server].wait)

    async def stop(self, server: str) -> None:
        """Ask a server to end, and wait until it did."""
        self.servers[server].terminate()
        await asyncio.to_thread(self.servers[server].wait, PATIENCE_SECONDS)

    def is_at_work(self, server: str) -> bool:
        """Whether a server has a request that it has not answered."""
        return self.town.proxies[server].under_way > 0

    async def moment_at_work(self, server: str) -> bool:
        """Wait for a random instant at which a server is at work; False if there is none for long."""
        return await self.moment(lambda: self.is_at_work(server))

    async def moment(self, is_at_work: Callable[[], bool]) -> bool:
        """Wait for a random instant at which somebody is at work; False if there is none for long."""
        for _ in range(100):
            if not await self.happens(is_at_work):
                return False
            await self.pause(0.02)
            if is_at_work():
                return True
        return False

    async def happens(self, what: Callable[[], bool], seconds: float = EFFECT_SECONDS) -> bool:
        """Whether something happens before so long has passed."""
        end = asyncio.get_running_loop().time() + seconds
        while not what():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(0.005)
        return True

    async def pause(self, seconds: float) -> None:
        """Wait for a random time up to so long."""
        await asyncio.sleep(self.random.uniform(0, seconds))
