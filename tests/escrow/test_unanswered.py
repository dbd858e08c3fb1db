"""What was sent and not answered, or answered with something else, is neither taken back nor kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from aiohttp import ClientSession, web

from escrow.authority.investigation import Investigation
from lab.processes import free_ports
from protocol.primitives.errors import ConflictingStatements, InvalidSignature
from protocol.primitives.statements import sign_statement
from protocol.warrants import verify_warrant
from service.http_client import new_session
from service.problems import Problem
from tests.support.running import run, serving
from tests.support.servers import Door, World, open_door, warrant_for


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def test_a_batch_that_left_and_was_not_answered_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority may have it: whoever asked again for nothing would show it which requests are one visitor's."""
    operator, (port,), batches = world.operator, free_ports(1), 0

    async def vanish(request: web.Request) -> web.Response:
        nonlocal batches
        batches += bool(await request.read())
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def apps() -> list[tuple[web.Application, int]]:
        app = web.Application()
        app.add_routes([web.post("/v1/passes", vanish)])
        return [(app, port)]

    async def ask_it(session: ClientSession, path: str, body: bytes, **how: bool) -> bytes:
        return await operator.peer.ask_server(session, f"http://127.0.0.1:{port}", "authority", path, body, **how)

    async def story() -> None:
        key, pair = await world.epoch_key(), [await world.enrol(number) for number in range(2)]
        secrets = [(await world.register(one, key))[0] for one in pair]

        async def fetch() -> set[object]:
            fetching = (world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True))
            answers = await asyncio.gather(*fetching, return_exceptions=True)
            return {getattr(answer, "name", type(answer)) for answer in answers}

        with monkeypatch.context() as patch:
            patch.setattr(operator.peer, "ask", ask_it)
            assert await fetch() == {"peer-unreachable"}
        for _ in range(operator.settings.requests_per_epoch - 1):
            assert await fetch() == {list}
        assert await fetch() == {"allowance-used"}

    with serving(apps):
        run(story())
    assert batches == 1


def test_a_countersignature_that_does_not_hold_is_not_kept(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one of another warrant nor the authority's own: the case goes on when the true one comes."""
    warrant, other = (warrant_for(door, world.now - 600, world.now + more) for more in (600, 700))
    false = [
        sign_statement(other, world.operator.identity),
        sign_statement(warrant, world.authority.identity),
    ]

    async def answer(_session: ClientSession, _path: str, _body: bytes) -> bytes:
        return false[0]

    async def story() -> None:
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
            while false:
                with monkeypatch.context() as patch:
                    patch.setattr(world.authority.peer, "ask", answer)
                    with pytest.raises((ConflictingStatements, InvalidSignature)):
                        await investigation.countersigned(warrant.warrant_id)
                assert world.authority.warrants.get(warrant.warrant_id).countersigned is None
                false.pop(0)
            joint = await investigation.countersigned(warrant.warrant_id)
            assert world.authority.warrants.get(warrant.warrant_id).countersigned == joint

    run(story())


def test_a_proposal_that_was_lost_is_repeated_when_the_answer_is_asked_for(world: World, door: Door) -> None:
    warrant = warrant_for(door, world.now - 600, world.now)

    async def story() -> None:
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)  # and the operator hears nothing of it
            for _ in range(2):
                with pytest.raises(Problem) as pending:
                    await investigation.countersigned(warrant.warrant_id)
                assert pending.value.name == "warrant-pending"
                assert world.operator.warrants.get(warrant.warrant_id).record == warrant
            world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
            joint = await investigation.countersigned(warrant.warrant_id)
            assert verify_warrant(world.settings.domain, joint, world.now).record == warrant

    run(story())
