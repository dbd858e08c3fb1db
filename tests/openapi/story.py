"""Two parties and two venues, asked everything that their documents say they answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from aiohttp import web
from msgspec import structs

from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from lab.processes import free_ports
from protocol.assisted_check_ins import AssertedRecord, seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.commitments import sign_commitment
from protocol.deliveries import Delivery, Duty, Pairing
from protocol.epochs import EPOCH_SECONDS, EpochKey, Role
from protocol.handles import register_handle
from protocol.http_messages import NoticeRequest, SharesRequest, VerificationAnswer, VerificationRequest
from protocol.paper_passes import from_paper_text, print_pass
from protocol.passes import ANSWER_BYTES, REQUEST_BYTES, IssueBatch, PassAnswers, request_allowance
from protocol.primitives.encoding import Message
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.transparency.merkle import CompactRange
from protocol.warrants import VenueApplication, sign_application
from service.files import private_directory
from service.http import cbor_response, create_app
from service.http_client import new_session
from service.problems import Problem
from tests.openapi.logs import LogSteps, fetch_again
from tests.openapi.recorder import Exchange, Recorder, keeping_bodies
from tests.openapi.refusals import (
    ZEROS,
    refused,
    send_bad_bodies,
    send_bad_party_requests,
    send_slow_bodies,
    send_too_many_long_bodies,
)
from tests.openapi.story_servers import NO_POINT, Served, StoryServers, spoiled
from tests.openapi.warrants import WarrantSteps
from tests.support.deposits import any_entry, deposit
from tests.support.running import run, serving
from tests.support.servers import ALLOWANCE, Enrolled, World, notice_for
from tests.support.venues import make_venue, only
from venue.server import create_venue_app

NO_SCALARS = b"\xff" * 64
OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


@keeping_bodies()
def record_story(directory: Path) -> list[Exchange]:
    """Everything that the three servers were asked and answered."""
    world, recorder = World(private_directory(directory / "parties")), Recorder()
    ports = free_ports(2)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    door = Served(make_venue(world, directory / "door", urls[0]), urls[0], ports[0])
    quiet = Served(make_venue(world, directory / "quiet", ""), urls[1], ports[1])

    async def operator() -> tuple[web.Application, int]:
        return recorder.listen("operator", await create_operator_app(world.operator)), world.operator.settings.port

    async def authority() -> tuple[web.Application, int]:
        return recorder.listen("authority", await create_authority_app(world.authority)), world.authority.settings.port

    async def venue(served: Served) -> tuple[web.Application, int]:
        return recorder.listen("venue", create_venue_app(served.venue.home, lambda: world.now)), served.port

    async def liar() -> tuple[web.Application, int]:
        return create_app([web.post("/v1/passes", _answer_one)]), world.authority.settings.port

    def serve(*apps: Callable[[], Awaitable[tuple[web.Application, int]]]) -> Any:
        async def start() -> list[tuple[web.Application, int]]:
            return [await app() for app in apps]

        return serving(start)

    async def other_liar() -> tuple[web.Application, int]:
        return create_app([]), world.operator.settings.port

    story = Story(StoryServers(world, door, quiet))
    logs = {role: LogSteps(world, role) for role in Role}
    with serve(operator):
        run(logs[OPERATOR].alone_at_first())
    with serve(authority):
        run(logs[AUTHORITY].alone_at_first())
    with serve(authority, operator, lambda: venue(door), lambda: venue(quiet)):
        run(story.together())
    with serve(operator):
        run(story.operator_alone())
        run(logs[OPERATOR].without_witness("peer-unreachable"))
    with serve(liar, operator):
        run(story.operator_with_liar())
        run(logs[OPERATOR].without_witness("peer-failed"))
    with serve(authority):
        run(story.authority_alone())
        run(logs[AUTHORITY].without_witness("peer-unreachable"))
    with serve(other_liar, authority):
        run(logs[AUTHORITY].without_witness("peer-failed"))
    for party in (world.operator, world.authority):
        limits = [name for name in party.settings.__struct_fields__ if name.endswith("_per_hour")]
        party.settings = structs.replace(party.settings, **dict.fromkeys(limits, 1))
    with serve(authority, operator):
        run(story.ask_too_often())
    return recorder.exchanges


class Story:
    """What happens, in order. Each step fails if a server's answer is not the one it is there for."""

    def __init__(self, servers: StoryServers) -> None:
        self.servers = servers
        self.pair: list[Enrolled] = []
        self.ahead: EpochKey
        self.ahead_secrets: list[Scalar] = []

    async def together(self) -> None:
        self.servers.world.warn_daily()
        await self.enrol()
        await self.register_venues()
        await self.ask_for_epochs()
        await self.send_nonsense()
        await self.fetch_passes()
        await self.visit()
        await self.read()
        await WarrantSteps(self.servers).investigate()
        await self.erase_ahead()
        await self.wait_too_long()

    async def enrol(self) -> None:
        post, phone = self.servers.world.post, "+821099999999"
        self.pair = [await self.servers.world.enrol(number) for number in range(2)]
        await refused("invalid-phone", post(OPERATOR, "/v1/verifications", VerificationRequest("01012345678")))

        async def answer(code: str, name: str = "홍길동") -> bytes:
            return await post(OPERATOR, "/v1/sessions", VerificationAnswer(phone, code, name))

        await refused("code-expired", answer("000000"))
        await refused("invalid-name", answer("000000", "=1+1"))
        await post(OPERATOR, "/v1/verifications", VerificationRequest(phone))
        code = self.servers.world.last_code(phone)
        for _ in range(self.servers.world.operator.settings.code_attempts):
            await refused("wrong-code", answer(f"{(int(code) + 1) % 10**6:06}"))
        await refused("too-many-attempts", answer(code))
        outbox = self.servers.world.home(OPERATOR) / "outbox.txt"
        kept = outbox.rename(outbox.with_suffix(".kept"))
        outbox.mkdir()  # so that no file can be written there
        await refused("code-not-sent", post(OPERATOR, "/v1/verifications", VerificationRequest(phone)))
        outbox.rmdir()
        kept.rename(outbox)
        for _ in range(self.servers.world.operator.settings.codes_per_day - 1):
            await post(OPERATOR, "/v1/verifications", VerificationRequest(phone))
        await refused("too-many-codes", post(OPERATOR, "/v1/verifications", VerificationRequest(phone)))

    async def register_venues(self) -> None:
        world, record = self.servers.world, only(self.servers.door.venue).record
        for served in (self.servers.door, self.servers.quiet):
            own = f"/v1/venues/{served.venue.venue_id.hex()}"
            for part in ("/7", "/poster.svg", "/poster.png"):
                await refused("not-registered", self.servers.ask(served, "GET", own + part))
                await refused("unknown-venue", self.servers.ask(served, "GET", f"/v1/venues/{ZEROS}{part}"))
                await refused("not-found", self.servers.ask(served, "GET", f"/v1/venues/here{part}"))
        for role in Role:
            key, quiet_key = only(self.servers.door.venue).signing_key, only(self.servers.quiet.venue).signing_key
            good = sign_application(record, key)
            await refused("unknown-venue", world.get(role, f"/v1/venues/{record.venue_id.hex()}"))
            await refused("not-found", world.get(role, "/v1/venues/here"))
            await world.post(role, "/v1/venues", good)
            await refused("venue-pending", world.get(role, f"/v1/venues/{record.venue_id.hex()}"))
            await world.post(role, "/v1/venues", sign_application(only(self.servers.quiet.venue).record, quiet_key))
            for name, application in {
                "malformed-point": good.replace(bytes(record.key), NO_POINT),
                "venue-exists": sign_application(replace(record, name="다른 클럽"), key),
                "wrong-domain": sign_application(replace(record, domain=1), key),
                "invalid-signature": sign_application(record, quiet_key),
                "invalid-name": sign_application(replace(record, name="\x1b"), key),
                "conflicting-statements": sign_statement(
                    VenueApplication(replace(record, key=public_key(quiet_key)), sign_application(record, key)),
                    quiet_key,
                ),
            }.items():
                await refused(name, world.post(role, "/v1/venues", application))
        for served in (self.servers.door, self.servers.quiet):
            venue = served.venue.venue_id.hex()
            signed = {}
            for role in Role:
                assert world.approve(role, only(served.venue).record).exit_code == 0
                signed[role] = await world.get(role, f"/v1/venues/{venue}")
            only(served.venue).keep_registration(JointStatement(signed[AUTHORITY], signed[OPERATOR]))
            await self.servers.ask(served, "GET", served.record_path)
        door, quiet = self.servers.door, self.servers.quiet
        for picture in ("svg", "png"):
            paths = [f"/v1/venues/{served.venue.venue_id.hex()}/poster.{picture}" for served in (door, quiet)]
            await self.servers.ask(door, "GET", paths[0])
            await refused("no-scan-mode", self.servers.ask(quiet, "GET", paths[1]))

    async def ask_for_epochs(self) -> None:
        for role in Role:
            await LogSteps(self.servers.world, role).read()
            await LogSteps(self.servers.world, role).witness()
            await self.servers.world.get(role, f"/v1/epochs/{self.servers.world.today}")
            await refused("unknown-epoch", self.servers.world.get(role, f"/v1/epochs/{self.servers.world.today + 20}"))
            await refused("not-found", self.servers.world.get(role, "/v1/epochs/today"))
            for kind in ("disclosures", "notices") if role is AUTHORITY else ("disclosures",):
                await fetch_again(self.servers.world, role, f"/v1/{kind}")
                await self.servers.world.get(role, f"/v1/{kind}/0")
                await refused("not-published", self.servers.world.get(role, f"/v1/{kind}/1"))
                await refused("not-found", self.servers.world.get(role, f"/v1/{kind}/last"))
            await self.servers.world.get(role, "/healthz")
        await self.servers.ask(self.servers.door, "GET", "/healthz")
        await self.become_ready()
        await refused("not-found", self.servers.ask(self.servers.door, "GET", "/v2/venues"))
        await refused("method-not-allowed", self.servers.ask(self.servers.door, "GET", "/v1/check-ins"))

    async def become_ready(self) -> None:
        """Without keys no server is ready; with those of today and tomorrow each is."""
        world, served = self.servers.world, self.servers.door
        caches = (world.operator.epochs.cache, world.authority.epochs.cache, only(served.venue).pinned.epochs)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("service.readiness.LOOK_SECONDS", 0)
            for cache in caches:
                patch.setattr(cache, "key", lambda _epoch: None)
            for role in Role:
                await refused("not-ready", world.get(role, "/readyz"))
            await refused("not-ready", self.servers.ask(served, "GET", "/readyz"))
            for cache in caches:
                patch.delattr(cache, "key")
            async with new_session() as session:
                for cache in caches:
                    await cache.refresh(session, world.today, world.today + 1)
            for role in Role:
                await world.get(role, "/readyz")
            await self.servers.ask(served, "GET", "/readyz")

    async def send_nonsense(self) -> None:
        world, domain = self.servers.world, self.servers.world.settings.domain
        token, served = self.pair[0].session.token, self.servers.door.venue
        served.home.reader_tokens.add(served.venue_id, "nonsense", token, world.now)  # what is read of readers alone
        venue = served.venue_id.hex()
        servers = {"operator": world.urls[OPERATOR], "authority": world.urls[AUTHORITY], "venue": self.servers.door.url}
        for server, url in servers.items():
            await send_bad_bodies(server, url, token)
            await send_too_many_long_bodies(server, url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("service.http.BODY_SECONDS", 0.1)
            await asyncio.gather(*(send_slow_bodies(server, url, token) for server, url in servers.items()))
        for server, sender, recipient in (
            ("operator", AUTHORITY, "operator"),
            ("authority", OPERATOR, "authority"),
            ("venue", AUTHORITY, venue),
        ):
            key = (world.operator if sender is OPERATOR else world.authority).identity
            await send_bad_party_requests(server, servers[server], domain, sender, recipient, key, world.now)

    async def fetch_passes(self) -> None:
        world, (first, second) = self.servers.world, self.pair
        key, token = await world.epoch_key(), self.pair[0].session.token

        async def register(body: Message | bytes, token: bytes | None = token) -> bytes:
            return await world.post(OPERATOR, "/v1/handles", body, token)

        async def fetch(body: Message | bytes, token: bytes | None = token) -> bytes:
            return await world.post(OPERATOR, "/v1/passes", body, token)

        h, good = register_handle(key, first.session.account_id)
        _, request = request_allowance(key, h)
        await refused("no-handle", fetch(request))
        await register(good)
        await refused("handle-exists", register(register_handle(key, first.session.account_id)[1]))
        await refused("invalid-proof", register(register_handle(key, second.session.account_id)[1]))
        await refused("malformed-point", register(spoiled(good, 1, NO_POINT)))
        await refused("malformed-scalar", register(spoiled(good, 2, NO_SCALARS)))
        _, other = request_allowance(key, Scalar.random())
        greedy = replace(key, domain=replace(key.domain, allowance=ALLOWANCE + 1))
        await refused("invalid-proof", fetch(other))
        await refused("wrong-allowance", fetch(request_allowance(greedy, h)[1]))
        await refused("malformed-point", fetch(spoiled(request, 1, [bytes(REQUEST_BYTES)])))
        await refused("malformed-scalar", fetch(spoiled(request, 2, NO_SCALARS)))
        for ask, body in ((register, spoiled(good, 0, 1)), (fetch, spoiled(request, 0, 1))):
            await refused("unauthenticated", ask(body, None))
            await refused("epoch-not-open", ask(body))
        await refused("try-later", fetch(request))
        await refused("replayed-request", fetch(request))
        h2, *_ = await world.register(second, key)
        for _ in range(world.operator.settings.requests_per_epoch):
            self.passes = await asyncio.gather(world.fetch(first, key, h), world.fetch(second, key, h2))
        await refused("allowance-used", fetch(request_allowance(key, h)[1]))

    async def visit(self) -> None:
        venue, now = self.servers.door.venue, self.servers.world.now
        async with new_session() as session:
            await only(venue).pinned.epochs.refresh(session, self.servers.world.today, self.servers.world.today)
        key = await self.servers.world.epoch_key()
        first, second = (owned[0] for owned in self.passes)
        shown = sign_check_in(key, second, now, Direction.ENTRY)
        await self.servers.ask(
            self.servers.door, "POST", "/v1/check-ins", sign_check_in(key, first, now, Direction.ENTRY, venue.venue_id)
        )
        await refused("unauthenticated", self.servers.ask(self.servers.door, "POST", "/v1/check-ins", shown))
        token = token_bytes(32)
        venue.home.reader_tokens.add(venue.venue_id, "front door", token, now)
        await self.servers.ask(self.servers.door, "POST", "/v1/check-ins", shown, token)
        paper = from_paper_text(print_pass(key, self.passes[0][1]))
        await refused("unauthenticated", self.servers.ask(self.servers.door, "POST", "/v1/papers", paper))
        await refused(
            "malformed-scalar",
            self.servers.ask(self.servers.door, "POST", "/v1/papers", spoiled(paper, 3, NO_SCALARS[:32])),
        )
        await self.servers.ask(self.servers.door, "POST", "/v1/papers", paper, token)

    async def read(self) -> None:
        """A page is paired, delivers what it has admitted, and what its staff took down."""
        venue, now = self.servers.door.venue, self.servers.world.now
        key, own, other = await self.servers.world.epoch_key(), token_bytes(32), token_bytes(32)
        entry = sign_check_in(key, self.passes[1][1], now, Direction.ENTRY)
        assisted = seal_assisted(key, AssertedRecord("홍길동", "+821012345678"), now, venue.venue_id)
        delivery = Delivery(0, Duty.ON, (entry.to_bytes(),))

        async def ask(method: str, path: str, body: Message | bytes = b"", token: bytes | None = None) -> bytes:
            return await self.servers.ask(self.servers.door, method, path, body, token)

        secret = venue.home.pairings.offer(venue.venue_id, "tablet", now)
        await refused("pairing-expired", ask("POST", "/v1/readers", Pairing(bytes(16), own)))
        await ask("POST", "/v1/readers", Pairing(secret, own))
        await refused("pairing-used", ask("POST", "/v1/readers", Pairing(secret, other)))
        for method, path, body in (
            ("GET", "/v1/door", b""),
            ("POST", "/v1/deliveries", delivery),
            ("POST", "/v1/assisted", assisted),
        ):
            await refused("unauthenticated", ask(method, path, body))
            await ask(method, path, body, own)
        await refused("malformed-point", ask("POST", "/v1/assisted", spoiled(assisted, 3, NO_POINT), own))
        for _ in range(venue.home.settings.pairings_per_hour):
            with suppress(Problem):
                await ask("POST", "/v1/readers", b"\xff")
        await refused("too-many-requests", ask("POST", "/v1/readers", b"\xff"))

    async def erase_ahead(self) -> None:
        """The authority erases tomorrow; the day after stays for the steps in which a party is missing."""
        world, first = self.servers.world, self.pair[0]
        tomorrow = await world.epoch_key(world.today + 1)
        secrets = [(await world.register(one, tomorrow))[0] for one in self.pair]
        grant = (await world.register(first, await world.epoch_key(world.today + 3)))[2]
        world.authority.epochs.erase(tomorrow.epoch)
        async with new_session() as session:
            for party, epoch in ((world.authority, tomorrow.epoch), (world.operator, world.today)):
                await party.peer.have_log_cosigned(session)
                await refused("epoch-erased", world.get(party.role, f"/v1/epochs/{epoch}"))
        fetches = [world.fetch(one, tomorrow, h) for one, h in zip(self.pair, secrets, strict=True)]
        await asyncio.gather(*(refused("epoch-erased", fetch) for fetch in fetches))
        third = await world.enrol(3)
        await refused("epoch-erased", world.register(third, tomorrow))
        altered = replace(grant.entry, sealed=bytes(len(grant.entry.sealed)))
        assert None in await deposit(world, altered, any_entry(altered.epoch))
        await self.ask_authority("unknown-epoch")
        self.ahead = await world.epoch_key(world.today + 2)
        self.ahead_secrets = [(await world.register(one, self.ahead))[0] for one in self.pair]

    async def ask_authority(self, name: str) -> None:
        """Ask the authority about an epoch that nobody has published."""
        world, epoch = self.servers.world, self.servers.world.today + 20
        batch = IssueBatch(epoch, (bytes(REQUEST_BYTES),))
        await refused(name, deposit(world, any_entry(epoch)))
        await refused(name, world.as_party(OPERATOR, "/v1/passes", batch.to_bytes()))

    async def wait_too_long(self) -> None:
        """Five days later nobody has published; a month later the phones must be verified again."""
        world, visitor, now = self.servers.world, self.pair[0], self.servers.world.now
        for days, name in ((5, "unknown-epoch"), (31, "verification-expired")):
            world.now = now + days * EPOCH_SECONDS
            h, registration = register_handle(replace(self.ahead, epoch=world.today), visitor.session.account_id)
            _, request = request_allowance(replace(self.ahead, epoch=world.today), h)
            for path, body in (("/v1/handles", registration), ("/v1/passes", request)):
                await refused(name, world.post(OPERATOR, path, body, visitor.session.token))
        world.now = now

    async def operator_alone(self) -> None:
        world, record = self.servers.world, only(self.servers.door.venue).record
        await refused("peer-unreachable", world.register(await world.enrol(4), self.ahead))
        await self.fetch_ahead("peer-unreachable")
        later = world.today + 10
        world.operator.epochs.publish(later)
        warrant = replace(self.servers.warrant(), ends=world.settings.domain.epoch_begins(later + 1))
        request = SharesRequest(self.servers.both_sign(warrant), self.servers.both_sign(record), bytes(80), ())
        await refused("peer-unreachable", world.as_party(AUTHORITY, "/v1/shares", request.to_bytes()))
        shown = replace(request, warrant=self.servers.both_sign(notice_for(warrant)))
        asked = NoticeRequest(6, world.now, (shown,))
        await refused("peer-unreachable", world.as_party(AUTHORITY, "/v1/notices", asked.to_bytes()))

    async def operator_with_liar(self) -> None:
        await self.fetch_ahead("peer-failed")

    async def authority_alone(self) -> None:
        await self.ask_authority("peer-unreachable")

    async def ask_too_often(self) -> None:
        """Each is asked once too often for limits of one; what is asked does not matter."""
        post, token = self.servers.world.post, self.pair[0].session.token
        for role, path, session in (
            (OPERATOR, "/v1/verifications", None),
            (OPERATOR, "/v1/sessions", None),
            (OPERATOR, "/v1/handles", token),
            (OPERATOR, "/v1/venues", None),
            (AUTHORITY, "/v1/venues", None),
        ):
            await refused("malformed-encoding", post(role, path, b"\xff", session))
            await refused("too-many-requests", post(role, path, b"\xff", session))
        await refused("too-many-requests", post(OPERATOR, "/v1/passes", b"\xff", token))
        venue, now = self.servers.quiet.venue, self.servers.world.now
        for role in Role:
            await LogSteps(self.servers.world, role).ask_too_often()
            *taken, last = (
                sign_commitment(only(venue).record, only(venue).signing_key, now - back, CompactRange())[1]
                for back in range(61)
            )
            for statement in taken:
                await post(role, "/v1/commitments", statement)
            await refused("too-many-requests", post(role, "/v1/commitments", last))

    async def fetch_ahead(self, name: str) -> None:
        pairs = zip(self.pair, self.ahead_secrets, strict=True)
        await asyncio.gather(*(refused(name, self.servers.world.fetch(one, self.ahead, h)) for one, h in pairs))


async def _answer_one(_request: web.Request) -> web.Response:
    """What a broken authority says to a batch."""
    return cbor_response(PassAnswers((bytes(ANSWER_BYTES),)))
