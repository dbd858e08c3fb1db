"""Disks and databases that take nothing more, or go away."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from subprocess import CalledProcessError, TimeoutExpired

from lab.faults.load import Load
from lab.faults.reader import NAME as READER
from lab.faults.scene import Scene
from lab.faults.town import VENUE

BUSY_TRIES = 100


@dataclass(frozen=True)
class FullDisk:
    """No room on a server's disk."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"full disk of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Fill it; the server has to live through it."""
        load.scene.faults += 1
        load.scene.town.disks[self.server].fill()
        await asyncio.sleep(1)
        yield
        load.scene.town.disks[self.server].empty()
        if load.scene.servers[self.server].poll() is not None:
            load.scene.oracle.find(f"the {self.server} ended because its disk was full")
            await load.scene.start(self.server)


@dataclass(frozen=True)
class RefusedWrites:
    """Every write of a server to a file fails, as on a disk that the system stopped writing to."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"refused writes of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Allow files no size at all."""
        load.scene.faults += 1
        pid = load.scene.servers[self.server].pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        await asyncio.sleep(1)
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(frozen=True)
class ReadOnlyDisk:
    """A server is started on a disk that can only be read: it says so in a line, or serves what it can."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"read-only disk of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """End the server, make its disk read-only, and start it."""
        scene = load.scene
        await scene.kill(self.server)
        if self.server == VENUE:
            await scene.kill(READER)
        await _set_read_only(scene, self.server, on=True)
        scene.servers.start(self.server, *scene.command(self.server))
        yield
        await asyncio.sleep(1)
        try:
            await scene.stop(self.server)
        except TimeoutExpired:
            scene.oracle.find(f"the {self.server} does not end on a read-only disk")
            await scene.kill(self.server)
        await _set_read_only(scene, self.server, on=False)
        await scene.start(self.server)
        if self.server == VENUE:
            load.reader.start()


async def _set_read_only(scene: Scene, server: str, *, on: bool) -> None:
    for attempt in range(BUSY_TRIES):
        try:
            scene.town.disks[server].set_read_only(on=on)
        except CalledProcessError:  # a command of an officer is writing
            if attempt == BUSY_TRIES - 1:
                raise
            await scene.pause(0.1)
        else:
            return


@dataclass(frozen=True)
class KillDatabase:
    """kill -9 of PostgreSQL, and a start that recovers."""

    name: str = "kill -9 PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill it under load."""
        postgresql = load.scene.postgresql
        assert postgresql is not None
        await load.scene.moment_at_work(VENUE)
        load.scene.faults += 1
        postgresql.kill()
        yield
        await asyncio.to_thread(postgresql.start)


@dataclass(frozen=True)
class RestartDatabase:
    """A restart of PostgreSQL: every session ends."""

    name: str = "restart PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Restart it under load."""
        postgresql = load.scene.postgresql
        assert postgresql is not None
        load.scene.faults += 1
        await asyncio.to_thread(postgresql.stop)
        yield
        await asyncio.to_thread(postgresql.start)


@dataclass(frozen=True)
class ReadOnlyDatabase:
    """PostgreSQL takes no writes, as one that stands by."""

    name: str = "read-only PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Make new transactions read-only."""
        postgresql = load.scene.postgresql
        assert postgresql is not None
        load.scene.faults += 1
        postgresql.set_read_only(on=True)
        await asyncio.sleep(1)
        yield
        postgresql.set_read_only(on=False)


@dataclass(frozen=True)
class FullDatabaseDisk:
    """No room on PostgreSQL's disk; it may end, and is started again."""

    name: str = "full disk of PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Fill it."""
        postgresql = load.scene.postgresql
        assert postgresql is not None
        assert postgresql.disk is not None
        load.scene.faults += 1
        postgresql.disk.fill()
        await asyncio.sleep(1)
        yield
        postgresql.disk.empty()
        await asyncio.to_thread(postgresql.start)
