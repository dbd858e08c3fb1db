"""What a caller makes of answers: it is sent nowhere else, and goes by a status where it does not know the name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from client.lists import Fault, ListSource
from escrow.errors import PeerFailed
from lab.processes import free_ports
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.notices import VerifiedNotice, verify_notice
from service.confirmed_time import ConfirmedTime
from service.http_client import call, new_session
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE
from service.problems import Problem, Unreachable
from service.refusals import STATUSES
from tests.support.domain import found_domain
from tests.support.running import run, serving
from tests.support.servers import World

TOKEN = bytes(range(32))


@contextmanager
def answering(*handlers: web.AbstractRouteDef) -> Iterator[str]:
    """The URL of a server on loopback."""
    (port,) = free_ports(1)

    async def apps() -> list[tuple[web.Application, int]]:
        app = web.Application()
        app.add_routes(handlers)
        return [(app, port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"


def problem_document(status: int, name: str) -> web.Response:
    document = {"type": PROBLEM_TYPE + name, "title": name, "status": status, "detail": "not today"}
    return web.json_response(document, status=status, content_type=PROBLEM)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(status: int, method: str) -> None:
    """A server that sends its callers elsewhere: what was meant for it reaches nobody."""
    reached: list[bytes] = []

    async def other(request: web.Request) -> web.Response:
        reached.append(await request.read())
        return web.Response(body=b"stolen")

    async def ask(url: str) -> None:
        async with new_session() as session:
            await call(session, method, url, b"secret" if method == "POST" else b"", TOKEN)

    with answering(web.route("*", "/", other)) as elsewhere:

        async def send_away(_request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": elsewhere})

        with answering(web.route("*", "/", send_away)) as url, pytest.raises(Problem) as refusal:
            run(ask(url))
        run(ask(elsewhere))
    assert refusal.value.status == status
    assert len(reached) == 1  # ours, to see that it counts


def test_a_request_tells_nothing_of_who_sends_it() -> None:
    """Not after a server tried to mark its caller either; and no body is compressed."""
    seen: list[dict[str, str]] = []

    async def mark(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        headers = {"Set-Cookie": f"visitor={len(seen)}", "ETag": f'"{len(seen)}"', "Content-Type": CBOR}
        return web.Response(body=b"", headers=headers)

    async def ask(url: str) -> None:
        async with new_session() as session:
            for _ in range(2):
                await call(session, "POST", url, bytes(100_000))

    with answering(web.post("/", mark)) as url:
        for _ in range(2):
            run(ask(url))
    assert seen == [seen[0]] * 4
    assert seen[0].keys() == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Content-Length"}
    assert seen[0]["User-Agent"] == "SplitPass"
    assert seen[0]["Content-Length"] == "100000"


def test_no_answer_is_longer_than_a_message() -> None:
    """A server that sends without end fills nobody's memory."""

    async def send(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(int(request.query["pieces"])):
                await response.write(bytes(2**20))
            await response.write(b"." if "more" in request.query else b"")
        return response

    async def ask(url: str) -> bytes:
        async with new_session() as session:
            return await call(session, "GET", url)

    with answering(web.get("/", send)) as url:
        assert len(run(ask(f"{url}/?pieces=16"))) == 2**24
        for longer in ("pieces=16&more", "pieces=100000"):
            with pytest.raises(Unreachable, match="longer than"):
                run(ask(f"{url}/?{longer}"))


def test_a_partys_clock_is_not_asked_elsewhere(tmp_path: Path) -> None:
    """A redirect to a server with the wished-for time confirms no clock that jumped."""
    now = int(time.time()) + EPOCH_SECONDS  # the clock of this program; that of the others is as it was
    passed = ConfirmedTime(tmp_path / "passed.time", lambda: now)

    async def agree(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": formatdate(now, usegmt=True)})

    async def check(url: str) -> bool:
        async with new_session() as session:
            await passed.check(session, [url])
        return passed.known

    with answering(web.get("/healthz", agree)) as other:

        async def send_away(_request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{other}/healthz"})

        with answering(web.get("/healthz", send_away)) as url:
            assert not run(check(url))
        assert run(check(other))


@pytest.mark.parametrize(("status", "is_missing"), [(404, True), (410, False), (429, False), (503, False)])
def test_an_unknown_problem_is_treated_by_its_status(tmp_path: Path, status: int, is_missing: bool) -> None:
    """What a client makes of a list that it does not get is the same under every name."""
    domain = found_domain().domain

    async def follow(url: str) -> Fault | int | None:
        def verify(statement: bytes, number: int | None) -> VerifiedNotice:
            return verify_notice(domain, statement, number)

        source = ListSource(Role.AUTHORITY, "notices", url, tmp_path, verify, 28)
        async with new_session() as session:
            try:
                return (await source.follow(session, 0, lambda _: None)).fault
            except Problem as problem:
                return problem.status

    for name in ("not-published", "a-name-of-next-year"):

        async def refuse(_request: web.Request, name: str = name) -> web.Response:
            return problem_document(status, name)

        with answering(web.get("/v1/notices", refuse)) as url:
            assert run(follow(url)) == (Fault.MISSING if is_missing else status)


def test_an_unknown_problem_of_the_authority_is_not_passed_on(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def refuse(_request: web.Request) -> web.Response:
        return problem_document(403, "a-name-of-next-year")

    async def ask(url: str) -> None:
        world.operator.peer.url = url
        async with new_session() as session:
            await world.operator.ask_authority(session, "/v1/directory", b"")

    with answering(web.post("/v1/directory", refuse)) as url, pytest.raises(PeerFailed) as refusal:
        asyncio.run(ask(url))
    assert (STATUSES[refusal.value.name], refusal.value.name) == (502, "peer-failed")
