"""A world at the real time, whose servers are processes, and requests that wait half-way."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession

from lab.processes import Servers
from lab.town import offset_of_noon
from protocol.epochs import Role
from protocol.primitives.encoding import Message
from protocol.warrants import Venue
from service.media_types import CBOR
from service.serving import STOP_SECONDS
from tests.support.databases import new_database
from tests.support.servers import World
from tests.support.venues import make_venue, only
from venue.registration import apply, confirm


def real_world(directory: Path, database: str = "sqlite", number: int = 7) -> World:
    """It is noon there, so that no test meets midnight."""
    return World(directory, database, now=int(time.time()), utc_offset=offset_of_noon(), number=number)


async def start_party(servers: Servers, session: ClientSession, world: World, role: Role) -> None:
    name = role.name.lower()
    servers.start(name, "escrow", name, "--home", str(world.home(role)), "serve")
    await servers.wait_ready(session, name, world.urls[role])


async def start_many(servers: Servers, world: World, count: int, program: str, *command: str) -> list[str]:
    """The URLs of processes that begin at once, of one home whose settings have `port = 0`."""
    names = [f"{program}-{number}" for number in range(count)]
    for name in names:
        servers.start(name, *command, "serve")
    return [await url_in_log(world.directory / f"{name}.log") for name in names]


async def url_in_log(log: Path) -> str:
    for _ in range(600):
        if found := re.search(r"listening on (http://[0-9.:]+)", log.read_text()):
            return found[1]
        await asyncio.sleep(0.1)
    raise AssertionError(log.read_text())


async def start_venue(servers: Servers, session: ClientSession, world: World, port: int, kind: str) -> Venue:
    """A registered venue that knows today's keys; its home is `venue` beside the parties'."""
    venue = make_venue(world, world.directory / "venue", f"http://127.0.0.1:{port}")
    home = venue.home.path
    (home / "settings.toml").write_text(f'port = {port}\ndatabase = "{new_database(kind, home)}"\n')
    await apply(only(venue), session)
    for role in Role:
        assert world.approve(role, only(venue).record).exit_code == 0
    assert await confirm(only(venue), session) == []
    await only(venue).pinned.epochs.refresh(session, world.today, world.today)
    servers.start("venue", "venue", "--home", str(home), "serve")
    await servers.wait_ready(session, "venue", only(venue).record.url)
    return only(venue).record


class Held:
    """A request that the server has begun to answer, and whose body it still waits for."""

    def __init__(self, url: str, body: Message | bytes) -> None:
        self._body = body if isinstance(body, bytes) else body.to_bytes()
        self._connection = connection_to(url)
        self._connection.putrequest("POST", urlsplit(url).path)
        for name, value in (("Content-Type", CBOR), ("Content-Length", len(self._body)), ("Expect", "100-continue")):
            self._connection.putheader(name, str(value))
        self._connection.endheaders()
        assert self._connection.sock.recv(12, socket.MSG_PEEK).endswith(b"100")

    def close(self) -> None:
        """Break off."""
        self._connection.close()

    def finish(self) -> HTTPResponse:
        """Send the body and return the answer, whose connection ends with it."""
        self._connection.send(self._body)
        answer = self._connection.getresponse()
        assert answer.headers["Connection"] == "close"
        return answer


def connection_to(url: str) -> HTTPConnection:
    address = urlsplit(url)
    assert address.hostname is not None
    return HTTPConnection(address.hostname, address.port, timeout=60)


async def ended(servers: Servers, name: str) -> int:
    """The exit status of a server that was told to stop."""
    return await asyncio.to_thread(servers[name].wait, STOP_SECONDS + 10)


async def closed(url: str) -> None:
    """Wait until nobody listens there."""
    address = urlsplit(url)
    while True:
        try:
            _, writer = await asyncio.open_connection(address.hostname, address.port)
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it stopped listening just now
            continue
        writer.close()
        await asyncio.sleep(0.02)
