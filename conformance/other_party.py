"""What the parties do for each other, seen by a tester that has a party's identity key.

Spec: §3.6, §3.7, §3.10, §3.12, §5.4.

Shares that are given are not seen: for them both officers and a venue would have to agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from secrets import token_bytes

from conformance.answer import Answer
from conformance.check import Checks
from conformance.epochs import FAR_AHEAD
from conformance.errors import Failed, NotRun
from conformance.passes import disowned, opened
from conformance.statements import NAME
from conformance.tester import KEY_FILES, Server, Tester
from protocol.commitments import BEGINNING
from protocol.epochs import Role
from protocol.handles import (
    ENTRY_BYTES,
    MAX_DEPOSITS,
    NONCE_BYTES,
    DirectoryBatch,
    DirectoryEntry,
    DirectoryReceipts,
    verify_receipt,
)
from protocol.http_messages import NoticeRequest, SharesRequest
from protocol.notices import Notice, NoticeAnswer
from protocol.passes import REQUEST_BYTES, IssueBatch, PendingPass, request_allowance
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement, verify_statement
from protocol.releases import Release
from protocol.warrants import Purpose, Venue, Warrant
from service.clock import HOUR

checks = Checks()
OPERATOR, AUTHORITY = Server.OPERATOR, Server.AUTHORITY
DIRECTORY = "/v1/directory"
AS_OPERATOR, AS_AUTHORITY = KEY_FILES[Role.OPERATOR], KEY_FILES[Role.AUTHORITY]


def _entry(epoch: int) -> DirectoryEntry:
    """An entry of nobody, which nobody can open."""
    return DirectoryEntry(epoch, token_bytes(32), token_bytes(NONCE_BYTES), token_bytes(ENTRY_BYTES))


async def _deposit(tester: Tester, entries: Iterable[DirectoryEntry], refused: Collection[bytes] = ()) -> None:
    """Deposit entries, of which each gets a receipt, but for those with a refused index."""
    batch = DirectoryBatch(tuple(sorted(entries, key=lambda entry: entry.index)))
    receipts = (await tester.ask(AUTHORITY, DIRECTORY, batch)).expect_message(DirectoryReceipts).receipts
    if len(receipts) != len(batch.entries):
        raise Failed(f"{len(batch.entries)} entries were answered with {len(receipts)} receipts")
    for entry, receipt in zip(batch.entries, receipts, strict=True):
        if (receipt is None) != (entry.index in refused):
            raise Failed(
                f"the receipt is {'missing' if receipt is None else 'there'} for an entry that should "
                f"{'not ' if entry.index in refused else ''}be stored"
            )
        if receipt is not None:
            verify_receipt(tester.key, entry, receipt)


def _other(entry: DirectoryEntry) -> DirectoryEntry:
    """Another entry with the index of this one."""
    return replace(_entry(entry.epoch), index=entry.index)


@checks.add("5.4/receipt", "5.2/joint-key", AS_OPERATOR)
async def receipt(tester: Tester) -> None:
    """Each entry that the operator deposits is answered with the authority's receipt for it, in their order."""
    await _deposit(tester, [_entry(tester.today) for _ in range(3)])


@checks.add("3.6/batch-full", "5.4/receipt")
async def batch_full(tester: Tester) -> None:
    """As many entries as a batch may have are taken."""
    await _deposit(tester, [_entry(tester.today) for _ in range(MAX_DEPOSITS)])


@checks.add("5.4/entry-again", "5.4/receipt")
async def entry_again(tester: Tester) -> None:
    """The same entry may be deposited again, also among others, and gets a receipt again."""
    entry = _entry(tester.today)
    await _deposit(tester, [entry])
    await _deposit(tester, [entry, _entry(tester.today)])


@checks.add("3.6/written-once", "5.4/receipt")
async def written_once(tester: Tester) -> None:
    """Another entry under the same index gets null, and changes nothing: not the first one, nor others in its batch."""
    entry = _entry(tester.today)
    await _deposit(tester, [entry])
    await _deposit(tester, [_other(entry), *(_entry(tester.today) for _ in range(2))], refused={entry.index})
    await _deposit(tester, [entry])


@checks.add("3.6/batch-order", "5.4/receipt")
async def batch_order(tester: Tester) -> None:
    """A batch whose entries are in another order, twice of one index, of two epochs, too many or none is malformed."""
    first, last = sorted((_entry(tester.today) for _ in range(2)), key=lambda entry: entry.index)
    ahead = replace(last, epoch=last.epoch + 1)
    many = sorted((_entry(tester.today) for _ in range(MAX_DEPOSITS + 1)), key=lambda entry: entry.index)
    for entries in ([last, first], [first, first], [first, _other(first)], [first, ahead], many, []):
        body = encode_item([[decode_item(entry.to_bytes()) for entry in entries]])
        answer = await tester.post(AUTHORITY, DIRECTORY, tester.party_request(AUTHORITY, DIRECTORY, body))
        answer.expect_problem(400, "malformed-encoding")


@checks.add("5.4/batch-epoch", "5.2/joint-key", AS_OPERATOR)
async def directory_epoch(tester: Tester) -> None:
    """Entries for an epoch without keys are refused as a whole, with `unknown-epoch`."""
    batch = DirectoryBatch((_entry(tester.today + FAR_AHEAD),))
    (await tester.ask(AUTHORITY, DIRECTORY, batch)).expect_problem(404, "unknown-epoch")


async def _batch(tester: Tester, epoch: int, requests: list[bytes]) -> Answer:
    return await tester.ask(AUTHORITY, "/v1/passes", IssueBatch(epoch, tuple(requests)))


def _request(tester: Tester) -> tuple[PendingPass, bytes]:
    """A good request of some visitor, with what it keeps of it."""
    pending, allowance = request_allowance(tester.key, Scalar.random())
    return pending[0], bytes(allowance.requests[0])


@checks.add("3.7/batch", "5.2/joint-key", AS_OPERATOR)
async def batch(tester: Tester) -> None:
    """A batch is answered with a pass for each request, in their order."""
    pending, requests = zip(*(_request(tester) for _ in range(4)), strict=True)
    if None in opened(tester.key, list(pending), await _batch(tester, tester.today, list(requests))):
        raise Failed("an answer gives no pass to whoever made the request in its place")


@checks.add("3.7/decoys", "3.7/batch")
async def decoys(tester: Tester) -> None:
    """What is no request, has a false proof, or shares its `u0` with another gets a decoy; all others get a pass."""
    good, twice, other = (_request(tester) for _ in range(3))
    h = Scalar.random()
    (pending, *_), _allowance = request_allowance(tester.key, h)
    false = pending, bytes(disowned(tester.key, h, pending))
    asked = [good, twice, false, (good[0], bytes(REQUEST_BYTES)), twice, other]
    answer = await _batch(tester, tester.today, [request for _, request in asked])
    given = [one is not None for one in opened(tester.key, [pending for pending, _ in asked], answer)]
    if given != [True, False, False, False, False, True]:
        raise Failed(f"passes were given to {[place for place, one in enumerate(given) if one]}; expected to [0, 5]")


@checks.add("3.7/batch-epoch", "5.2/joint-key", AS_OPERATOR)
async def batch_epoch(tester: Tester) -> None:
    """A batch for an epoch without keys is refused as a whole."""
    answer = await _batch(tester, tester.today + FAR_AHEAD, [_request(tester)[1]])
    answer.expect_problem(404, "unknown-epoch")


async def _first_notice(tester: Tester, time: int) -> NoticeAnswer:
    answer = await tester.ask(OPERATOR, "/v1/notices", NoticeRequest(0, time, ()))
    if answer.is_problem(422, "wrong-number"):
        raise NotRun("the operator has deleted its answer for notice 0, as it may")
    return answer.expect_message(NoticeAnswer)


@checks.add("3.12/same-notice", f"5.1/answers/{OPERATOR}", "--domain", AS_AUTHORITY)
async def same_notice(tester: Tester) -> None:
    """The operator signs one list for a number, and answers the same again, whatever else a later request says."""
    first = await _first_notice(tester, tester.clock())
    notice = verify_statement(Notice, first.notice, tester.domain.operator_key)
    if (notice.number, notice.digests) != (0, first.digests.digest):
        raise Failed("the operator signed another number or list")
    if await _first_notice(tester, tester.clock() - HOUR) != first:
        raise Failed("the second answer for notice 0 is another one")


async def _ask_for_shares(tester: Tester, venue: Venue, operator: SigningKey) -> Answer:
    """The answer to a request for shares of an empty release that a stranger signed; `operator` countersigns."""
    authority, now = tester.options.identities[Role.AUTHORITY], tester.clock()
    ids = tester.domain.number, token_bytes(16), venue.venue_id
    warrant = Warrant(*ids, Purpose.OPENING, now - HOUR, now, 0, NAME, 1, now, now + HOUR, now)
    joint, registered = (
        JointStatement(sign_statement(said, authority), sign_statement(said, operator)) for said in (warrant, venue)
    )
    release = sign_statement(Release(*ids, BEGINNING, (), (), ()), SigningKey.generate())
    return await tester.ask(OPERATOR, "/v1/shares", SharesRequest(joint, registered, release, ()))


@checks.add("3.10/shares-warrant", f"5.1/answers/{OPERATOR}", "--domain", AS_AUTHORITY)
async def shares_warrant(tester: Tester) -> None:
    """Step 1: a warrant that the operator did not countersign gives no shares: 422, `invalid-signature`."""
    venue = Venue(tester.domain.number, token_bytes(16), NAME, "", Scalar.random() * B)
    (await _ask_for_shares(tester, venue, SigningKey.generate())).expect_problem(422, "invalid-signature")


@checks.add("3.10/shares-release", f"5.1/answers/{OPERATOR}", "5.5/record", AS_AUTHORITY, AS_OPERATOR)
async def shares_release(tester: Tester) -> None:
    """Step 2: a release that the venue did not sign gives no shares: 422, `invalid-signature`."""
    answer = await _ask_for_shares(tester, tester.venue, tester.options.identities[Role.OPERATOR])
    answer.expect_problem(422, "invalid-signature")
