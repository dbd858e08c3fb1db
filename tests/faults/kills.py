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
        running = load.running
        await running.moment_at_work(self.servers[0])
        running.faults += sum(map(running.is_at_work, self.servers))
        await asyncio.gather(*map(running.kill, self.servers))
        yield
        for server in self.servers:
            while running.random.random() < KILLED_WHILE_STARTING:
                running.servers.start(server, *running.command(server))
                await running.pause(START_SECONDS)
                await running.kill(server)
            await running.start(server)


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
        load.running.faults += await load.running.moment_at_work(self.server)
        await load.running.stop(self.server)
        await load.running.start(self.server)
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
        running = load.running
        await running.moment_at_work(self.server)
        pid = running.servers[self.server].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(1)
            running.faults += running.is_at_work(self.server)
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
        load.running.faults += await load.running.happens(load.reader.is_at_work)
        await load.running.pause(0.5)  # it looks for pictures some times in a second
        await load.running.kill(READER)
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
        before = load.running.faults
        commands.deadly = True
        await asyncio.sleep(2)
        await load.running.happens(lambda: load.running.faults > before)
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
                load.running.oracle.find(f"{use.__name__} does not work after the wallet's commands were killed")
        yield


@dataclass(frozen=True)
class PartiesDown:
    """Both parties stay down for a while: doors go on, also one that is started meanwhile."""

    name: str = "both parties down"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill both, restart the door, and wait for somebody to come in."""
        running, came = load.running, load.visitors.came
        await running.happens(load.visitors.are_many)
        await asyncio.gather(*map(running.kill, PARTIES))
        await running.kill(VENUE)
        await running.start(VENUE)
        for what, happened in (("admitted", came), ("admitted by paper", came)):
            before = happened[what]
            if await running.happens(lambda before=before, what=what: came[what] > before):  # type: ignore[misc]
                running.faults += 1
            else:
                running.oracle.find(f"the door let nobody in while the parties were down ({what})")
        if not await load.staff.admit():
            running.oracle.find("staff could let nobody in while the parties were down")
        yield
        await running.start("authority")
        await running.start("operator")
