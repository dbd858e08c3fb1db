"""The servers under test: real processes on loopback, and everything that their peers know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, web

from escrow.authority.authority import Authority
from escrow.authority.server import create_authority_app
from escrow.operator.operator import Operator
from escrow.operator.server import create_operator_app
from lab.processes import Servers
from lab.town import Person, Place, Town
from protocol.encoding import Message
from protocol.epochs import EpochKey, Role
from protocol.group import Scalar
from protocol.handles import HandleRegistration, register_handle
from protocol.passes import OwnedPass
from protocol.signatures import SigningKey
from protocol.statements import JointStatement, sign_statement
from service.http import call, new_session
from service.keys import load_signing_key
from venue.server import create_venue_app


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
class Stage:
    """The running servers, their secret keys, and what visitors have.

    `h` belongs to the handle that the first person registered for tomorrow; `passes` are today's.
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
    account: bytes
    h: Scalar
    handle: HandleRegistration
    passes: tuple[OwnedPass, ...]

    def both_sign(self, message: Message) -> JointStatement:
        """A message as both parties sign it."""
        return JointStatement(*(sign_statement(message, self.keys[role]) for role in (Role.AUTHORITY, Role.OPERATOR)))


@asynccontextmanager
async def running_stage(directory: Path) -> AsyncIterator[Stage]:
    """Start an operator, an authority and a venue, and enrol visitors; the servers' logs are in `directory`."""
    town = Town(directory, minimum_accounts=2, mixing_seconds=0.2)
    async with new_session() as session:
        with Servers(directory) as servers:
            await town.found(servers, session)
            place = await town.open_venue(servers, session, "클럽 스플릿")
            people = [await town.enrol(session) for _ in range(2)]
            await asyncio.gather(*(town.fetch_passes(session, person) for person in people))
            yield await _set(servers, town, place, people, session)


async def _set(servers: Servers, town: Town, place: Place, people: list[Person], session: ClientSession) -> Stage:
    visitor, registration = people[0].visitor, place.venue.registration
    assert registration is not None
    today, tomorrow = [await visitor.epochs.fetch(session, town.today + days) for days in range(2)]
    assert today is not None
    assert tomorrow is not None
    account = visitor.account().session
    h, handle = register_handle(tomorrow, account.account)
    await call(session, "POST", f"{town.settings.operator.url}/v1/handles", handle, account.token)
    day = visitor.wallet().day(today.epoch)
    assert day is not None
    return Stage(
        servers=servers,
        town=town,
        place=place,
        urls={"operator": town.settings.operator.url, "authority": town.settings.authority.url, "venue": place.url},
        routes=tuple(await _routes(town, place)),
        keys={role: load_signing_key(town.directory / role.name.lower() / "identity.key") for role in Role},
        registration=registration,
        today=today,
        tomorrow=tomorrow,
        tokens=tuple(person.visitor.account().session.token for person in people),
        account=account.account,
        h=h,
        handle=handle,
        passes=tuple(one.owned for one in day.passes),
    )


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
            routes.append(Route(server, route.method, route.resource.canonical))
        runner = web.AppRunner(application)  # closes what the application opened
        await runner.setup()
        await runner.cleanup()
    return routes
