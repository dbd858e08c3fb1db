"""Disks and databases that take nothing more, or go away."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from subprocess import CalledProcessError, TimeoutExpired

from lab.processes import START_SECONDS
from service.http_client import call
from service.problems import Problem, Unreachable
from tests.faults.load import Load
from tests.faults.postgresql import PostgreSQL
from tests.faults.reader import NAME as READER
from tests.faults.running_town import RunningTown
from tests.faults.town import SERVERS, VENUE

BUSY_TRIES = 100
REFUSED = "storage-failed"


async def _is_refused(load: Load, servers: tuple[str, ...], begin: Callable[[], Awaitable[object]]) -> bool:
    """Whether one of these servers, or an officer's command, says that it cannot store something, once it has begun."""

    def refusals() -> int:
        return load.officers.commands.without_room + sum(
            load.running.oracle.count(server, REFUSED) for server in servers
        )

    before = refusals()
    await begin()
    return await load.running.happens(lambda: refusals() > before)


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
        running, disk = load.running, load.running.town.disks[self.server]

        async def fill() -> None:
            if running.postgresql is None:
                await asyncio.to_thread(running.town.shorten_logs, self.server)
            disk.fill()

        running.faults += await _is_refused(load, (self.server,), fill)
        yield
        disk.empty()
        if running.servers[self.server].poll() is not None:
            running.oracle.find(f"the {self.server} ended because its disk was full")
            await running.start(self.server)


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
        pid = load.running.servers[self.server].pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)

        async def refuse() -> None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))

        load.running.faults += await _is_refused(load, (self.server,), refuse)
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(frozen=True)
class ReadOnlyDisk:
    """A server is started on a disk that can only be read: it says so in a line and ends, or serves what it can."""

    server: str

    @property
    def name(self) -> str:
        """Whose."""
        return f"read-only disk of {self.server}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """End the server, make its disk read-only, and start it."""
        running = load.running
        await running.kill(self.server)
        if self.server == VENUE:
            await running.kill(READER)
        await _set_read_only(load, self.server, on=True)
        log = running.town.directory / f"{self.server}.log"
        said = log.stat().st_size
        running.servers.start(self.server, *running.command(self.server))
        running.faults += await self._says_so(load, said)
        yield
        try:
            await running.stop(self.server)
        except TimeoutExpired:
            running.oracle.find(f"the {self.server} does not end on a read-only disk")
            await running.kill(self.server)
        await _set_read_only(load, self.server, on=False)
        await running.start(self.server)
        if self.server == VENUE:
            load.reader.start()

    async def _says_so(self, load: Load, said: int) -> bool:
        """Whether the server ends with a line that says why; or serves, and says of what it cannot store so."""
        running, server = load.running, load.running.servers[self.server]
        url, refused = running.town.proxies[self.server].url, running.oracle.count(self.server, REFUSED)
        ready = asyncio.create_task(_answers(running, url))
        await running.happens(lambda: server.poll() is not None or ready.done(), START_SECONDS)
        if not ready.cancel():
            return await running.happens(lambda: running.oracle.count(self.server, REFUSED) > refused)
        text = (running.town.directory / f"{self.server}.log").read_bytes()[said:].decode(errors="replace").strip()
        if server.poll() in {None, 0} or not _tells_of_disk(text):
            running.oracle.find(f"the {self.server} does not say in a line that its disk is read-only: {text[-300:]}")
            return False
        return True


async def _answers(running: RunningTown, url: str) -> None:
    while True:
        try:
            await call(running.session, "GET", f"{url}/healthz")
        except (Problem, Unreachable):
            await asyncio.sleep(0.1)
        else:
            return


def _tells_of_disk(text: str) -> bool:
    """Whether the last line of an output says that something cannot be written."""
    last = text.splitlines()[-1].lower() if text else ""
    return any(word in last for word in ("read-only", "readonly", "unable to open", "cannot be written"))


async def _set_read_only(load: Load, server: str, *, on: bool) -> None:
    """No file may be open for writing, so nobody's command may run meanwhile."""
    for commands in (load.officers.commands, load.staff.commands):
        await commands.pause()
    try:
        for attempt in range(BUSY_TRIES):
            try:
                load.running.town.disks[server].set_read_only(on=on)
            except CalledProcessError:  # something has not ended yet
                if attempt == BUSY_TRIES - 1:
                    raise
                await load.running.pause(0.1)
            else:
                return
    finally:
        for commands in (load.officers.commands, load.staff.commands):
            commands.paused = False


@dataclass(frozen=True)
class KillDatabase:
    """kill -9 of PostgreSQL, and a start that recovers."""

    name: str = "kill -9 PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Kill it under load."""
        postgresql = _database(load.running)
        await load.running.moment_at_work(VENUE)
        load.running.faults += await _is_refused(load, SERVERS, lambda: asyncio.to_thread(postgresql.kill))
        yield
        await asyncio.to_thread(postgresql.start)


@dataclass(frozen=True)
class RestartDatabase:
    """A restart of PostgreSQL: every session ends."""

    name: str = "restart PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Restart it under load."""
        postgresql = _database(load.running)
        load.running.faults += await _is_refused(load, SERVERS, lambda: asyncio.to_thread(postgresql.stop))
        yield
        await asyncio.to_thread(postgresql.start)


@dataclass(frozen=True)
class ReadOnlyDatabase:
    """PostgreSQL takes no writes, as one that stands by."""

    name: str = "read-only PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Make new transactions read-only."""
        postgresql = _database(load.running)

        async def refuse() -> None:
            await asyncio.to_thread(postgresql.set_read_only, on=True)

        load.running.faults += await _is_refused(load, SERVERS, refuse)
        yield
        postgresql.set_read_only(on=False)


@dataclass(frozen=True)
class FullDatabaseDisk:
    """No room on PostgreSQL's disk; it may end, and is started again."""

    name: str = "full disk of PostgreSQL"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Fill it."""
        postgresql = _database(load.running)
        disk = postgresql.disk
        assert disk is not None
        load.running.faults += await _is_refused(load, SERVERS, lambda: asyncio.to_thread(disk.fill))
        yield
        disk.empty()
        await asyncio.to_thread(postgresql.start)


def _database(running: RunningTown) -> PostgreSQL:
    assert running.postgresql is not None
    return running.postgresql
