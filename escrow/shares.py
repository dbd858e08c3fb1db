"""Giving shares for a warrant: the same record at both parties, and what the operator checks before. Spec: §3.10."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from escrow.all_cores import all_at_once, map_on_all_cores
from escrow.errors import ErasedEpoch, VenueChanged
from escrow.openings import shares_released
from escrow.party import Party
from protocol.any_check_in import AnyCheckIn, AnyCheckInMessage, verify_check_ins
from protocol.epochs import EpochKey
from protocol.http_messages import SharesRequest
from protocol.opening import MadeShares, VerifiedShares, make_shares, valid_passes, without_invalid_passes
from protocol.primitives.errors import Malformed, OutOfScope, Rejected
from protocol.primitives.statements import statement_payload
from protocol.releases import Judgement, VerifiedRelease, deciding_commitments, judge_release, release_digest
from protocol.warrants import Purpose, Warrant, verify_venue, verify_warrant, warrant_epochs

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def give_shares(party: Party, session: ClientSession, request: SharesRequest) -> bytes:
    """The operator's signed shares: check and judge the request, record the release, and only then make them.

    When the warrant has expired, what is on record of this release is repeated, because the answer may have been lost.

    Raises what `judge_request` raises, `OutOfScope` for a warrant of another purpose, `WarrantExhausted` when the
    warrant's maximum would be exceeded, `ErasedEpoch` when all of it was erased, and `PeerFailed` when the other party
    does not cosign what was put on record.
    """
    now = party.clock()
    late = await asyncio.to_thread(_opened_in_time, party, request, now)
    release = await judge_request(party, session, request, late.expires if late else now)  # steps 1, 2
    if release.warrant.purpose is not Purpose.OPENING:
        raise OutOfScope("nothing is opened under a warrant of this purpose", release.warrant.warrant_id)
    if late:
        release = await asyncio.to_thread(party.releases.given, without_erased(party, release))
    return (await record_and_share(party, session, release)).statement


def _opened_in_time(party: Party, request: SharesRequest, now: int) -> Warrant | None:
    """The warrant of a request that comes too late, if the opening of its release is on record under it."""
    warrant = Warrant.from_bytes(statement_payload(request.warrant.authority))
    if now <= warrant.expires or not party.openings.has(warrant.warrant_id, release_digest(request.release)):
        return None
    return warrant


async def judge_request(party: Party, session: ClientSession, request: SharesRequest, now: int) -> VerifiedRelease:
    """The visits that the operator and the authority both admit: by what the operator holds and the authority named.

    The first judgement of a release is stored durably and repeated. One that fails is not stored. The warrant has to be
    valid at Unix time `now`; its purpose does not matter here.

    Raises what `verify_warrant`, `verify_venue` and `judge_release` raise, and `VenueChanged` when the venue's record
    is not the present one.
    """
    warrant = verify_warrant(party.domain, request.warrant, now)
    venue = verify_venue(party.domain, request.venue)
    if not await asyncio.to_thread(party.venues.counts, venue.record):
        raise VenueChanged(venue.record.venue_id)
    epoch_keys = await warrant_epoch_keys(party, session, warrant.record)

    def judge() -> VerifiedRelease:
        digest = release_digest(request.release)
        known = party.judgements.get(warrant.record.warrant_id, digest)
        if known is None:
            received = party.commitments.of(venue.record.venue_id)
            held = deciding_commitments(warrant.record, received, request.release)
            first = Judgement(digest, held, request.commitments)
            judged = judge_release(warrant, venue, epoch_keys, first, request.release, verify_on_all_cores)
            known = party.judgements.first(warrant.record, digest, judged.judgement)
            if known == judged.judgement:
                return judged
        return judge_release(warrant, venue, epoch_keys, known, request.release, verify_on_all_cores)

    return await asyncio.to_thread(judge)


async def record_and_share(
    party: Party,
    session: ClientSession,
    release: VerifiedRelease,
    given: VerifiedShares | None = None,
    recorded: Callable[[], None] = lambda: None,
) -> MadeShares:
    """A party's shares of a release that was judged, recorded before they are made.

    With the shares that the other party has `given`, only for their passes: others could not be opened. `recorded` is
    told when the passes are on record.

    Raises `WarrantExhausted`, `ErasedEpoch` and `PeerFailed`, as `give_shares` does.
    """
    passes = await asyncio.to_thread(valid_passes, release, given, map_on_all_cores)
    release = without_erased(party, without_invalid_passes(release, passes))  # step 3
    release = await asyncio.to_thread(party.releases.record, release, party.clock(), given)  # steps 3, 4, 5
    recorded()
    if release.visits:
        await _put_on_record(party, session, release)
    keys = await warrant_epoch_keys(party, session, release.warrant)
    secrets = {epoch: (keys[epoch], party.epochs.secret(epoch)) for epoch in release.visits}
    # Steps 6, 7: the share of each pass, and the signature.
    return await asyncio.to_thread(
        make_shares,
        party.domain,
        party.role,
        release,
        secrets,
        passes,
        party.identity,
        map_function=map_on_all_cores,
    )


def verify_on_all_cores(
    messages: Sequence[tuple[EpochKey, AnyCheckInMessage]],
) -> Iterator[AnyCheckIn | Malformed | Rejected]:
    """`verify_check_ins`, spread over all cores."""
    return all_at_once(verify_check_ins, messages)


async def warrant_epoch_keys(party: Party, session: ClientSession, warrant: Warrant) -> dict[int, EpochKey]:
    """The keys of every published epoch that a check-in in the warrant's window may belong to."""
    epochs = warrant_epochs(party.domain, warrant)
    keys = {epoch: await party.epochs.cache.fetch(session, epoch) for epoch in epochs}
    return {epoch: key for epoch, key in keys.items() if key is not None}


async def _put_on_record(party: Party, session: ClientSession, release: VerifiedRelease) -> None:
    record = await asyncio.to_thread(party.openings.record, release)
    entry = shares_released(record, release.warrant.discloses)
    await asyncio.to_thread(party.log.append, entry, party.clock())
    await party.peer.witnessed(session, entry)


def without_erased(party: Party, release: VerifiedRelease) -> VerifiedRelease:
    """The visits of the epochs that the party has not erased; raises `ErasedEpoch` if it has erased all of them."""
    erased = {epoch for epoch in release.visits if party.epochs.vault.is_erased(epoch)}
    if erased and erased == release.visits.keys():
        raise ErasedEpoch(min(erased), "nobody can ever open its check-ins")
    kept = {epoch: visits for epoch, visits in release.visits.items() if epoch not in erased}
    return replace(release, visits=kept)
