"""Keys that are not those of everybody, at a door. Spec: §3.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.doors.bench import DoorChecks, DoorDomain, Tested, open_door
from conformance.parties import NOW, TODAY, OpenEpoch, open_epoch
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EpochStatement, Role, create_epoch
from protocol.http_messages import Decision
from protocol.primitives.proofs import KnowledgeProof
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload

checks = DoorChecks()
AUTHORITY = Role.AUTHORITY


def _forged(_domain: DoorDomain, epoch: OpenEpoch) -> bytes:
    statement = EpochStatement.from_bytes(statement_payload(epoch.statements[AUTHORITY]))
    return sign_statement(statement, SigningKey.generate())


def _of_another_day(domain: DoorDomain, _epoch: OpenEpoch) -> bytes:
    return create_epoch(domain.parties.domain, AUTHORITY, TODAY + 1, domain.parties.keys[AUTHORITY])[1]


def _of_another_domain(domain: DoorDomain, _epoch: OpenEpoch) -> bytes:
    other = replace(domain.parties.domain, number=domain.parties.domain.number + 1)
    return create_epoch(other, AUTHORITY, TODAY, domain.parties.keys[AUTHORITY])[1]


def _without_its_share(domain: DoorDomain, epoch: OpenEpoch) -> bytes:
    honest = EpochStatement.from_bytes(statement_payload(epoch.statements[AUTHORITY]))
    rogue = replace(honest, possession=KnowledgeProof.from_bytes(bytes(64)))
    return sign_statement(rogue, domain.parties.keys[AUTHORITY])


LIES: dict[str, tuple[str, Callable[[DoorDomain, OpenEpoch], bytes]]] = {
    "forged-keys": ("Keys that the authority has not signed admit nobody (A12).", _forged),
    "keys-of-another-day": ("Keys of another epoch admit nobody today.", _of_another_day),
    "keys-of-another-domain": ("Keys of another domain admit nobody in this one.", _of_another_domain),
    "rogue-key": ("A share that is not proven to be known admits nobody (A13).", _without_its_share),
}

for _name, (_requirement, _make) in LIES.items():

    @checks.add(f"3.5/{_name}", _requirement)
    async def _lie(tested: Tested, make: Callable[[DoorDomain, OpenEpoch], bytes] = _make) -> None:
        await tested.begin(tested.domain)
        epoch = tested.domain.epoch()
        await tested.learn(epoch, authority=make(tested.domain, epoch))
        shown = tested.entry(tested.domain.new_pass())
        await tested.expect(Decision.UNKNOWN_EPOCH, shown)
        await tested.learn(epoch)
        await tested.expect(Decision.ADMITTED, shown)


@checks.add("3.5/keys-for-one-door")
async def _two_keys(tested: Tested) -> None:
    """Once a party has signed two statements of an epoch, its keys admit nobody, also after a restart (A21)."""
    await open_door(tested)
    second = open_epoch(tested.domain.parties, TODAY)
    await tested.learn(tested.domain.epoch(), authority=second.statements[AUTHORITY])
    await tested.expect(Decision.UNKNOWN_EPOCH, tested.entry(tested.domain.new_pass()))
    await tested.learn(tested.domain.epoch())
    await tested.ask("restart")
    owned = tested.domain.new_pass(second)
    await tested.expect(Decision.UNKNOWN_EPOCH, sign_check_in(second.key, owned, NOW, Direction.ENTRY))
    await tested.expect(Decision.UNKNOWN_EPOCH, tested.entry(tested.domain.new_pass()))
