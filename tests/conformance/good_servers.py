"""A whole domain to be tested: both parties' and a venue's real servers on loopback, and phones that nobody used."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes

from aiohttp import web

from conformance.catalogue import CHECKS
from conformance.check import Check, Outcome, Result, run_checks
from conformance.codes import codes_from_outbox
from conformance.tester import Options, Server, Tester
from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from lab.processes import free_ports
from protocol.epochs import Role
from protocol.primitives.signatures import SigningKey
from service.http_client import new_session
from tests.support.running import serving
from tests.support.servers import World
from tests.support.venues import only
from venue.domain_setup import add_domain
from venue.home import ServedVenue, VenueHome
from venue.registration import apply, confirm
from venue.server import create_venue_app
from venue.setup import create_home


@dataclass
class GoodServers:
    """The parties' world, the venue and a reader's token, with the URL of each server."""

    world: World
    venue: ServedVenue
    token: bytes
    urls: dict[Server, str]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def outbox(self) -> Path:
        return self.world.home(Role.OPERATOR) / "outbox.txt"

    @property
    def identities(self) -> dict[Role, SigningKey]:
        """Both parties' keys."""
        return {Role.OPERATOR: self.world.operator.identity, Role.AUTHORITY: self.world.authority.identity}

    def new_phones(self) -> tuple[str, ...]:
        """As many phones as the operator wants accounts in a batch."""
        return tuple(f"+8210{next(self.numbers):08}" for _ in range(self.world.operator.settings.minimum_accounts))

    def options(self, urls: dict[Server, str] | None = None) -> Options:
        """Everything that a tester may have."""
        phones = self.new_phones()
        return Options(
            urls={**self.urls, **(urls or {})},
            domain=self.world.settings.domain,
            phones=phones,
            read_code=codes_from_outbox(self.outbox, phones),
            venue_id=self.venue.venue_id,
            reader_token=self.token,
            identities=self.identities,
            apply=True,
            slow=True,
        )

    def check(self, options: Options, checks: Iterable[Check[Tester]] = CHECKS) -> dict[str, Outcome]:
        """Run checks, at the world's time."""

        async def run() -> list[Outcome]:
            async with Tester(options, lambda: self.world.now) as tester:
                return await run_checks(checks, tester, options.given)

        return {outcome.check.identifier: outcome for outcome in asyncio.run(run())}


@contextmanager
def run_good_servers(directory: Path) -> Iterator[GoodServers]:
    """Start a domain; its venue is registered and knows the keys."""
    world = World(directory)
    home_directory, (port,) = directory / "venue", free_ports(1)
    url = f"http://127.0.0.1:{port}"
    venue_id, token = create_home(home_directory, "클럽", url), token_bytes(32)
    add_domain(home_directory, world.settings.to_toml(), "first")
    venue = ServedVenue(VenueHome(home_directory), venue_id)
    venue.home.reader_tokens.add(venue_id, "front door", token, world.now)

    async def parties() -> list[tuple[web.Application, int]]:
        return [
            (await create_authority_app(world.authority), world.authority.settings.port),
            (await create_operator_app(world.operator), world.operator.settings.port),
        ]

    async def door() -> list[tuple[web.Application, int]]:
        return [(create_venue_app(venue.home, lambda: world.now), port)]

    with serving(parties):
        world.warn_daily()
        asyncio.run(_register(world, venue))
        with serving(door):
            urls = {**{Server[role.name]: url for role, url in world.urls.items()}, Server.VENUE: url}
            yield GoodServers(world, venue, token, urls)


async def _register(world: World, venue: ServedVenue) -> None:
    async with new_session() as session:
        only(venue).draw_first_key()
        await apply(only(venue), session)
        for role in Role:
            assert world.approve(role, only(venue).record).exit_code == 0
        assert await confirm(only(venue), session) == []
        pinned = only(venue).pinned
        wanted = pinned.wanted_epochs(world.now)
        await pinned.epochs.refresh(session, wanted.start, wanted.stop - 1)


def failed(outcomes: dict[str, Outcome]) -> set[str]:
    return _with(Result.FAILED, outcomes)


def not_run(outcomes: dict[str, Outcome]) -> set[str]:
    return _with(Result.NOT_RUN, outcomes)


def expect_failures(good: GoodServers, options: Options, expected: set[str]) -> None:
    """Demand that these checks fail, and that none is left out but what needs them or an option that is missing."""
    outcomes = good.check(options)
    assert {name: outcomes[name].detail for name in failed(outcomes)}.keys() == expected
    named = {need for check in CHECKS for need in check.needs if need.startswith("--")}
    assert not_run(outcomes) == dependent_on(expected | named - options.given) - expected


def dependent_on(identifiers: set[str]) -> set[str]:
    """The checks that need one of these, at once or through others."""

    def needs(check: Check[Tester]) -> bool:
        return any(need in found | identifiers for need in check.needs)

    found: set[str] = set()
    for check in CHECKS:
        if needs(check):
            found.add(check.identifier)
    return found


def _with(result: Result, outcomes: dict[str, Outcome]) -> set[str]:
    return {identifier for identifier, outcome in outcomes.items() if outcome.result is result}
