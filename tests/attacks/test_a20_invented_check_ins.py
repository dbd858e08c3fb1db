"""A20: the operator invents check-ins for a visitor that it knows."""

from __future__ import annotations

import pytest

from escrow.authority.reading import OpeningResult
from protocol import passes
from protocol.epochs import EpochKey
from protocol.passes import PassRequest, PendingPass
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import OwnershipProof, prove_ownership
from tests.attacks.malicious import issued_to_operator
from tests.support.contacts import contacts
from tests.support.investigations import trace
from tests.support.running import run
from tests.support.servers import Door, Enrolled, World, open_door


def invented(key: EpochKey, U: Point, seen: PassRequest) -> list[tuple[PendingPass, PassRequest]]:
    """Requests for passes with the victim's handle, whose `r0` the operator knows, with the proofs that it can get."""
    r0, h = Scalar.random(), Scalar.random()
    u0, v0 = r0 * B, U + r0 * key.X
    of_own_handle = prove_ownership(key.context, r0, h, key.X, u0, h * B + r0 * key.X)
    proofs = [
        seen.ownership,
        of_own_handle,
        OwnershipProof(of_own_handle.challenge, (of_own_handle.responses[0], seen.ownership.responses[1])),
        OwnershipProof(Scalar.random(), (Scalar.random(), Scalar.random())),
    ]
    requests = []
    for proof in proofs:
        requests.append((PendingPass(r0, u0, v0), PassRequest(u0, v0, proof)))
        r0 = r0 + h
        u0, v0 = r0 * B, U + r0 * key.X
    t = Scalar.random()
    shifted = PassRequest(seen.u0 + t * B, seen.v0 + t * key.X, seen.ownership)
    return [*requests, (PendingPass(t, shifted.u0, shifted.v0), shifted)]


async def frame(world: World, door: Door) -> tuple[Enrolled, int, OpeningResult]:
    """The whole attack: passes from the authority, check-ins at a door where the victim never was, and the opening.

    Returns the victim, how many passes the operator got, and what the officers found.
    """
    key, victim = await world.epoch_key(), await world.enrol(1)
    h, registration, _ = await world.register(victim, key)
    _, allowance = passes.request_allowance(key, h)
    got = await issued_to_operator(world, key, invented(key, registration.handle, allowance.requests[0]))
    for owned in got:
        await door.admit(owned)
    return victim, len(got), (await trace(world, door.record.venue_id))[1]


def test_a20_the_operator_gets_no_pass_for_a_visitors_handle(world: World) -> None:
    """The operator, which knows the handle `U` and has seen the visitor's requests, asks for passes that carry it.

    Happened: general. Answer: an ownership proof for each pass, checked by the authority (§3.7).
    """
    with open_door(world) as door:
        _, got, findings = run(frame(world, door))
    assert got == 0
    assert contacts(findings) == ()


def test_a20_works_without_the_ownership_proof(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on the same servers without that one check: the visitor is found where it never was."""
    monkeypatch.setattr(passes, "verify_ownership", lambda *_: True)
    with open_door(world) as door:
        victim, got, findings = run(frame(world, door))
    assert got == 4
    assert [contact.record.phone for contact in contacts(findings)] == [victim.phone]
    assert len(contacts(findings)[0].visits) == got
