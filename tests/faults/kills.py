"""Processes that end: killed at a random moment of their work, or asked to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.load import Load
from tests.faults.reader import NAME as READER
from tests.faults.town import PARTIES, VENUE

KILLED_WHILE_STARTING = 0.3
START_SECONDS = 0.5


@dataclass(frozen=True)
class Kill:
    """kill -9 of servers, all at one moment, when the first is at work on a request."""

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
        scene.faults += sum(map(scene.is_at_work, self.servers))
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
    """A server is asked to end while it is at work, and started again."""

    server: str

    @property
    def name(self) -> str:
        """Which."""
        return f"restart {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """End it, and start it."""
        load.scene.faults += await load.scene.moment_at_work(self.server)
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
        scene = load.scene
        await scene.moment_at_work(self.server)
        pid = scene.servers[self.server].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(1)
            scene.faults += scene.is_at_work(self.server)
            yield
        finally:  # who stands still does not end
            os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True)
class KillReader:
    """kill -9 of the process that reads codes at a door, when there is one to read."""

    name: str = "kill -9 reader"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill it, and start it again."""
        load.scene.faults += await load.scene.happens(load.reader.is_at_work)
        await load.scene.pause(0.5)  # it looks for pictures some times in a second
        await load.scene.kill(READER)
        yield
        load.reader.start()


@dataclass(frozen=True)
class KillCommands:
    """kill -9 of the commands of both parties' officers, or of the venue's staff."""

    whose: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"kill -9 commands of {self.whose}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Let them work for a while, and half of their commands die."""
        commands = load.officers.commands if self.whose == "officers" else load.staff.commands
        before = load.scene.faults
        commands.deadly = True
        await asyncio.sleep(2)
        await load.scene.happens(lambda: load.scene.faults > before)
        yield
        commands.deadly = False


@dataclass(frozen=True)
class KillPhone:
    """kill -9 of a visitor's commands: no pass is shown or sent twice, and the wallet stays whole."""

    name: str = "kill -9 commands of a visitor"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Use every command that spends a pass, some to the end and some not."""
        await load.phone.get_ready()
        for use, times in (
            (load.phone.show, 3), (load.phone.check_in, 3), (load.phone.check_out, 2),
        ):  # fmt: skip
            for _ in range(times):
                await use(dies=True)
            if not await use():
                load.scene.oracle.find(f"{use.__name__} does not work after the wallet's commands were killed")
        yield


@dataclass(frozen=True)
class PartiesDown:
    """Both parties stay down for a while: doors go on, also one that is started meanwhile."""

    name: str = "both parties down"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill both, restart the door, and wait for somebody to come in."""
        scene, came = load.scene, load.visitors.came
        await scene.happens(load.visitors.are_many)
        await asyncio.gather(*map(scene.kill, PARTIES))
        await scene.kill(VENUE)
        await scene.start(VENUE)
        for what, happened in (("admitted", came), ("admitted by paper", came)):
            before = happened[what]
            if await scene.happens(lambda before=before, what=what: came[what] > before):  # type: ignore[misc]
                scene.faults += 1
            else:
                scene.oracle.find(f"the door let nobody in while the parties were down ({what})")
        if not await load.staff.admit():
            scene.oracle.find("staff could let nobody in while the parties were down")
        yield
        await scene.start("authority")
        await scene.start("operator")
