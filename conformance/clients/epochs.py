"""Keys that are not those of everybody: forged, of another day or domain, or shown to one visitor alone. Spec: §3.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from conformance.clients.bench import BASIC, LONGEST_WAIT, ClientChecks, Tested, expect
from conformance.imitated import ImitatedParties
from conformance.parties import TODAY
from protocol.epochs import EpochStatement, Role, create_epoch
from protocol.primitives.proofs import KnowledgeProof
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload
from service.problems import Problem

checks = ClientChecks(BASIC)
AUTHORITY, OPERATOR = Role.AUTHORITY, Role.OPERATOR


async def refuses_keys(tested: Tested, error: str) -> None:
    """Demand that fetching is refused with this error, before the client registers or asks."""
    with tested.only_asking():
        await tested.refuses(error, "fetch", epoch=TODAY)


def _forged(parties: ImitatedParties) -> bytes:
    return create_epoch(parties.domain, AUTHORITY, TODAY, SigningKey.generate())[1]


def _of_another_day(parties: ImitatedParties) -> bytes:
    return parties.epoch(TODAY + 1).statements[AUTHORITY]


def _of_another_domain(parties: ImitatedParties) -> bytes:
    domain = replace(parties.domain, number=parties.domain.number - 1)
    return create_epoch(domain, AUTHORITY, TODAY, parties.parties.keys[AUTHORITY])[1]


def _without_its_share(parties: ImitatedParties) -> bytes:
    honest = EpochStatement.from_bytes(statement_payload(parties.epoch(TODAY).statements[AUTHORITY]))
    rogue = replace(honest, possession=KnowledgeProof.from_bytes(bytes(64)))
    return sign_statement(rogue, parties.parties.keys[AUTHORITY])


LIES: dict[str, tuple[str, str, Callable[[ImitatedParties], bytes]]] = {
    "forged-keys": ("Keys that somebody else has signed are refused (A12).", "InvalidSignature", _forged),
    "keys-of-another-day": ("Keys of another epoch are refused.", "WrongEpoch", _of_another_day),
    "keys-of-another-domain": ("Keys of another domain are refused.", "WrongDomain", _of_another_domain),
    "no-statement": ("What is no statement at all is refused (A28).", "MalformedEncoding", lambda _: b"\xf6"),
    "rogue-key": ("A share that is not proven to be known is refused (A13).", "InvalidProof", _without_its_share),
}

for _name, (_requirement, _error, _make) in LIES.items():

    @checks.add(f"3.5/{_name}", requirement=_requirement)
    async def _lie(tested: Tested, error: str = _error, make: Callable[[ImitatedParties], bytes] = _make) -> None:
        await tested.enrol()
        with tested.lying(served={(AUTHORITY, TODAY): make(tested.parties)}):
            await refuses_keys(tested, error)
        await tested.gets_passes_later()


@checks.add("3.5/keys-for-one-visitor")
async def _two_keys(tested: Tested) -> None:
    """A second statement of one epoch is refused, also when the first one comes again (A21)."""
    await tested.enrol()
    with tested.lying(instead={"operator POST /v1/handles": _unavailable}):
        await tested.refuses("Problem", "fetch", epoch=TODAY)
    tested.now += LONGEST_WAIT
    _, second = create_epoch(tested.parties.domain, AUTHORITY, TODAY, tested.parties.parties.keys[AUTHORITY])
    with tested.lying(served={(AUTHORITY, TODAY): second}):
        await refuses_keys(tested, "ConflictingStatements")
    tested.now += LONGEST_WAIT
    with tested.only_asking():
        answer = await tested.driven.ask({"do": "fetch", "now": tested.now, "epoch": TODAY})
    expect("error" in answer, "fetch: accepted after two statements of one epoch")


async def _unavailable(_request: web.Request) -> web.StreamResponse:
    raise Problem(503, "try-later", "this server is being restarted")
