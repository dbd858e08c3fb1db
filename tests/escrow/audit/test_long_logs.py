"""An audit reads a long log in parts, and a log that claims to be longer than it is stops no audit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from escrow.audit.findings import Fault
from escrow.audit.log_follower import MAX_ENTRIES
from protocol.epochs import Role
from protocol.transparency.log_entries import EpochErased, NoticePublished, WarrantDecided, WarrantDecision
from protocol.transparency.logs import sign_log, witness_log
from tests.escrow.audit.test_audit import alive, audit, command, found, in_front
from tests.support.servers import World

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
Found = set[tuple[Role, Fault]]


def checkpoint(world: World, size: int, root: bytes = bytes(32)) -> bytes:
    """A checkpoint that both parties have signed."""
    note = sign_log(world.settings.domain, OPERATOR, size, root, world.operator.identity)
    return note + witness_log(world.settings.domain, OPERATOR, note, world.now, world.authority.identity)


def forget(state: Path) -> None:
    """Forget what the parties have signed, but not how far their logs were read."""
    for path in [*state.glob("*.conflict"), *state.glob("*.later")]:
        path.unlink()


@pytest.mark.long
@pytest.mark.parametrize("size", [2**31, MAX_ENTRIES, MAX_ENTRIES + 1, 2**40, 2**53 - 1])
@pytest.mark.parametrize("first", [True, False])
def test_a_log_that_claims_more_than_it_has_is_found(world: World, size: int, first: bool) -> None:
    """An honest witness cosigns it: a proof of consistency can be made for entries that nobody has."""
    if not first:
        assert found(world) == set()
    note = checkpoint(world, size)
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: note}) as urls:
        (finding,) = audit(world, urls=urls).findings
    assert (finding.role, finding.fault) == (OPERATOR, Fault.FALSE_TILES)
    assert ("a log has at most" in finding.detail) == (size > MAX_ENTRIES)
    assert found(world) == set()


def test_a_long_log_is_read_in_parts(world: World) -> None:
    """Nothing is said of a log that was not read to its end, except that; the next audit goes on, and finds a fork."""
    for _ in range(777):
        decided = WarrantDecided(WarrantDecision.REFUSED, os.urandom(32))
        world.operator.log.append(decided, world.now)
    world.operator.log.append(EpochErased(world.today - 50), world.now - 3600)  # at the end, and backdated
    alive(world)
    state = world.directory / "audit"
    newest = world.operator.log.published()
    assert newest is not None
    size = newest[1].checkpoint.size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escrow.audit.log_follower.MAX_READ", 300)
        report = audit(world)
        assert [(one.role, one.fault) for one in report.findings] == [(OPERATOR, Fault.UNREAD)]
        assert report.findings[0].detail == f"512 of its {size} entries were read: the next audit goes on"
        assert report.logs.keys() == {AUTHORITY}
        other = checkpoint(world, size)
        with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: other}) as urls:
            forked = audit(world, urls=urls).findings
        assert {(one.role, one.fault) for one in forked} == {(OPERATOR, Fault.FORKED)}
        assert other in [one.statement for one in forked]
        forget(state)
        fewer = checkpoint(world, size - 1)
        with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: fewer}) as urls:
            assert found(world, urls=urls) == {(OPERATOR, Fault.WITHHELD)}
        forget(state)
        read = (state / "operator.entries").read_bytes()
        (state / "operator.entries").write_bytes(read[:-1] + bytes([read[-1] ^ 1]))
        assert "is damaged" in command(world).output
        (state / "operator.entries").write_bytes(read)
        assert found(world) == {(OPERATOR, Fault.FALSE_ENTRY)}
        whole = audit(world)
    assert whole.findings == []
    assert len(whole.logs[OPERATOR].records) == size


def test_a_number_of_a_list_far_ahead_stops_no_audit(world: World) -> None:
    world.authority.log.append(NoticePublished(2**32 - 1, bytes(32)), world.now)
    alive(world)
    details = {one.detail for one in audit(world).findings}
    assert f"number 1 of its notices, and all up to {2**32 - 2}, is not on record" in details
