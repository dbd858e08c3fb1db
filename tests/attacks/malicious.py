"""Parties that break the rules with the keys that they really have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol.epochs import EpochKey, Role
from protocol.handles import DirectoryEntry, IdentityRecord, seal_record
from protocol.passes import IssueBatch, OwnedPass, PassAnswers, PassRequest, PendingPass, accept_answers
from protocol.primitives.group import B, Scalar
from protocol.primitives.proofs import prove_ownership
from tests.support.deposits import deposit
from tests.support.servers import Door, World


def invent_request(key: EpochKey, h: Scalar) -> tuple[PendingPass, PassRequest]:
    """A request for a pass of a handle whose key is known."""
    r0 = Scalar.random()
    u0, v0 = r0 * B, h * B + r0 * key.X
    return PendingPass(r0, u0, v0), PassRequest(u0, v0, prove_ownership(key.context, r0, h, key.X, u0, v0))


async def issued_to_operator(
    world: World, key: EpochKey, requests: Sequence[tuple[PendingPass, PassRequest | bytes]]
) -> list[OwnedPass]:
    """The passes that the operator gets by sending its own requests to the authority."""
    batch = IssueBatch(key.epoch, tuple(bytes(request) for _, request in requests))
    answers = await world.as_party(Role.OPERATOR, "/v1/passes", batch.to_bytes())
    return accept_answers(key, [pending for pending, _ in requests], PassAnswers.from_bytes(answers))


async def admit_with_records(
    world: World, door: Door, *records: IdentityRecord, entry: DirectoryEntry | None = None
) -> None:
    """Accounts that the operator made up: each has a new handle, its record says what it is told, and it was here.

    With `entry`, the directory holds that in the place of the sealed records, under each handle's index.
    """
    key = await world.epoch_key()
    requests = []
    for record in records:
        h = Scalar.random()
        _, sealed = seal_record(key, replace(record, handle=h * B), world.operator.identity)
        await deposit(world, sealed if entry is None else replace(entry, epoch=sealed.epoch, index=sealed.index))
        requests.append(invent_request(key, h))
    for owned in await issued_to_operator(world, key, requests):
        await door.admit(owned)
