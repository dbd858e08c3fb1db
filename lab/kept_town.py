"""A town that is kept in a directory, and runs until it is stopped."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession

from lab.company import Company
from lab.following import follow
from lab.guide import SCRIPT, VISITOR, clock, guide, write_script
from lab.messages_page import MessagesPage
from lab.officers import OFFICERS, appoint_custodians, desks_guide, open_desks
from lab.processes import Servers, is_free
from lab.town import CAFE, CLUB, Town
from lab.walkers import Walkers
from service.errors import ConfigurationError
from service.http_client import new_session
from service.settings import load_domain

PORTS = 7
"""Of two parties, two venues, two desks, and the page with messages, which has the last one."""
FIRST_PORT = 8401


class KeptTown(Town):
    """A town whose servers keep their ports and what they know; `say` prints a line for whoever started it."""

    def __init__(self, directory: Path, first_port: int | None, say: Callable[[str], None]) -> None:
        """Raises `ConfigurationError` if the directory holds something else, or a port is in use."""
        super().__init__(directory, minimum_accounts=2, mixing_seconds=1)
        self._say = say
        self.is_new = not (directory / SCRIPT).exists()
        if self.is_new:
            if directory.exists() and any(directory.iterdir()):
                raise ConfigurationError(f"{directory} holds something else, or half a town; name a new directory")
            first = first_port or FIRST_PORT
        else:
            self.settings = load_domain(self.operator)
            first = urlsplit(self.settings.operator.url).port or FIRST_PORT
            if first_port not in {None, first}:
                raise ConfigurationError(f"the servers of {directory} keep their ports, {first} to {first + PORTS - 1}")
        ports = range(first, first + PORTS)
        for port in ports:
            if not is_free(port):
                raise ConfigurationError(f"port {port} is in use, perhaps by this town; --port gives a new town others")
        self._ports, self.messages_port = iter(ports[:-3]), ports[-1]
        self._desk_ports = dict(zip(OFFICERS, ports[-3:-1], strict=True))
        self._messages = MessagesPage()

    def new_ports(self, count: int) -> list[int]:
        """The next of the town's ports."""
        return list(islice(self._ports, count))

    def more_settings(self, server: str) -> str:
        """Where a party's desk listens."""
        return f"desk_port = {self._desk_ports[server]}\n" if server in self._desk_ports else ""

    async def keep_running(self, visitors: int, rate: float) -> None:
        """Found the town if it is new, and keep it running; what is not founded to the end is removed."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            async with new_session() as session, AsyncExitStack() as running:
                with Servers(self.directory) as servers:
                    await running.enter_async_context(self._messages.served(self.messages_port))
                    company = Company(self, session)
                    await self._start(servers, session, company)
                    desks = await open_desks(self, servers, session, self._desk_ports)
                    self._say(guide(self, self.messages_port, desks_guide(self, desks)))
                    walkers = Walkers(self, session, visitors, rate, self._tell)
                    await asyncio.gather(company.keep(), self._tell_messages(), self._watch(servers), walkers.walk())
        finally:
            if self.is_new:
                shutil.rmtree(self.directory)

    async def _start(self, servers: Servers, session: ClientSession, company: Company) -> None:
        if not self.is_new:
            await self.start_parties(servers, session)
            await company.settle()
            for home in sorted(self.directory.glob("venue-?")):
                await self.start_venue(servers, session, home)
            return
        self._say("A new town: an operator and an authority make their keys ...")
        await self.found(servers, session)
        await company.settle()
        for name in (CLUB, CAFE):
            self._say(f"{name} is registered with both ...")
            await self.open_venue(servers, session, name)
        appoint_custodians(self)
        home = self.directory / VISITOR
        home.mkdir()
        self.pin(home)
        (home / "settings.toml").write_text("at_once = true\n")
        write_script(self)
        self.is_new = False

    async def _tell_messages(self) -> None:
        """Show the messages to phones, without those of the town's own people."""
        async for line in follow(self.operator / "outbox.txt"):
            phone, _, text = line.partition("\t")
            if phone not in self.phones:
                self._messages.add(phone, text)
                self._tell(f"message to {phone}: {text}")

    async def _watch(self, servers: Servers) -> None:
        """Tell of a server that ends."""
        told: set[str] = set()
        while True:
            for name in servers.ended - told:
                self._tell(f"{name} has ended; see {self.directory / name}.log")
                told.add(name)
            await asyncio.sleep(1)

    def _tell(self, what: str) -> None:
        self._say(f"{clock(self)}  {what}")
