"""An audit names the party that stops, and the witness that hinders the other one, as far as it can tell (A25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from escrow.audit.findings import Fault
from lab.processes import free_ports
from protocol.epochs import Role
from protocol.transparency.logs import log_id, other_party, witness_log
from protocol.transparency.signed_notes import MAX_NUMBER
from service.problems import Problem
from tests.escrow.audit.test_audit import alive, audit, command, found, in_front, party_of
from tests.support.servers import World

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
HOUR = 3600


def witness_does(world: World, patch: pytest.MonkeyPatch, role: Role, does: Callable[..., bytes]) -> None:
    """What the witness of the log of `role` does instead of cosigning."""
    patch.setattr(party_of(world, other_party(role)).witness, "add_checkpoint", does)


def refuse(*_: Any) -> bytes:
    raise Problem(503, "try-later", "not now")


@pytest.mark.parametrize("role", Role)
def test_one_party_alone_that_stops_is_named(world: World, role: Role) -> None:
    """It goes on answering and cosigning, and does nothing for its own log."""
    assert found(world) == set()
    for _ in range(3):
        world.now += HOUR
        alive(world, other_party(role))
    (finding,) = audit(world).findings
    assert (finding.role, finding.fault) == (role, Fault.STALE)
    assert finding.detail == (
        f"it was cosigned last at 2023-11-15 12:00:00; its witness, the {other_party(role).name.lower()}, "
        "cosigns when this audit asks: it did not ask, or was refused"
    )
    alive(world)
    assert found(world) == set()


@pytest.mark.parametrize("role", Role)
def test_a_witness_that_refuses_is_named_beside_the_log(world: World, role: Role) -> None:
    """The log may have asked. Its next cosignature, or its own record of being refused, would tell."""
    world.now += 3 * HOUR
    witness = other_party(role)
    with pytest.MonkeyPatch.context() as patch:
        witness_does(world, patch, role, refuse)
        alive(world, witness)
        details = {(one.role, one.fault): one.detail for one in audit(world).findings}
    assert details.keys() == {(role, Fault.STALE), (witness, Fault.BAD_WITNESS)}
    assert "it did not ask, or its witness" in details[role, Fault.STALE]
    assert details[witness, Fault.BAD_WITNESS].endswith("answered 503 when this audit asked")


@pytest.mark.parametrize("role", Role)
def test_a_party_whose_server_is_gone_is_named_beside_the_log_that_it_witnesses(world: World, role: Role) -> None:
    gone = {role: f"http://127.0.0.1:{free_ports(1)[0]}"}
    assert found(world, urls=gone) == {(role, Fault.UNREACHABLE)}
    world.now += 3 * HOUR
    details = {(one.role, one.fault): one.detail for one in audit(world, urls=gone).findings}
    assert details.keys() == {(role, Fault.UNREACHABLE), (other_party(role), Fault.STALE)}
    assert "which does not answer" in details[other_party(role), Fault.STALE]


@pytest.mark.parametrize("time", [MAX_NUMBER, None])
def test_a_cosignature_of_the_future_is_laid_to_the_witness(world: World, time: int | None) -> None:
    """It would make a log look alive for as long as it likes, and no date can be made of some times."""
    later = world.now + 2 * HOUR if time is None else time
    newest = world.operator.log.pending()
    assert newest is not None
    note = newest[0] + witness_log(world.settings.domain, OPERATOR, newest[0], later, world.authority.identity)
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: note}) as urls:
        assert found(world, urls=urls) == {(AUTHORITY, Fault.BAD_WITNESS)}
        result = command(world, urls[OPERATOR])
    assert result.exit_code == 2, result.output
    assert "bad-witness" in result.output
    assert "stale" not in result.output


@pytest.mark.parametrize("shift", [-2 * HOUR, 2 * HOUR])
def test_a_log_whose_witness_has_another_time_is_not_stale(world: World, shift: int) -> None:
    """An honest log publishes no cosignature of such a witness, and cannot have another one."""
    cosign = world.authority.witness.add_checkpoint
    world.now += 3 * HOUR
    with pytest.MonkeyPatch.context() as patch:
        witness_does(world, patch, OPERATOR, lambda body, time: cosign(body, time + shift))
        alive(world, AUTHORITY)
        assert found(world) == {(AUTHORITY, Fault.BAD_WITNESS)}


def test_a_witness_that_answers_no_cosignature_is_found(world: World) -> None:
    world.now += 3 * HOUR
    with pytest.MonkeyPatch.context() as patch:
        witness_does(world, patch, OPERATOR, lambda *_: b"no line\n")
        alive(world, AUTHORITY)
        assert found(world) == {(AUTHORITY, Fault.BAD_WITNESS)}


def test_a_witness_that_hides_what_it_cosigned_is_found(world: World) -> None:
    """Everybody compares with it: without it a log could be shown as it was."""
    path = f"/v1/witness/{log_id(world.settings.domain, OPERATOR)}/checkpoint"
    for hidden in (Problem(404, "no-checkpoint", "none"), b"nothing that anybody has signed"):
        with in_front(world, AUTHORITY, {}, instead={path: hidden}) as urls:
            (finding,) = audit(world, urls=urls).findings
        assert (finding.role, finding.fault) == (AUTHORITY, Fault.BAD_WITNESS)
        assert "does not show what it cosigned last" in finding.detail
