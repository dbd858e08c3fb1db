"""What a party says that it lacks to do its work."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web

from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.transparency.logs import COSIGNING_SECONDS
from service import readiness
from service.problems import Problem
from tests.support.running import run, serving
from tests.support.servers import World

UNSEEN = f"the other party has not cosigned the log for {COSIGNING_SECONDS} s"


def lacks(world: World, role: Role) -> list[str]:
    try:
        answer = run(world.get(role, "/readyz"))
    except Problem as problem:
        return problem.detail.split("; ") if (problem.status, problem.name) == (503, "not-ready") else [problem.name]
    return [] if answer == b'{"status": "ready"}' else ["words"]


def key_of(day: str, epoch: int) -> str:
    return f"the keys of both parties for {day}, epoch {epoch}, are not here"


@pytest.mark.parametrize("role", Role)
def test_a_party_names_everything_that_it_lacks(world: World, role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_SECONDS", 0)
    party = world.operator if role is Role.OPERATOR else world.authority
    published = party.log.published()
    assert published is not None
    world.now = published[1].time + COSIGNING_SECONDS
    assert lacks(world, role) == []
    world.now += 1
    assert lacks(world, role) == [UNSEEN]
    world.now += (party.settings.publish_ahead_days - 1) * EPOCH_SECONDS
    assert lacks(world, role) == [UNSEEN]
    world.now += EPOCH_SECONDS
    assert lacks(world, role) == [key_of("tomorrow", world.today + 1), UNSEEN]
    world.now += EPOCH_SECONDS
    assert lacks(world, role) == [key_of("today", world.today), key_of("tomorrow", world.today + 1), UNSEEN]
    (party.home / "log" / "checkpoint").write_text("damaged")
    for other in Role:
        (party.home / "epochs" / f"{world.today}.{other.name.lower()}").write_text("damaged")
    assert lacks(world, role) == [
        key_of("today", world.today),
        key_of("tomorrow", world.today + 1),
        "the log's checkpoint cannot be read",
    ]
    (party.home / "log" / "checkpoint").unlink()
    monkeypatch.setattr("service.readiness.can_be_read", lambda _engine: False)
    assert [lacks(world, role)[place] for place in (0, -1)] == ["the database does not answer", UNSEEN]


@pytest.mark.parametrize("first", Role)
def test_the_two_servers_start_in_any_order(tmp_path: Path, first: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first one asks for in vain it asks for again long before its next housekeeping."""
    monkeypatch.setattr("escrow.housekeeping.FIRST_SECONDS", 0.1)
    monkeypatch.setattr("escrow.authority.server.FIRST_SECONDS", 0.1)
    monkeypatch.setattr(readiness, "LOOK_SECONDS", 0)
    world = World(tmp_path)

    async def operator() -> list[tuple[web.Application, int]]:
        return [(await create_operator_app(world.operator), world.operator.settings.port)]

    async def authority() -> list[tuple[web.Application, int]]:
        return [(await create_authority_app(world.authority), world.authority.settings.port)]

    second = Role.AUTHORITY if first is Role.OPERATOR else Role.OPERATOR
    apps = {Role.OPERATOR: operator, Role.AUTHORITY: authority}
    with ExitStack() as servers:
        servers.enter_context(serving(apps[first]))
        time.sleep(0.3)
        assert lacks(world, first) == [key_of("today", world.today), key_of("tomorrow", world.today + 1), UNSEEN]
        servers.enter_context(serving(apps[second]))
        for _ in range(300):
            if not (lacks(world, first) or lacks(world, second)) and world.authority.notices.newest():
                break
            time.sleep(0.1)
        assert [lacks(world, role) for role in Role] == [[], []]
        assert world.authority.notices.newest() is not None
    for party in (world.operator, world.authority):
        party.engine.dispose()
