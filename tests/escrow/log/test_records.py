"""C8: what real parties put on record, and that nothing counts before it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.errors import PeerFailed
from escrow.housekeeping import keep_house
from escrow.log.log import TransparencyLog
from escrow.operator.errors import AlreadyDecided
from escrow.party import Party
from lab.processes import free_ports
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.primitives.errors import NotLogged
from protocol.transparency.log_entries import (
    EntryBody,
    EpochErased,
    EpochPublished,
    LogEntry,
    SharesReleased,
    WarrantDecided,
    WarrantDecision,
    commit_to_warrant,
    log_entry,
)
from protocol.transparency.logs import COSIGNING_SECONDS, Inclusion, verify_logged_epoch
from protocol.transparency.tiles import Tile, join_entries, split_entries, tiles_of
from service.errors import ConfigurationError
from service.http import cbor_response, create_app
from service.http_client import call, new_session
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.running import run, serving
from tests.support.servers import Door, World, carry_out, open_door, run_world, warrant_for


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
    party.peer.url = url


async def cosign(party: Party) -> None:
    async with new_session() as session:
        await party.peer.have_log_cosigned(session)


async def visited(world: World, door: Door) -> bytes:
    """Two people were at the door; the id of a warrant that is ready to be opened."""
    for _, passes in await world.visitors_with_passes(2):
        await door.admit(passes[0])
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
    return warrant.warrant_id


async def open_warrant(world: World, warrant_id: bytes) -> OpeningResult:
    async with new_session() as session:
        return await Investigation(world.authority, session).open(warrant_id)


def test_a25_a_log_to_which_nothing_is_added_is_cosigned_anew(tmp_path: Path) -> None:
    """By the servers themselves, well within the hour, so that everybody sees that it is alive."""
    with run_world(tmp_path, cosigning_seconds=0.05) as world:
        parties = (world.operator, world.authority)

        async def until_cosigned() -> None:
            async with asyncio.timeout(30):
                while any(one.log.published() is None or cosigned(one) != world.now for one in parties):
                    await asyncio.sleep(0.02)

        def cosigned(party: Party) -> int:
            published = party.log.published()
            assert published is not None
            return published[1].time

        run(until_cosigned())
        entries = [on_record(party) for party in parties]
        for _ in range(2):
            world.now += COSIGNING_SECONDS // 2
            run(until_cosigned())
        assert [on_record(party) for party in parties] == entries


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
            party.epochs.publish(epoch)
    with pytest.raises(Problem, match="not published"):
        run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}"))
    party.epochs.publish(epoch)
    statement = run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}"))
    assert statement == party.epochs.vault.statement(epoch)


def test_a_statement_is_not_shown_before_its_secret_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    party, epoch = world.operator, world.today + 20
    with monkeypatch.context() as patch:
        patch.setattr(party.epochs.vault, "put", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        with pytest.raises(OSError, match="full"):
            party.epochs.publish(epoch)
    with pytest.raises(Problem, match="not published"):
        run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}"))
    before = on_record(party)
    party.epochs.publish(epoch)
    assert len(on_record(party)) == len(before) + 1
    assert run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}")) == party.epochs.vault.statement(epoch)
    assert party.epochs.secret(epoch).epoch == epoch


def test_erasures_are_on_record_once(world: World) -> None:
    party = world.operator
    party.epochs.erase(world.today)
    party.epochs.erase(world.today)
    world.now += 30 * EPOCH_SECONDS
    party.passed.confirm()
    keep_house(party)
    erased = [contents.epoch for contents in on_record(party) if isinstance(contents, EpochErased)]
    today = world.today - 30
    assert erased[0] == today
    assert sorted(erased) == sorted(set(erased)) == list(range(today, today + 2))


def test_what_the_log_promises_to_erase_is_due_whatever_the_settings_say(world: World) -> None:
    party = world.operator
    party.epochs.settings = replace(party.settings, retention_days=365)
    world.now += 30 * EPOCH_SECONDS
    assert party.epochs.due(world.now) == [world.today - 30, world.today - 29]


@pytest.mark.parametrize("refused", [False, True])
def test_a_decision_is_on_record_and_can_be_shown(world: World, door: Door, refused: bool) -> None:
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    if refused:

        async def propose() -> None:
            async with new_session() as session:
                investigation = Investigation(world.authority, session)
                investigation.draw_warrant(warrant)
                await investigation.propose_warrant(warrant.warrant_id)

        run(propose())
        world.operator.warrants.refuse(warrant.warrant_id, "no")
    else:
        run(carry_out(world, warrant))
    decision = world.operator.warrants.decision(warrant.warrant_id)
    assert decision is not None
    said = WarrantDecision.REFUSED if refused else WarrantDecision.COUNTERSIGNED
    commitment = commit_to_warrant(warrant.to_bytes(), decision.salt)
    assert on_record(world.operator)[decision.index] == WarrantDecided(said, commitment)
    shown = world.officer(Role.OPERATOR, "warrants", "show", warrant.warrant_id.hex()).output
    assert f"entry {decision.index} of the log; {decision.salt.hex()}" in shown


@pytest.mark.parametrize("is_logged", [False, True])
@pytest.mark.parametrize("first_refused", [False, True])
@pytest.mark.parametrize("then_refused", [False, True])
def test_a_decision_that_was_interrupted_is_on_record_once(
    world: World, door: Door, is_logged: bool, first_refused: bool, then_refused: bool
) -> None:
    """The officer's command ends right before or right after the entry, and the officer decides again."""
    warrant, party = warrant_for(door, world.now - 600, world.now + 600), world.operator
    append = party.log.append

    def interrupted(*arguments: Any) -> int:
        if is_logged:
            append(*arguments)
        raise KeyboardInterrupt

    async def countersignature() -> bytes:
        return await world.as_party(Role.AUTHORITY, f"/v1/warrants/{warrant.warrant_id.hex()}/countersignature", b"")

    def decide(refused: bool) -> None:
        if refused:
            party.warrants.refuse(warrant.warrant_id, "no")
        else:
            party.warrants.countersign(warrant.warrant_id, party.identity)

    async def propose() -> None:
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)

    run(propose())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(party.log, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            decide(first_refused)
    if not is_logged:
        assert party.warrants.decision(warrant.warrant_id) is None
        with pytest.raises(Problem, match="not decided"):
            run(countersignature())
    if is_logged or first_refused is not then_refused:
        with pytest.raises(AlreadyDecided, match="refused already" if first_refused else "countersigned already"):
            decide(then_refused)
    else:
        decide(then_refused)
    said = WarrantDecision.REFUSED if first_refused else WarrantDecision.COUNTERSIGNED
    decided = [entry for entry in on_record(party) if isinstance(entry, WarrantDecided)]
    assert [entry.decision for entry in decided] == [said]
    decision = party.warrants.decision(warrant.warrant_id)
    assert decision is not None
    assert decided[0].commitment == commit_to_warrant(warrant.to_bytes(), decision.salt)
    if first_refused:
        with pytest.raises(Problem, match="refused the warrant: no"):
            run(countersignature())
    else:
        assert run(countersignature())


def test_both_parties_put_an_opening_on_record_once(world: World, door: Door) -> None:
    async def story() -> None:
        warrant = await visited(world, door)
        for _ in range(2):
            assert len(contacts(await open_warrant(world, warrant))) == 2
        assert [[entry.count for entry in released(party)] for party in (world.operator, world.authority)] == [[2], [2]]
        assert released(world.operator) != released(world.authority)

    run(story())


@pytest.mark.parametrize("role", Role)
def test_no_share_leaves_before_the_other_party_has_cosigned(world: World, door: Door, role: Role) -> None:
    """The other party answers everything and cosigns nothing: the entry is durable, and there are no shares."""
    party = world.operator if role is Role.OPERATOR else world.authority
    url = world.urls[party.peer.role]

    async def story() -> None:
        warrant = await visited(world, door)
        with no_witness(url) as instead:
            redirect(party, instead)
            with pytest.raises((Problem, PeerFailed)) as refused:  # the operator's answer, or the authority's own
                await open_warrant(world, warrant)
        assert isinstance(refused.value, Problem | PeerFailed)
        assert refused.value.name == "peer-failed"
        assert [entry.count for entry in released(party)] == [2]
        assert not world.authority.warrants.is_readable(warrant)
        redirect(party, url)
        assert len(contacts(await open_warrant(world, warrant))) == 2
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


def restart(party: Party) -> None:
    """The party's process finds its files as they are now."""
    again = TransparencyLog(party.home / "log", party.domain, party.role, party.identity)
    vars(party.log).update(vars(again))  # for all that holds the log


def tiles(party: Party) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (party.home / "log" / "tile").rglob("*") if path.is_file()}


@pytest.mark.parametrize("role", Role)
def test_shares_are_on_record_after_an_older_pending_checkpoint_was_restored(
    world: World, door: Door, role: Role
) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    warrant = run(visited(world, door))
    old = (party.home / "log.pending").read_bytes()
    for ahead in range(20, 24):
        party.epochs.publish(world.today + ahead)
    run(cosign(party))
    before, said = tiles(party), on_record(party)
    (party.home / "log.pending").write_bytes(old)
    restart(party)
    assert len(contacts(run(open_warrant(world, warrant)))) == 2
    published = party.log.published()
    assert published is not None
    assert published[1].checkpoint.size == len(said) + 1
    assert on_record(party)[:-1] == said
    assert [entry.count for entry in released(party)] == [2]
    assert before.items() <= tiles(party).items()


@pytest.mark.parametrize("role", Role)
def test_no_shares_leave_when_the_newest_checkpoints_are_lost(world: World, door: Door, role: Role) -> None:
    """What was published since is not written over, although nothing here says that it was."""
    party = world.operator if role is Role.OPERATOR else world.authority
    warrant = run(visited(world, door))
    run(cosign(party))
    checkpoints = party.home / "log.pending", party.home / "log" / "checkpoint"
    old = [path.read_bytes() for path in checkpoints]
    party.epochs.publish(world.today + 20)
    run(cosign(party))
    for path, contents in zip(checkpoints, old, strict=True):
        path.write_bytes(contents)
    before = tiles(party)
    restart(party)
    with pytest.raises((Problem, PeerFailed, ConfigurationError)):
        run(open_warrant(world, warrant))
    assert not world.authority.warrants.is_readable(warrant)
    assert tiles(party) == before


@pytest.mark.parametrize(("level", "error"), [("entries", ConfigurationError), ("0", NotLogged)])
def test_an_entry_is_proven_before_it_counts(world: World, level: str, error: type[Exception]) -> None:
    """The files are not those that the running process has written."""
    party = world.operator
    contents = EpochErased(world.today - 50)
    index = party.log.append(contents, world.now)
    run(cosign(party))
    path = party.home / "log" / "tile" / level / "000.p" / str(index + 1)
    data = path.read_bytes()
    other = log_entry(world.now, EpochErased(world.today - 51)).to_bytes()
    if level == "entries":
        path.write_bytes(join_entries([*split_entries(Tile("entries", 0, index + 1), data)[:-1], other]))
    else:
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])

    async def witnessed() -> Inclusion:
        async with new_session() as session:
            return await party.peer.witnessed(session, contents)

    with pytest.raises(error):
        run(witnessed())
    path.write_bytes(data)
    assert run(witnessed()).index == index


def test_an_old_copy_of_a_log_does_not_go_on(world: World) -> None:
    party = world.operator
    run(cosign(party))
    pending = party.home / "log.pending"
    old = {path: path.read_bytes() for path in (pending, party.home / "log" / "checkpoint")}
    party.epochs.publish(world.today + 20)
    run(cosign(party))
    for path, contents in old.items():
        path.write_bytes(contents)
    with pytest.raises(ConfigurationError, match="restore its newest copy"):
        run(cosign(type(party)(party.home, clock=lambda: world.now)))
