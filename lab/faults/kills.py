"""Processes that end: killed at a random moment of their work, or asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lab.faults.load import Load
from lab.faults.reader import NAME as READER
from lab.faults.town import VENUE

KILLED_WHILE_STARTING = 0.3
START_SECONDS = 0.5
SHOWN_TO_DEATH = 5


@dataclass(frozen=True)
class Kill:
    """kill -9 of servers, all at one moment, when the first has just got a request."""

    servers: tuple[str, ...]

    @property
    def name(self) -> str:
        """Which."""
        return f"kill -9 {' and '.join(self.servers)}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill them; some of them again while they start."""
        scene = load.scene
        await scene.moment_at_work(self.servers[0])
        await asyncio.gather(*map(scene.kill, self.servers))
        yield
        for server in self.servers:
            while scene.random.random() < KILLED_WHILE_STARTING:
                scene.servers.start(server, *scene.command(server))
                await scene.pause(START_SECONDS)
                await scene.kill(server)
            await scene.start(server)


@dataclass(frozen=True)
class Restart:
    """A server is asked to end under load, and started again."""

    server: str

    @property
    def name(self) -> str:
        """Which."""
        return f"restart {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """End it, and start it."""
        load.scene.faults += 1
        await load.scene.moment_at_work(self.server)
        await load.scene.stop(self.server)
        await load.scene.start(self.server)
        yield


@dataclass(frozen=True)
class Freeze:
    """A server stands still for a moment, as its machine may, and goes on where it was."""

    server: str

    @property
    def name(self) -> str:
        """Which."""
        return f"freeze {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Stop it and let it go on."""
        load.scene.faults += 1
        await load.scene.moment_at_work(self.server)
        os.kill(load.scene.servers[self.server].pid, signal.SIGSTOP)
        await asyncio.sleep(1)
        yield
        os.kill(load.scene.servers[self.server].pid, signal.SIGCONT)


@dataclass(frozen=True)
class KillReader:
    """kill -9 of the process that reads codes at a door."""

    name: str = "kill -9 reader"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill it, and start it again."""
        await load.scene.pause(1)
        await load.scene.kill(READER)
        yield
        load.reader.start()


@dataclass(frozen=True)
class KillOfficers:
    """kill -9 of the commands of both parties' officers."""

    name: str = "kill -9 officers' commands"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Let them work for a while, and half of their commands die."""
        load.officers.deadly = True
        await asyncio.sleep(2)
        yield
        load.officers.deadly = False


@dataclass(frozen=True)
class KillPhone:
    """kill -9 of a visitor's commands: no pass is shown twice, and the wallet stays whole."""

    name: str = "kill -9 a visitor's commands"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Show code after code, some to the end and some not."""
        await load.phone.get_ready()
        for _ in range(SHOWN_TO_DEATH):
            await load.phone.show_and_die()
        if not await load.phone.show():
            load.scene.oracle.find("a wallet does not open after its commands were killed")
        yield


@dataclass(frozen=True)
class PartiesDown:
    """Both parties stay down for a while: doors go on, also one that is started meanwhile."""

    name: str = "both parties down"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill both, restart the door, and wait for somebody to come in."""
        scene = load.scene
        await asyncio.gather(scene.kill("operator"), scene.kill("authority"))
        await scene.kill(VENUE)
        await scene.start(VENUE)
        before = load.visitors.came["admitted"]
        for _ in range(100):
            if load.visitors.came["admitted"] > before:
                break
            await asyncio.sleep(0.1)
        else:
            scene.oracle.find("the door let nobody in while the parties were down")
        yield
        await scene.start("authority")
        await scene.start("operator")
