"""A server that is told to stop finishes or refuses what is under way, and drops nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from escrow.authority.investigation import Investigation
from escrow.errors import PeerFailed
from lab.processes import Servers, free_ports
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision, DoorAnswer, VerificationRequest
from protocol.party_requests import sign_request
from protocol.passes import REQUEST_BYTES, IssueBatch, OwnedPass, PassAnswers
from protocol.primitives.encoding import Message
from protocol.warrants import Venue
from service.http_client import call, new_session
from service.problems import Problem, Unreachable
from tests.support.databases import KINDS
from tests.support.domain import opening_warrant
from tests.support.processes import Held, closed, connection_to, ended, real_world, start_party, start_venue
from tests.support.running import run
from tests.support.servers import Enrolled, World
from tests.support.venues import only
from venue.committing import commit
from venue.home import VenueHome

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
PHONE = "+821099999999"


class Place:
    """Two parties and a venue, each a process, and two visitors with passes."""

    def __init__(self, world: World, servers: Servers, session: ClientSession, venue: Venue) -> None:
        self.world, self.servers, self.session, self.venue = world, servers, session, venue
        self.visitors: list[tuple[Enrolled, list[OwnedPass]]] = []

    async def stop(self, name: str, url: str) -> None:
        """What is sent from now on reaches the server over connections that are open alone."""
        self.servers.terminate(name)
        await closed(url)

    async def check_in(self, owned: OwnedPass) -> CheckInMessage:
        key = await self.world.epoch_key()
        return sign_check_in(key, owned, int(time.time()), Direction.ENTRY, self.venue.venue_id)


@asynccontextmanager
async def running_place(directory: Path, kind: str) -> AsyncIterator[Place]:
    world, (port,) = real_world(directory, kind), free_ports(1)
    settings = world.home(OPERATOR) / "settings.toml"
    settings.write_text(settings.read_text().replace("mixing_seconds = 0.8", "mixing_seconds = 8"))
    async with new_session() as session:
        with Servers(directory) as servers:
            for role in (AUTHORITY, OPERATOR):
                await start_party(servers, session, world, role)
            place = Place(world, servers, session, await start_venue(servers, session, world, port, kind))
            place.visitors = await world.visitors_with_passes(2)
            yield place


def held_until(stopped: Callable[[], Awaitable[None]]) -> Callable[..., Awaitable[bytes]]:
    """What sends a party's request, whose server is told to stop while it waits for the body."""

    async def send(_session: ClientSession, _method: str, url: str, body: Message | bytes, **_more: object) -> bytes:
        held = await asyncio.to_thread(Held, url, body)
        await stopped()
        answer = await asyncio.to_thread(held.finish)
        assert answer.status == 200
        return answer.read()

    return send


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_under_way_is_finished_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Check-ins, releases, codes, shares, batches that wait and batches that are issued."""

    async def story() -> None:
        async with running_place(tmp_path, kind) as place:
            investigation = Investigation(place.world.authority, place.session)
            warrant = await stop_venue(place, investigation, monkeypatch)
            await stop_operator(place, investigation, warrant, monkeypatch)
            await stop_authority(place)

    run(story())


async def stop_venue(place: Place, investigation: Investigation, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Returns the warrant of a release of one check-in, which was asked for while another one came in."""
    world, url = place.world, place.venue.url
    first, second = [await place.check_in(passes[0]) for _, passes in place.visitors]
    await call(place.session, "POST", f"{url}/v1/check-ins", first)
    (venue,) = VenueHome(world.directory / "venue").venues
    assert await commit(only(venue), place.session, int(time.time())) is not None
    warrant = opening_warrant(
        world.settings.number, place.venue.venue_id, first.time - 600, first.time + 600, int(time.time())
    )
    investigation.draw_warrant(warrant)
    await investigation.propose_warrant(warrant.warrant_id)
    world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
    await investigation.countersigned(warrant.warrant_id)

    kept = connection_to(url)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read()
    check_in = await asyncio.to_thread(Held, f"{url}/v1/check-ins", second)
    with monkeypatch.context() as patched:
        patched.setattr("escrow.peer.call", held_until(lambda: place.stop("venue", url)))
        release = await investigation.request_release(warrant.warrant_id)
    assert (release.parts, release.visits) == (1, 1)

    kept.request("GET", "/healthz")
    late = kept.getresponse()
    assert (late.status, late.headers["Connection"]) == (503, "close")
    assert json.loads(late.read())["type"] == "urn:splitpass:problem:try-later"
    answer = await asyncio.to_thread(check_in.finish)
    assert DoorAnswer.from_bytes(answer.read()).decision is Decision.ADMITTED
    assert await ended(place.servers, "venue") == 0
    engine = VenueHome(world.directory / "venue").engine
    with engine.connect() as connection:
        assert set(connection.scalars(sql.text("SELECT u FROM check_ins"))) == {first.u, second.u}
    engine.dispose()
    return warrant.warrant_id


async def stop_operator(
    place: Place, investigation: Investigation, warrant_id: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, url = place.world, place.world.urls[OPERATOR]
    tomorrow = await world.epoch_key(world.today + 1)
    secrets = [(await world.register(visitor, tomorrow))[0] for visitor, _ in place.visitors]
    waiting = [
        asyncio.create_task(world.fetch(visitor, tomorrow, h))
        for (visitor, _), h in zip(place.visitors, secrets, strict=True)
    ]
    while requests_made(world) != {visitor.session.account_id: 1 for visitor, _ in place.visitors}:
        await asyncio.sleep(0.02)
    code = await asyncio.to_thread(Held, f"{url}/v1/verifications", VerificationRequest(PHONE))
    with monkeypatch.context() as patched:
        patched.setattr("escrow.peer.call", held_until(lambda: place.stop("operator", url)))
        with pytest.raises((Problem, Unreachable, PeerFailed)):  # what is asked after the shares
            await investigation.open(warrant_id)
    with world.operator.engine.connect() as connection:
        assert connection.scalar(sql.text("SELECT count(*) FROM released_passes")) == 1
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, Problem)
        assert outcome.name == "try-later"
    assert (await asyncio.to_thread(code.finish)).status == 202
    assert await ended(place.servers, "operator") == 0
    assert requests_made(world) == {visitor.session.account_id: 0 for visitor, _ in place.visitors}
    assert len(world.last_code(PHONE)) == 6


def requests_made(world: World) -> dict[bytes, int]:
    """How many requests the operator has counted for tomorrow, by account."""
    with world.operator.engine.connect() as connection:
        query = sql.text("SELECT account, requests FROM handles WHERE epoch = :epoch")
        return {row.account: row.requests for row in connection.execute(query, {"epoch": world.today + 1})}


async def stop_authority(place: Place) -> None:
    world, url = place.world, place.world.urls[AUTHORITY]
    batch = IssueBatch(world.today, (bytes(REQUEST_BYTES),) * 100)
    request = sign_request(
        world.settings.domain,
        OPERATOR,
        "authority",
        "/v1/passes",
        int(time.time()),
        batch.to_bytes(),
        world.operator.identity,
    )
    held = await asyncio.to_thread(Held, f"{url}/v1/passes", request)
    await place.stop("authority", url)
    answer = await asyncio.to_thread(held.finish)
    assert len(PassAnswers.from_bytes(answer.read()).answers) == 100
    assert await ended(place.servers, "authority") == 0


ENDLESS = """
import asyncio, sys, time
from aiohttp import web
from service import serving
from service.http import create_app
from service.settings import ServerSettings

async def wait(request):
    await request.read()
    await asyncio.to_thread(time.sleep, 3600)

serving.FINISH_SECONDS, serving.STOP_SECONDS = 0.2, 2
serving.serve(create_app([web.post("/wait", wait)]), ServerSettings(port=int(sys.argv[1])))
"""


def test_what_takes_too_long_is_refused_and_the_process_ends() -> None:
    """Also when a thread goes on for ever, which nothing can end, and when it is interrupted by hand."""
    (port,) = free_ports(1)
    server = subprocess.Popen([sys.executable, "-c", ENDLESS, str(port)], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    assert "listening" in server.stderr.readline()
    held = Held(f"http://127.0.0.1:{port}/wait", b"x")
    server.send_signal(signal.SIGINT)
    answer = held.finish()
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (503, "application/problem+json")
    assert json.loads(answer.read())["type"] == "urn:splitpass:problem:try-later"
    assert server.wait(60) == 0
