"""C8: what real parties put on record, and that nothing counts before it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from escrow.authority.investigation import Findings, Investigation
from escrow.party import Party
from escrow.server import keep_house
from lab.processes import free_ports
from protocol.entries import (
    EntryBody,
    EpochErased,
    EpochPublished,
    LogEntry,
    SharesReleased,
    WarrantDecided,
    WarrantDecision,
    commit_to_warrant,
)
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.logs import Inclusion, verify_logged_epoch
from protocol.tiles import tiles_of
from service.http import Problem, call, cbor_response, create_app, new_session
from service.settings import ConfigurationError
from tests.escrow.world import Door, World, carry_out, open_door, run, run_world, serving, warrant_for


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path) as world:
        yield world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def on_record(party: Party) -> list[EntryBody]:
    """What a party's log says."""
    newest = party.log.pending()
    assert newest is not None
    entries = [entry for tile in tiles_of("entries", 0, newest[1].size) for entry in party.log.files.entries(tile)]
    return [LogEntry.from_bytes(entry).contents for entry in entries]


def released(party: Party) -> list[SharesReleased]:
    return [contents for contents in on_record(party) if isinstance(contents, SharesReleased)]


def redirect(party: Party, url: str) -> None:
    """From now on a party finds the other one elsewhere."""
    name = party.peer_role.name.lower()
    peer = getattr(party.domain_settings, name).model_copy(update={"url": url})
    party.domain_settings = party.domain_settings.model_copy(update={name: peer})


async def cosign(party: Party) -> None:
    async with new_session() as session:
        await party.have_log_cosigned(session)


async def visited(world: World, door: Door) -> bytes:
    """Two people were at the door; the id of a warrant that is ready to be opened."""
    for _, passes in await world.visitors_with_passes(2):
        await door.admit(passes[0])
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant))
    return warrant.warrant


async def open_warrant(world: World, warrant: bytes) -> Findings:
    async with new_session() as session:
        return await Investigation(world.authority, session).open(warrant)


@pytest.mark.parametrize("role", Role)
def test_every_published_epoch_is_on_record_with_its_end(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    ends = party.settings.retention_days * EPOCH_SECONDS
    for epoch in range(world.today, world.today + party.settings.publish_ahead_days + 1):
        statement = run(world.get(role, f"/v1/epochs/{epoch}"))
        assert EpochPublished(statement, party.domain.epoch_begins(epoch + 1) + ends) in on_record(party)
        inclusion = Inclusion.from_bytes(run(world.get(role, f"/v1/epochs/{epoch}/inclusion")))
        verify_logged_epoch(party.domain, role, statement, inclusion)


def test_a_statement_is_not_shown_before_it_is_on_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    party, epoch = world.operator, world.today + 20
    with monkeypatch.context() as patch:
        patch.setattr(party.log, "append", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        with pytest.raises(OSError, match="full"):
            party.publish(epoch)
    with pytest.raises(Problem, match="not published"):
        run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}"))
    party.publish(epoch)
    statement = run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}"))
    assert statement == party.vault.statement(epoch)


def test_erasures_are_on_record_once(world: World) -> None:
    party = world.operator
    party.erase(world.today)
    party.erase(world.today)
    world.now += 30 * EPOCH_SECONDS
    party.passed.confirm()
    keep_house(party)
    erased = [contents.epoch for contents in on_record(party) if isinstance(contents, EpochErased)]
    today = world.today - 30
    assert erased[0] == today
    assert sorted(erased) == sorted(set(erased)) == list(range(today, today + 2))


def test_what_the_log_promises_to_erase_is_due_whatever_the_settings_say(world: World) -> None:
    party = world.operator
    party.settings = party.settings.model_copy(update={"retention_days": 365})
    world.now += 30 * EPOCH_SECONDS
    assert party.due_epochs(world.now) == [world.today - 30, world.today - 29]


@pytest.mark.parametrize("refused", [False, True])
def test_a_decision_is_on_record_and_can_be_shown(world: World, door: Door, refused: bool) -> None:
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    if refused:

        async def propose() -> None:
            async with new_session() as session:
                await Investigation(world.authority, session).draw_warrant(warrant)

        run(propose())
        world.operator.warrants.refuse(warrant.warrant, "no")
    else:
        run(carry_out(world, warrant))
    decision = world.operator.warrants.decision(warrant.warrant)
    assert decision is not None
    said = WarrantDecision.REFUSED if refused else WarrantDecision.COUNTERSIGNED
    commitment = commit_to_warrant(warrant.to_bytes(), decision.salt)
    assert on_record(world.operator)[decision.index] == WarrantDecided(said, commitment)
    shown = world.officer(Role.OPERATOR, "warrants", "show", warrant.warrant.hex()).output
    assert f"entry {decision.index} of the log; {decision.salt.hex()}" in shown


def test_both_parties_put_an_opening_on_record_once(world: World, door: Door) -> None:
    async def story() -> None:
        warrant = await visited(world, door)
        for _ in range(2):
            assert len((await open_warrant(world, warrant)).contacts) == 2
        assert [[entry.count for entry in released(party)] for party in (world.operator, world.authority)] == [[2], [2]]
        assert released(world.operator) != released(world.authority)

    run(story())


@pytest.mark.parametrize("role", Role)
def test_no_share_leaves_before_the_other_party_has_cosigned(world: World, door: Door, role: Role) -> None:
    """The other party answers everything and cosigns nothing: the entry is durable, and there are no shares."""
    party = world.operator if role is Role.OPERATOR else world.authority
    url = world.urls[party.peer_role]

    async def story() -> None:
        warrant = await visited(world, door)
        with no_witness(url) as instead:
            redirect(party, instead)
            with pytest.raises(Problem) as refused:
                await open_warrant(world, warrant)
        assert refused.value.name == "peer-failed"
        assert [entry.count for entry in released(party)] == [2]
        assert world.authority.cases.get(warrant).transcript is None
        redirect(party, url)
        assert len((await open_warrant(world, warrant)).contacts) == 2
        assert [entry.count for entry in released(party)] == [2]

    run(story())


@contextmanager
def no_witness(url: str) -> Iterator[str]:
    """A party's server in front of its real one, but for its witness."""
    (port,) = free_ports(1)

    async def answer(request: web.Request) -> web.Response:
        if request.path.startswith("/v1/witness/"):
            raise Problem(503, "try-later", "not now")
        async with new_session() as session:
            return cbor_response(await call(session, request.method, url + request.path, await request.read()))

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.route("*", "/v1/{path:.*}", answer)]), port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"


def test_a_log_is_cosigned_anew_although_nothing_happened(world: World) -> None:
    run(cosign(world.operator))
    before = world.operator.log.published()
    world.now += 3600
    run(cosign(world.operator))
    after = world.operator.log.published()
    assert before is not None
    assert after is not None
    assert after[1].checkpoint == before[1].checkpoint
    assert after[1].time == before[1].time + 3600


def test_an_old_copy_of_a_log_does_not_go_on(world: World) -> None:
    party = world.operator
    run(cosign(party))
    pending = party.home / "log.pending"
    old = {path: path.read_bytes() for path in (pending, party.home / "log" / "checkpoint")}
    party.publish(world.today + 20)
    run(cosign(party))
    for path, contents in old.items():
        path.write_bytes(contents)
    with pytest.raises(ConfigurationError, match="restore its newest copy"):
        run(cosign(type(party)(party.home, clock=lambda: world.now)))
