"""Everything that runs in a trial, and how its parts are ended and begun again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

from aiohttp import ClientSession

from lab.faults.oracle import Oracle
from lab.faults.postgresql import PostgreSQL
from lab.faults.town import PARTIES, FaultyTown
from lab.processes import Servers

PATIENCE_SECONDS = 30
"""How long anything may take to work again."""


@dataclass
class Scene:
    """A town under load. `faults` counts what was done to it."""

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
        self.faults += 1
        self.servers[server].kill()
        await asyncio.to_thread(self.servers[server].wait)

    async def stop(self, server: str) -> None:
        """Ask a server to end, and wait until it did."""
        self.servers[server].terminate()
        await asyncio.to_thread(self.servers[server].wait, PATIENCE_SECONDS)

    async def moment_at_work(self, server: str) -> None:
        """Wait until a request has just reached a server, and a random instant more."""
        proxy, before = self.town.proxies[server], self.town.proxies[server].requests
        for _ in range(400):
            if proxy.requests != before:
                break
            await asyncio.sleep(0.005)
        await self.pause(0.02)

    async def pause(self, seconds: float) -> None:
        """Wait for a random time up to so long."""
        await asyncio.sleep(self.random.uniform(0, seconds))
