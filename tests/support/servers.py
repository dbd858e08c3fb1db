"""Both parties' real servers on loopback, and visitors and venues that speak to them with the protocol alone."""

from __future__ import annotations

import asyncio
import functools
import gc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_bytes
from unittest.mock import patch

from aiohttp import ClientSession, web
from click.testing import CliRunner, Result

from conformance.vectors.venue_log import VenueLog
from escrow.__main__ import main as escrow
from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from escrow.authority.notices import Noticed, NoticePublisher
from escrow.authority.server import create_authority_app
from escrow.housekeeping import keep_house
from escrow.operator.operator import Operator
from escrow.operator.server import create_operator_app
from escrow.party import Party
from lab.processes import free_ports
from lab.town import UNLIMITED, UNLIMITED_PARTY
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.commitments import HeldCommitment
from protocol.epochs import EpochKey, Role
from protocol.handles import HandleGrant, HandleRegistration, register_handle
from protocol.http_messages import ReleaseRequest, Session, VerificationAnswer, VerificationRequest
from protocol.party_requests import sign_request, verify_request
from protocol.passes import OwnedPass, PassAnswers, accept_answers, request_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from protocol.releases import HeldCommitments
from protocol.warrants import Purpose, Venue, VenueApplication, Warrant, verify_warrant
from service.clock import DAY
from service.http import cbor_response, create_app, read_body
from service.http_client import call, new_session
from service.keys import fingerprint
from service.settings import DomainSettings, PartySettings
from tests.support.databases import server_of
from tests.support.domain import opening_warrant
from tests.support.mixing import Asking, leaving_at_once
from tests.support.prepared import Homes, kept_directory, new_homes
from tests.support.running import online, run, serving

NOON = 1_700_017_200
"""Noon on 15 November 2023 in Seoul."""
ALLOWANCE = 3


@dataclass
class Enrolled:
    """A visitor's account at the operator."""

    phone: str
    name: str
    session: Session


class World:
    """The two parties: their objects, their servers' URLs, and a clock."""

    def __init__(
        self,
        directory: Path,
        database: str = "sqlite",
        *,
        now: int = NOON,
        utc_offset: int = 9 * 3600,
        homes: Homes | None = None,
        number: int = 7,
    ) -> None:
        homes = homes or new_homes(database)
        self.now = now
        self.directory = directory
        self.asking = Asking()
        self.committing: dict[bytes, Callable[[], Awaitable[object]]] = {}
        """How each venue that plays here commits to its check-ins, by its id."""
        free = free_ports(4)
        ports, desks = dict(zip(Role, free[:2], strict=True)), dict(zip(Role, free[2:], strict=True))
        self.urls = {role: f"http://127.0.0.1:{port}" for role, port in ports.items()}
        self.settings = DomainSettings(
            number=number,
            utc_offset=utc_offset,
            allowance=ALLOWANCE,
            operator=PartySettings(key=homes.keys[Role.OPERATOR], url=self.urls[Role.OPERATOR]),
            authority=PartySettings(key=homes.keys[Role.AUTHORITY], url=self.urls[Role.AUTHORITY]),
        )
        for role, port in ports.items():
            url = homes.copy(role, self.home(role))
            (self.home(role) / "domain.toml").write_text(self.settings.to_toml())
            own = (
                "minimum_accounts = 2\nmixing_seconds = 0.8\n" + UNLIMITED if role is Role.OPERATOR else UNLIMITED_PARTY
            )
            (self.home(role) / "settings.toml").write_text(
                f'port = {port}\ndesk_port = {desks[role]}\ndatabase = "{url}"\n' + own
            )
        self.operator = Operator(self.home(Role.OPERATOR), clock=lambda: self.now)
        self.authority = Authority(self.home(Role.AUTHORITY), clock=lambda: self.now)

    def home(self, role: Role) -> Path:
        return self.directory / role.name.lower()

    def officer(self, role: Role, *command: str, typed: str = "") -> Result:
        """Run an officer's command, who types something."""
        name = role.name.lower()
        return CliRunner().invoke(escrow, [name, "--home", str(self.home(role)), *command], input=typed)

    def approve(self, role: Role, record: Venue) -> Result:
        """Have an officer approve a venue, by the fingerprint that it told."""
        return self.officer(role, "venues", "approve", record.venue_id.hex(), "--key", fingerprint(record.key))

    def keep_houses(self) -> None:
        """What both servers do every ten minutes."""
        for party in (self.operator, self.authority):
            party.passed.confirm()
            keep_house(party)
        self.warn_daily()

    def warn_daily(self) -> None:
        """What the authority's server does with the operator's: a notice for each day."""
        with ThreadPoolExecutor(1) as another_thread:  # here a loop may be running
            another_thread.submit(
                online, lambda session: NoticePublisher(self.authority, session).publish_daily()
            ).result()

    @property
    def today(self) -> int:
        return self.settings.domain.epoch_at(self.now)

    async def post(self, role: Role, path: str, body: Message | bytes, token: bytes | None = None) -> bytes:
        with self.asking.announce(1 if (role, path) == (Role.OPERATOR, "/v1/passes") else 0):
            async with new_session() as session:
                return await call(session, "POST", self.urls[role] + path, body, token)

    async def get(self, role: Role, path: str) -> bytes:
        async with new_session() as session:
            return await call(session, "GET", self.urls[role] + path)

    async def as_party(self, sender: Role, path: str, body: bytes, *, key: SigningKey | None = None) -> bytes:
        """Send a party request to the other party."""
        recipient = Role.AUTHORITY if sender is Role.OPERATOR else Role.OPERATOR
        party = self.operator if sender is Role.OPERATOR else self.authority
        request = sign_request(
            self.settings.domain, sender, recipient.name.lower(), path, self.now, body, key or party.identity
        )
        return await self.post(recipient, path, request)

    def last_code(self, phone: str) -> str:
        lines = (self.home(Role.OPERATOR) / "outbox.txt").read_text().splitlines()
        return next(line[-6:] for line in reversed(lines) if line.startswith(phone))

    async def enrol(self, number: int) -> Enrolled:
        phone, name = f"+8210{number:08}", f"방문객 {number}"
        await self.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone))
        answer = VerificationAnswer(phone, self.last_code(phone), name)
        session = Session.from_bytes(await self.post(Role.OPERATOR, "/v1/sessions", answer))
        return Enrolled(phone, name, session)

    async def epoch_key(self, epoch: int | None = None) -> EpochKey:
        async with new_session() as session:
            key = await self.operator.epochs.cache.fetch(session, self.today if epoch is None else epoch)
        assert key is not None
        return key

    async def register(self, visitor: Enrolled, key: EpochKey) -> tuple[Scalar, HandleRegistration, HandleGrant]:
        h, registration = register_handle(key, visitor.session.account_id)
        token = visitor.session.token
        return (
            h,
            registration,
            HandleGrant.from_bytes(await self.post(Role.OPERATOR, "/v1/handles", registration, token)),
        )

    async def fetch(self, visitor: Enrolled, key: EpochKey, h: Scalar) -> list[OwnedPass]:
        pending, request = request_allowance(key, h)
        answers = await self.post(Role.OPERATOR, "/v1/passes", request, visitor.session.token)
        return accept_answers(key, pending, PassAnswers.from_bytes(answers))

    async def visitors_with_passes(self, count: int) -> list[tuple[Enrolled, list[OwnedPass]]]:
        key = await self.epoch_key()
        enrolled = [await self.enrol(number) for number in range(count)]
        secrets = [(await self.register(one, key))[0] for one in enrolled]
        passes = await asyncio.gather(*(self.fetch(one, key, h) for one, h in zip(enrolled, secrets, strict=True)))
        return list(zip(enrolled, passes, strict=True))


class Door:
    """A venue that keeps check-ins in memory, commits to them, and releases them for a warrant.

    It does so in parts that end at the times `part_ends`, if there are any.
    """

    def __init__(self, world: World, port: int, name: str = "클럽", venue_id: bytes | None = None) -> None:
        self.key = SigningKey.generate()
        self.world = world
        self.record = Venue(
            world.settings.number,
            venue_id or token_bytes(16),
            name,
            f"http://127.0.0.1:{port}",
            public_key(self.key),
        )
        self.log = VenueLog(self.record, self.key)
        self.part_ends: list[int] = []
        self.app = create_app([web.post("/v1/releases", self._release)])
        world.committing[self.record.venue_id] = self.commit

    async def apply(self) -> None:
        application = sign_statement(VenueApplication(self.record), self.key)
        for role in Role:
            await self.world.post(role, "/v1/venues", application)

    async def admit(self, owned: OwnedPass, time: int | None = None) -> CheckInMessage:
        key = await self.world.epoch_key()
        message = sign_check_in(key, owned, self.world.now if time is None else time, Direction.ENTRY)
        self.add(message)
        return message

    def add(self, *check_ins: CheckInMessage | bytes) -> None:
        """Append check-ins of today, or anything else, to what the door releases."""
        for one in check_ins:
            if isinstance(one, CheckInMessage):
                self.log.add(self.world.settings.domain.epoch_at(one.time), one.to_bytes())
            else:
                self.log.add(self.world.today, one)

    async def commit(self) -> None:
        """Commit to all of it at both parties; the clock of a door here is a minute behind."""
        last = self.log.kept[-1].opening.time if self.log.kept else 0
        statement = self.log.commit(max(self.world.now - 60, last + 1))
        for role in Role:
            await self.world.post(role, "/v1/commitments", statement)

    async def _release(self, request: web.Request) -> web.Response:
        domain = self.world.settings.domain
        recipient, statement = self.record.venue_id.hex(), await read_body(request)
        body = verify_request(domain, Role.AUTHORITY, recipient, "/v1/releases", self.world.now, statement).body
        asked = ReleaseRequest.from_bytes(body)
        warrant = verify_warrant(domain, asked.warrant, self.world.now)
        part_ends = next((time for time in self.part_ends if time > (asked.ended or 0)), None)
        return cbor_response(self.log.release(warrant, asked.ended, part_ends))


@contextmanager
def run_world(
    directory: Path, database: str = "sqlite", cosigning_seconds: float | None = None, number: int = 7
) -> Iterator[World]:
    """A world whose servers run in a thread of their own, on a kind of database; they have run for a while.

    While a test runs they keep house, and have their logs cosigned, when it says so: its clock may jump meanwhile.
    """
    cosigning = (
        {"_keep_log_alive": _not_at_all} if cosigning_seconds is None else {"COSIGNING_SECONDS": cosigning_seconds}
    )
    with (
        patch.multiple("escrow.housekeeping", FIRST_SECONDS=DAY, **cosigning),
        _run(World(directory, database, homes=running_homes(database, number), number=number)) as world,
    ):
        yield world


async def _not_at_all(_party: Party, _session: ClientSession) -> None:
    """Instead of what goes on in the background."""


def running_homes(database: str, number: int = 7) -> Homes:
    """Parties that have published their first epochs, know each other's, and have their logs cosigned."""
    return _running_homes(database, server_of(database), number)


@contextmanager
def _run(world: World) -> Iterator[World]:
    async def apps() -> list[tuple[web.Application, int]]:
        return [
            (await create_authority_app(world.authority), world.authority.settings.port),
            (await create_operator_app(world.operator), world.operator.settings.port),
        ]

    with leaving_at_once(world.asking), serving(apps):
        yield world
    for party in (world.operator, world.authority):
        party.engine.dispose()
    gc.collect()  # the connections of the officers' commands, which a server counts


@functools.cache
def _running_homes(database: str, _server: str, number: int) -> Homes:
    directory, homes = kept_directory(), new_homes(database)
    with _run(World(directory, database, number=number)) as world:
        run(_settle(world))
    for role in Role:
        (world.home(role) / "passed.time").write_text(f"{world.now}\n")
    databases = {party.role: party.settings.database or "" for party in (world.operator, world.authority)}
    return Homes(directory, homes.keys, databases)


async def _settle(world: World) -> None:
    async with new_session() as session:
        await NoticePublisher(world.authority, session).publish_daily()
        for party in (world.operator, world.authority):
            today = party.epochs.today
            await party.epochs.cache.refresh(session, today, today + party.settings.publish_ahead_days)
            await party.peer.have_log_cosigned(session)


@contextmanager
def open_door(world: World, name: str = "클럽", venue_id: bytes | None = None) -> Iterator[Door]:
    """A venue's server, registered with both parties."""
    (port,) = free_ports(1)
    door = Door(world, port, name, venue_id)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(door.app, port)]

    with serving(apps):
        run(door.apply())
        for role in Role:
            assert world.approve(role, door.record).exit_code == 0
        yield door


def named(world: World, venue_id: bytes) -> HeldCommitments:
    """What the authority may name of a venue's commitments when it asks for shares."""
    commitments = world.authority.commitments.of(venue_id)
    return tuple(HeldCommitment(time, commitments[time]) for time in sorted(commitments))


def warrant_for(door: Door, begins: int, ends: int, *, max_records: int = 100) -> Warrant:
    """A warrant that the authority may draw for a door."""
    number, now = door.world.settings.number, door.world.now
    return opening_warrant(number, door.record.venue_id, begins, ends, now, max_records=max_records)


def notice_for(warrant: Warrant, advice: str = "검사") -> Warrant:
    """The same warrant, for a notice with some advice."""
    return replace(warrant, purpose=Purpose.NOTICE, advice=advice)


async def publish_notice(world: World, warrant_ids: Sequence[bytes]) -> Noticed:
    """Have a notice for what was released under these warrants signed by both parties and published."""
    async with new_session() as session:
        return await NoticePublisher(world.authority, session).publish(warrant_ids)


async def carry_out(
    world: World, warrant: Warrant, *steps: Callable[[Investigation], Awaitable[object]]
) -> list[object]:
    """Have its venue commit, draw and countersign a warrant, then take the steps."""
    if warrant.venue_id in world.committing:
        await world.committing[warrant.venue_id]()
    async with new_session() as session:
        investigation = Investigation(world.authority, session)
        investigation.draw_warrant(warrant)
        await investigation.propose_warrant(warrant.warrant_id)
        world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
        return [await step(investigation) for step in steps]
