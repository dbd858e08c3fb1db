"""C8: what a party believes of its witness: signatures of the right time, and no bare numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from escrow.errors import PeerFailed
from escrow.log.witness import OtherSize
from protocol.epochs import Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.transparency.logs import sign_log
from protocol.transparency.signed_notes import MAX_NUMBER
from service.http_client import new_session
from service.problems import Problem
from tests.support.running import run
from tests.support.servers import World, run_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path) as world:
        yield world


def cosign(world: World) -> None:
    async def step() -> None:
        async with new_session() as session:
            await world.operator.peer.have_log_cosigned(session)

    run(step())


def cosigned_at(world: World) -> int:
    published = world.operator.log.published()
    assert published is not None
    return published[1].time


@pytest.mark.parametrize("ahead", [MAX_NUMBER, REQUEST_TOLERANCE + 1, -REQUEST_TOLERANCE - 1])
def test_a_cosignature_of_another_time_is_refused(world: World, monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    """Nothing could supersede a checkpoint of the far future but a longer one."""
    cosign(world)
    before, honest = cosigned_at(world), world.authority.witness.add_checkpoint
    with monkeypatch.context() as patch:
        patch.setattr(
            world.authority.witness,
            "add_checkpoint",
            lambda body, time: honest(body, min(time + ahead, MAX_NUMBER)),
        )
        world.now += 600
        with pytest.raises(PeerFailed):
            cosign(world)
    assert cosigned_at(world) == before
    cosign(world)
    assert cosigned_at(world) == world.now


@pytest.mark.parametrize("ahead", [REQUEST_TOLERANCE, -REQUEST_TOLERANCE])
def test_clocks_may_be_apart_by_the_tolerance(world: World, monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    honest = world.authority.witness.add_checkpoint
    monkeypatch.setattr(world.authority.witness, "add_checkpoint", lambda body, time: honest(body, time + ahead))
    world.now += 600
    cosign(world)
    assert cosigned_at(world) == world.now + ahead


@pytest.mark.parametrize("signer", [None, Role.AUTHORITY])
def test_a_witness_that_claims_a_longer_log_has_to_show_it(
    world: World, monkeypatch: pytest.MonkeyPatch, signer: Role | None
) -> None:
    """Its word alone, or a checkpoint that the log never signed, is its own fault."""

    def other_size(_body: bytes, _time: int) -> bytes:
        raise OtherSize(10**15)

    epoch = world.today + 9
    with monkeypatch.context() as patch:
        patch.setattr(world.authority.witness, "add_checkpoint", other_size)
        if signer is not None:
            forged = sign_log(world.settings.domain, Role.OPERATOR, 10**15, bytes(32), world.authority.identity)
            patch.setattr(world.authority.witness, "checkpoint", lambda: forged)
        world.operator.epochs.publish(epoch)
        with pytest.raises(Problem) as refused:
            run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}/inclusion"))
        assert (refused.value.status, refused.value.name) == (502, "peer-failed")
    assert run(world.get(Role.OPERATOR, f"/v1/epochs/{epoch}/inclusion"))


def test_a_witness_that_claims_a_longer_log_and_shows_this_one_does_not_stop_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has cosigned is as long as the log here, which is no old copy."""
    cosign(world)
    world.now += 600

    def other_size(_body: bytes, _time: int) -> bytes:
        raise OtherSize(10**15)

    with monkeypatch.context() as patch:
        patch.setattr(world.authority.witness, "add_checkpoint", other_size)
        with pytest.raises(PeerFailed):
            cosign(world)
    cosign(world)
    assert cosigned_at(world) == world.now
