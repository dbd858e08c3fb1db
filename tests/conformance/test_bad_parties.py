"""What a tester with the parties' keys finds of servers that do one thing wrong each, and only that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from secrets import token_bytes

import pytest
from aiohttp import web

from conformance.other_party import AS_AUTHORITY, AS_OPERATOR
from conformance.tester import Server, asks
from protocol.handles import DirectoryBatch, DirectoryEntry, DirectoryReceipts, sign_receipt
from protocol.http_messages import NoticeRequest, SharesRequest
from protocol.notices import NoticeAnswer, list_passes, sign_notice
from protocol.party_requests import PartyRequest
from protocol.passes import IssueBatch, PassAnswers
from protocol.primitives.errors import InvalidSignature, Malformed
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.warrants import verify_warrant
from service.http import cbor_response
from tests.conformance.good_servers import GoodServers, dependent_on, expect_failures, failed, not_run
from tests.conformance.proxy import Asked, Spoil, problem, said, spoiled

OPERATOR, AUTHORITY, VENUE = Server
MakeSpoil = Callable[[GoodServers, Server], Spoil]
Receipts = tuple[bytes | None, ...]
Sign = Callable[[DirectoryEntry], bytes]


def request_in(good: GoodServers, server: Server, statement: bytes) -> PartyRequest | None:
    """What the right party asks of a server; None for anything else."""
    try:
        return verify_statement(PartyRequest, statement, good.world.settings.domain.identity_key(asks(server)))
    except (Malformed, InvalidSignature):
        return None


def believing(change: Callable[[GoodServers, Server, Asked, PartyRequest], PartyRequest]) -> MakeSpoil:
    """A server for which a party's request says what it should."""

    def make(good: GoodServers, server: Server) -> Spoil:
        async def spoil(asked: Asked) -> web.Response:
            request = request_in(good, server, asked.body)
            if request is not None:
                asked.body = sign_statement(change(good, server, asked, request), good.identities[asks(server)])
            return await asked.answer()

        return spoil

    return make


def _for_here(good: GoodServers, server: Server, asked: Asked, request: PartyRequest) -> PartyRequest:
    recipient = good.venue.venue_id.hex() if server is VENUE else str(server)
    return replace(request, path=asked.path, recipient=recipient)


def _of_now(good: GoodServers, _server: Server, _asked: Asked, request: PartyRequest) -> PartyRequest:
    return replace(request, time=good.world.now)


def _new(_good: GoodServers, _server: Server, _asked: Asked, request: PartyRequest) -> PartyRequest:
    return replace(request, id=token_bytes(16))


def depositing(change: Callable[[DirectoryBatch, Receipts, Sign], Receipts]) -> MakeSpoil:
    """An authority that changes its receipts for the entries of a batch that it takes."""

    def make(good: GoodServers, server: Server) -> Spoil:
        async def spoil(asked: Asked) -> web.Response:
            answer, request = await asked.answer(), request_in(good, server, asked.body)
            if asked.path != "/v1/directory" or answer.status != 200 or request is None:
                return answer
            batch = DirectoryBatch.from_bytes(request.body)
            key = await good.world.epoch_key(batch.epoch)
            sign = partial(sign_receipt, key, authority=good.identities[server.role])
            receipts = DirectoryReceipts.from_bytes(said(answer)).receipts
            return cbor_response(DirectoryReceipts(change(batch, receipts, sign)))

        return spoil

    return make


def refusing_entries_that_it_has() -> MakeSpoil:
    seen: set[bytes] = set()

    def change(batch: DirectoryBatch, receipts: Receipts, _sign: Sign) -> Receipts:
        pairs = zip(batch.entries, receipts, strict=True)
        changed = tuple(None if entry.index in seen else receipt for entry, receipt in pairs)
        seen.update(entry.index for entry in batch.entries)
        return changed

    return depositing(change)


def promising_any_entry(batch: DirectoryBatch, _receipts: Receipts, sign: Sign) -> Receipts:
    return tuple(map(sign, batch.entries))


def refusing_all_for_one(_batch: DirectoryBatch, receipts: Receipts, _sign: Sign) -> Receipts:
    return tuple(None if None in receipts else receipt for receipt in receipts)


def promising_another_entry(batch: DirectoryBatch, _receipts: Receipts, sign: Sign) -> Receipts:
    return tuple(sign(replace(entry, index=bytes(32))) for entry in batch.entries)


def answering_deposits_backwards(_batch: DirectoryBatch, receipts: Receipts, _sign: Sign) -> Receipts:
    return receipts[::-1]


def taking_few_entries(good: GoodServers, server: Server) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        if asked.path == "/v1/directory" and len(asked.body) > 100_000:
            return problem(413, "request-entity-too-large")
        return await asked.answer()

    return spoil


def taking_entries_instead_of(name: bytes) -> MakeSpoil:
    """An authority that answers batches which it should refuse."""

    def make(good: GoodServers, server: Server) -> Spoil:
        async def spoil(asked: Asked) -> web.Response:
            answer, request = await asked.answer(), request_in(good, server, asked.body)
            if asked.path != "/v1/directory" or not request or not request.body or name not in said(answer):
                return answer
            return cbor_response(DirectoryReceipts((None,)))

        return spoil

    return make


def answering_backwards(_good: GoodServers, _server: Server) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer = await asked.answer()
        if asked.path != "/v1/passes" or answer.status != 200:
            return answer
        return cbor_response(PassAnswers(PassAnswers.from_bytes(said(answer)).answers[::-1]))

    return spoil


def spoiling_a_batch_for_one(good: GoodServers, server: Server) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        request = request_in(good, server, asked.body)
        if asked.path != "/v1/passes" or request is None or bytes(160) not in request.body:
            return await asked.answer()
        return problem(400, "malformed-point")

    return spoil


def issuing_for_any_epoch(good: GoodServers, server: Server) -> Spoil:
    """An authority that has decoys for an epoch of which nobody has keys."""

    async def spoil(asked: Asked) -> web.Response:
        answer, request = await asked.answer(), request_in(good, server, asked.body)
        if asked.path != "/v1/passes" or request is None or answer.status != 404:
            return answer
        return cbor_response(PassAnswers(tuple(token_bytes(144) for _ in IssueBatch.from_bytes(request.body).requests)))

    return spoil


def making_each_notice_anew(good: GoodServers, server: Server) -> Spoil:
    async def spoil(asked: Asked) -> web.Response:
        answer, request = await asked.answer(), request_in(good, server, asked.body)
        if asked.path != "/v1/notices" or answer.status != 200 or request is None:
            return answer
        wanted, seed = NoticeRequest.from_bytes(request.body), token_bytes(32)
        digests = list_passes(wanted.number, (), seed)
        signed = sign_notice(
            good.world.settings.domain, wanted.number, wanted.time, "", digests, good.identities[server.role]
        )
        return cbor_response(NoticeAnswer((), seed, signed, digests))

    return spoil


def giving_shares(*, countersigned: bool) -> MakeSpoil:
    """An operator that has shares for a warrant that it did not countersign, or for any release under one."""

    def make(good: GoodServers, server: Server) -> Spoil:
        async def spoil(asked: Asked) -> web.Response:
            answer, request = await asked.answer(), request_in(good, server, asked.body)
            if asked.path != "/v1/shares" or request is None or b"problem:invalid-signature" not in said(answer):
                return answer
            try:
                shown = SharesRequest.from_bytes(request.body)
                verify_warrant(good.world.settings.domain, shown.warrant, good.world.now)
            except InvalidSignature:
                return answer if countersigned else cbor_response(b"")
            return cbor_response(b"") if countersigned else answer

        return spoil

    return make


@pytest.mark.parametrize(
    "bad",
    [
        {server: (believing(_for_here), {f"4.4/elsewhere/{server}"}) for server in Server},
        {server: (believing(_of_now), {f"4.4/out-of-time/{server}"}) for server in Server},
        {server: (believing(_new), {f"4.4/again/{server}"}) for server in Server},
        {
            AUTHORITY: (depositing(promising_another_entry), {"5.4/receipt"}),
            OPERATOR: (making_each_notice_anew, {"3.12/same-notice"}),
        },
        {
            AUTHORITY: (depositing(promising_any_entry), {"3.6/written-once"}),
            OPERATOR: (giving_shares(countersigned=False), {"3.10/shares-warrant"}),
        },
        {
            AUTHORITY: (refusing_entries_that_it_has(), {"5.4/entry-again", "3.6/written-once"}),
            OPERATOR: (giving_shares(countersigned=True), {"3.10/shares-release"}),
        },
        {AUTHORITY: (depositing(answering_deposits_backwards), {"5.4/receipt"})},
        {AUTHORITY: (depositing(refusing_all_for_one), {"3.6/written-once"})},
        {AUTHORITY: (taking_few_entries, {"3.6/batch-full", "3.6/batch-order", "5.1/largest-body/authority"})},
        {AUTHORITY: (taking_entries_instead_of(b"problem:malformed-encoding"), {"3.6/batch-order"})},
        {AUTHORITY: (taking_entries_instead_of(b"problem:unknown-epoch"), {"5.4/batch-epoch"})},
        {AUTHORITY: (answering_backwards, {"3.7/batch"})},
        {AUTHORITY: (spoiling_a_batch_for_one, {"3.7/decoys"})},
        {AUTHORITY: (issuing_for_any_epoch, {"3.7/batch-epoch"})},
    ],
    ids=lambda bad: "-".join(sorted(name.replace("/", "-") for _, names in bad.values() for name in names)),
)
def test_what_bad_parties_do_wrong_is_found(good: GoodServers, bad: dict[Server, tuple[MakeSpoil, set[str]]]) -> None:
    with ExitStack() as stack:
        urls = {
            server: stack.enter_context(spoiled(good.urls[server], make(good, server)))
            for server, (make, _) in bad.items()
        }
        options = replace(good.options(urls), phones=(), slow=False)
        expect_failures(good, options, {name for _, names in bad.values() for name in names})


def test_without_the_keys_what_needs_them_is_not_run_by_name(good: GoodServers) -> None:
    outcomes = good.check(replace(good.options(), phones=(), slow=False, identities={}))
    assert failed(outcomes) == set()
    needing = {
        name for name in not_run(outcomes) if outcomes[name].detail in {f"needs {AS_OPERATOR}", f"needs {AS_AUTHORITY}"}
    }
    assert needing == dependent_on({AS_OPERATOR, AS_AUTHORITY})
    assert len(needing) == 21
