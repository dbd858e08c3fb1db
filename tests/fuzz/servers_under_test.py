"""The servers under test: real processes on loopback, and everything that their peers know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, web

from client.errors import NotIssued
from escrow.authority.authority import Authority
from escrow.authority.server import create_authority_app
from escrow.operator.operator import Operator
from escrow.operator.server import create_operator_app
from lab.processes import Servers
from lab.town import Person, Place, Town
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EpochKey, Role
from protocol.handles import HandleRegistration, register_handle
from protocol.passes import OwnedPass
from protocol.primitives.encoding import Message
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement
from service.cli import local_time
from service.http_client import call, new_session
from service.keys import load_signing_key
from tests.support.venues import only
from venue.server import create_venue_app

FETCH_TRIES = 20
NOTICE_SECONDS = 120
"""An authority asks again every 30 s."""
ADMITTED = 3
"""Check-ins that the venue has committed to; the other passes are unused."""


@dataclass(frozen=True)
class Route:
    """A route of a server, as its own router has it."""

    server: str
    method: str
    path: str

    @property
    def name(self) -> str:
        """How the route is called in a report."""
        return f"{self.server} {self.method} {self.path}"


@dataclass(frozen=True)
class ServersUnderTest:
    """The running servers, their secret keys, and what visitors have.

    `hs` belong to the handles that the visitors registered for tomorrow, whose sessions' tokens are `tokens`; `passes`
    are today's of the first one. `committed` is when the venue committed to its check-ins; `countersigned` the id of a
    warrant that the operator's officer has countersigned, `undecided` of one that nobody has decided on.
    """

    servers: Servers
    town: Town
    place: Place
    urls: dict[str, str]
    routes: tuple[Route, ...]
    keys: dict[Role, SigningKey]
    registration: JointStatement
    today: EpochKey
    tomorrow: EpochKey
    tokens: tuple[bytes, ...]
    account_id: bytes
    hs: tuple[Scalar, ...]
    handle: HandleRegistration
    passes: tuple[OwnedPass, ...]
    committed: int
    countersigned: str
    undecided: str
    operator: Operator
    """The operator's database, as another process of its server sees it."""

    def both_sign(self, message: Message) -> JointStatement:
        """A message as both parties sign it."""
        return JointStatement(*(sign_statement(message, self.keys[role]) for role in (Role.AUTHORITY, Role.OPERATOR)))


@asynccontextmanager
async def running_servers(directory: Path) -> AsyncIterator[ServersUnderTest]:
    """Start an operator, an authority and a venue, and enrol visitors; the servers' logs are in `directory`."""
    town = _Town(directory, minimum_accounts=2, mixing_seconds=0.5)
    async with new_session() as session:
        with Servers(directory) as servers:
            await town.found(servers, session)
            place = await town.open_venue(servers, session, "클럽 스플릿")
            people = [await town.enrol(session) for _ in range(2)]
            await _fetch_together(town, people, session)
            yield await _set(servers, town, place, people, session)


class _Town(Town):
    def more_settings(self, server: str) -> str:
        """No end to the passes of a visitor."""
        return "requests_per_epoch = 1000000\n" if server == "operator" else ""


async def _fetch_together(town: Town, people: list[Person], session: ClientSession) -> None:
    """All of them ask at once, until each has passes: on a busy machine one may come too late for the others' batch."""
    for attempt in range(FETCH_TRIES):
        try:
            await asyncio.gather(*(town.fetch_passes(session, one) for one in people))
        except NotIssued:
            if attempt == FETCH_TRIES - 1:
                raise
        else:
            return


async def _set(
    servers: Servers, town: Town, place: Place, people: list[Person], session: ClientSession
) -> ServersUnderTest:
    visitor, registration = people[0].visitor, only(place.venue).registration
    assert registration is not None
    today, tomorrow = [await visitor.epochs.fetch(session, town.today + days) for days in range(2)]
    assert today is not None
    assert tomorrow is not None
    sessions = [person.visitor.account().session for person in people]
    handles = [register_handle(tomorrow, one.account_id) for one in sessions]
    for one, (_, handle) in zip(sessions, handles, strict=True):
        await call(session, "POST", f"{town.settings.operator.url}/v1/handles", handle, one.token)
    day = visitor.wallet().day(today.epoch)
    assert day is not None
    passes = [one.owned for one in day.passes]
    for owned in passes[:ADMITTED]:
        check_in = sign_check_in(today, owned, int(time.time()), Direction.ENTRY, place.id)
        await call(session, "POST", f"{place.url}/v1/check-ins", check_in)
    await asyncio.to_thread(town.run, "venue", "--home", str(place.home), "commit")
    await _notice_of_today(town, session)
    countersigned = await asyncio.to_thread(_draw, town, place)
    await asyncio.to_thread(town.officer, "operator", "warrants", "countersign", countersigned)
    return ServersUnderTest(
        servers=servers,
        town=town,
        place=place,
        urls={"operator": town.settings.operator.url, "authority": town.settings.authority.url, "venue": place.url},
        routes=tuple(await _routes(town, place)),
        keys={role: load_signing_key(town.directory / role.name.lower() / "identity.key") for role in Role},
        registration=registration,
        today=today,
        tomorrow=tomorrow,
        tokens=tuple(one.token for one in sessions),
        account_id=sessions[0].account_id,
        hs=tuple(h for h, _ in handles),
        handle=handles[0][1],
        passes=tuple(passes[ADMITTED:]),
        committed=max(one.opening.time for one in only(place.venue).log.commitments()),
        countersigned=countersigned,
        undecided=await asyncio.to_thread(_draw, town, place),
        operator=Operator(town.operator),
    )


async def _notice_of_today(town: Town, session: ClientSession) -> None:
    """Wait for the first notice: both parties sign it, soon after both have started."""
    async with asyncio.timeout(NOTICE_SECONDS):
        while True:
            async with session.get(f"{town.settings.authority.url}/v1/notices") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.5)


def _draw(town: Town, place: Place) -> str:
    """Have a warrant drawn and proposed; returns its id."""
    begins, ends = (local_time(int(time.time()) + seconds, town.settings.utc_offset) for seconds in (-3600, 1))
    window = ("--venue", place.id.hex(), "--from", begins, "--until", ends, "--legal-reference", "제76조의2")
    return town.officer("authority", "warrants", "draw", "--yes", *window)


async def _routes(town: Town, place: Place) -> list[Route]:
    """What the three applications serve, from their routers."""
    applications = {
        "operator": await create_operator_app(Operator(town.operator)),
        "authority": await create_authority_app(Authority(town.authority)),
        "venue": create_venue_app(place.venue.home),
    }
    routes = []
    for server, application in applications.items():
        for route in application.router.routes():
            assert route.resource is not None
            if route.method != "OPTIONS":  # the same for every path that has it
                routes.append(Route(server, route.method, route.resource.canonical))
        runner = web.AppRunner(application)  # closes what the application opened
        await runner.setup()
        await runner.cleanup()
    return routes
