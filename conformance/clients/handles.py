"""Grants that say something else than the visitor did. Spec: §3.6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from conformance.clients.bench import BASIC, LONGEST_WAIT, OTHER_PHONE, ClientChecks, Tested, expect
from conformance.clients.epochs import OPERATOR
from conformance.imitated import ImitatedParties
from conformance.parties import TODAY
from protocol.handles import HandleGrant, HandleRegistration, IdentityRecord, open_entry, seal_record, sign_receipt
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload
from service.problems import Problem

checks = ClientChecks(BASIC)
Lie = Callable[[ImitatedParties], dict[str, Any]]


def _changed(**changes: str) -> Lie:
    return lambda _: {"alter_record": lambda record: replace(record, **changes)}


def _another_entry(parties: ImitatedParties) -> dict[str, Any]:
    """The visitor is shown its own name while the directory holds another."""

    def alter(grant: HandleGrant) -> HandleGrant:
        [handle] = parties.handles.values()
        key = parties.epoch(TODAY).key
        record = replace(open_entry(key, handle, grant.entry), name="성춘향")
        _, entry = seal_record(key, record, parties.parties.keys[OPERATOR])
        return HandleGrant(grant.record, entry, parties.receipt(TODAY, entry))

    return {"alter_grant": alter}


def _sealed_for_nobody(parties: ImitatedParties) -> dict[str, Any]:
    def alter(grant: HandleGrant) -> HandleGrant:
        entry = replace(grant.entry, sealed=bytes(len(grant.entry.sealed)))
        return HandleGrant(grant.record, entry, parties.receipt(TODAY, entry))

    return {"alter_grant": alter}


def _receipt_of_another_entry(parties: ImitatedParties) -> dict[str, Any]:
    def alter(grant: HandleGrant) -> HandleGrant:
        return replace(grant, receipt=parties.receipt(TODAY, replace(grant.entry, nonce=bytes(24))))

    return {"alter_grant": alter}


def _receipt_by_the_operator(parties: ImitatedParties) -> dict[str, Any]:
    def alter(grant: HandleGrant) -> HandleGrant:
        key = parties.epoch(TODAY).key
        return replace(grant, receipt=sign_receipt(key, grant.entry, parties.parties.keys[OPERATOR]))

    return {"alter_grant": alter}


def _record_by_a_stranger(_parties: ImitatedParties) -> dict[str, Any]:
    def alter(grant: HandleGrant) -> HandleGrant:
        record = IdentityRecord.from_bytes(statement_payload(grant.record))
        return replace(grant, record=sign_statement(record, SigningKey.generate()))

    return {"alter_grant": alter}


LIES: dict[str, tuple[str, str, Lie]] = {
    "another-name": ("A grant for another name is refused (A6).", "InvalidEntry", _changed(name="성춘향")),
    "another-phone": ("A grant for another phone is refused.", "InvalidEntry", _changed(phone=OTHER_PHONE)),
    "another-entry": (
        "A sealed record that is not the one that is shown is refused.",
        "InvalidEntry",
        _another_entry,
    ),
    "sealed-for-nobody": ("An entry that the handle does not open is refused.", "InvalidEntry", _sealed_for_nobody),
    "receipt-of-another-entry": (
        "A receipt of another entry is refused.",
        "InvalidReceipt",
        _receipt_of_another_entry,
    ),
    "receipt-by-the-operator": (
        "A receipt that the authority has not signed is refused.",
        "InvalidSignature",
        _receipt_by_the_operator,
    ),
    "record-by-a-stranger": (
        "A record that the operator has not signed is refused.",
        "InvalidSignature",
        _record_by_a_stranger,
    ),
}

for _name, (_requirement, _error, _make) in LIES.items():

    @checks.add(f"3.6/{_name}", requirement=_requirement)
    async def _lie(tested: Tested, error: str = _error, make: Lie = _make) -> None:
        await tested.enrol()
        with tested.lying(**make(tested.parties)):
            await tested.refuses(error, "fetch", epoch=TODAY)
        asked = tested.lines.count("operator POST /v1/passes")
        expect(not asked, "asked for passes under a grant that does not hold")
        await tested.gets_passes_later()


@checks.add("3.6/fresh-handle")
async def _fresh(tested: Tested) -> None:
    """Each epoch has a handle of its own."""
    await tested.supply()
    await tested.fetch_ahead()
    handles = [bytes(handle) for handle in tested.parties.handles.values()]
    expect(len(set(handles)) == len(handles) == 2, "two epochs have one handle")


@checks.add("3.6/lost-grant")
async def _lost(tested: Tested) -> None:
    """A registration whose answer is lost is sent again as it was, also after a restart."""
    await tested.enrol()
    received: list[bytes] = []

    async def lose(request: web.Request) -> web.StreamResponse:
        received.append(await request.read())
        raise Problem(503, "try-later", "the answer is lost")

    line = "operator POST /v1/handles"
    with tested.lying(instead={line: lose}):
        await tested.refuses("Problem", "fetch", epoch=TODAY)
        await tested.ask("restart")
        tested.now += LONGEST_WAIT
        await tested.refuses("Problem", "fetch", epoch=TODAY)
    handles = {bytes(HandleRegistration.from_bytes(body).handle) for body in received}
    expect(len(received) == 2 and len(handles) == 1, f"registered {len(handles)} handles in {len(received)} requests")
