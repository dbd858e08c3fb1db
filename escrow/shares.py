"""Giving shares for a warrant: the same checks and the same record at both parties. Spec: §3.10."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aiohttp import ClientSession

from escrow.errors import ErasedEpoch, VenueChanged
from escrow.openings import shares_released
from escrow.party import Party
from protocol.epochs import EpochKey
from protocol.http_messages import SharesRequest
from protocol.opening import VerifiedShares, create_shares
from protocol.primitives.errors import OutOfScope
from protocol.releases import VerifiedRelease, verify_release
from protocol.warrants import Purpose, Warrant, verify_venue, verify_warrant, warrant_epochs


async def give_shares(
    party: Party, session: ClientSession, request: SharesRequest, given: VerifiedShares | None = None
) -> bytes:
    """A party's signed shares: check the request, record the release, and only then make them.

    With the shares that the other party has `given`, only for their passes: others could not be opened.

    Raises what `verify_warrant`, `verify_venue` and `verify_release` raise, `OutOfScope` for a warrant of another
    purpose, `WarrantExhausted` when the warrant's maximum would be exceeded, `VenueChanged` when the venue's record is
    not the present one, `ErasedEpoch` when all of it was erased, and `PeerFailed` when the other party does not cosign
    what was put on record.
    """
    warrant = verify_warrant(party.domain, request.warrant, party.clock())  # step 1, as far as the release
    if warrant.record.purpose is not Purpose.OPENING:
        raise OutOfScope("nothing is opened under a warrant of this purpose", warrant.record.warrant_id)
    venue = verify_venue(party.domain, request.venue)
    if not await asyncio.to_thread(party.venues.counts, venue.record):
        raise VenueChanged(venue.record.venue_id)
    epoch_keys = await warrant_epoch_keys(party, session, warrant.record)
    commitments = await asyncio.to_thread(party.commitments.of, venue.record.venue_id)
    release = await asyncio.to_thread(verify_release, warrant, venue, epoch_keys, commitments, request.release)
    release = without_erased(party, release if given is None else _given(release, given))  # step 2
    release = await asyncio.to_thread(party.releases.record, release, party.clock())  # steps 2, 3, 4
    if release.visits:
        await _put_on_record(party, session, release)
    secrets = {epoch: (epoch_keys[epoch], party.epochs.secret(epoch)) for epoch in release.visits}
    # Steps 5, 6: the share of each pass, and the signature.
    return await asyncio.to_thread(create_shares, party.domain, party.role, release, secrets, party.identity)


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


def _given(release: VerifiedRelease, given: VerifiedShares) -> VerifiedRelease:
    kept = {
        epoch: {u: visit for u, visit in visits.items() if u in given.shares[epoch]}
        for epoch, visits in release.visits.items()
        if epoch in given.shares
    }
    return replace(release, visits=kept)


def without_erased(party: Party, release: VerifiedRelease) -> VerifiedRelease:
    """The visits of the epochs that the party has not erased; raises `ErasedEpoch` if it has erased all of them."""
    erased = {epoch for epoch in release.visits if party.epochs.vault.is_erased(epoch)}
    if erased and erased == release.visits.keys():
        raise ErasedEpoch(min(erased), "nobody can ever open its check-ins")
    kept = {epoch: visits for epoch, visits in release.visits.items() if epoch not in erased}
    return replace(release, visits=kept)
