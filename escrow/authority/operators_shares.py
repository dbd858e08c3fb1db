"""The operator's shares of a release: asked for, kept as they came, and judged by what they say. Spec: §3.10."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import ClientSession

from escrow.all_cores import map_on_all_cores
from escrow.authority.authority import Authority
from escrow.authority.errors import NoRelease
from escrow.authority.warrants import DrawnWarrant, ReceivedShares
from escrow.shares import verify_on_all_cores, without_erased
from protocol.any_check_in import take_as_verified
from protocol.epochs import EpochKey, Role
from protocol.http_messages import SharesRequest
from protocol.opening import Shares, VerifiedShares, judge_and_verify_shares
from protocol.primitives.errors import FaultyShares, OutOfScope
from protocol.primitives.statements import JointStatement, verify_payload
from protocol.releases import VerifiedRelease, deciding_commitments, release_digest, verify_release
from protocol.warrants import verify_venue, verify_warrant


@dataclass(frozen=True, slots=True)
class JudgedShares:
    """The operator's shares, the visits of the release that both parties admit, and the venue's record of that time."""

    statement: bytes
    given: VerifiedShares
    release: VerifiedRelease
    venue: JointStatement


def kept_shares(
    authority: Authority, drawn: DrawnWarrant, signed: bytes, epoch_keys: Mapping[int, EpochKey]
) -> JudgedShares | None:
    """The shares of a signed release that the operator has given already, if they are as they should be.

    They count also when the warrant has expired since they were asked for.
    """
    for received in authority.warrants.received(drawn.record.warrant_id, release_digest(signed)):
        with suppress(FaultyShares, OutOfScope):  # the operator may answer better now
            return judge_received(authority, drawn, signed, received, epoch_keys)
    return None


async def ask_for_shares(
    authority: Authority,
    session: ClientSession,
    drawn: DrawnWarrant,
    signed: bytes,
    ended: int | None,
    epoch_keys: Mapping[int, EpochKey],
    joint_venue: JointStatement,
) -> JudgedShares:
    """The shares of a signed release, as the operator gives them now for the venue's present record.

    The part before it `ended` at this time; None if it is the first.

    What it is asked is kept before it is asked, and what it signs before that is judged. When the warrant has expired
    since it was first asked, it may have the opening on record, and repeats it.

    Raises `NoRelease`, `OutOfScope` when the warrant has expired before, `ErasedEpoch` when all of it was erased,
    `Problem` when the operator refuses, `FaultyShares`, and what `verify_release` raises.
    """
    joint, warrant_id, digest = drawn.countersigned, drawn.record.warrant_id, release_digest(signed)
    if joint is None:
        raise NoRelease(warrant_id)
    asked, now = authority.warrants.asked(warrant_id, digest), authority.clock()
    if asked is not None:
        now = min(now, drawn.record.expires)
    warrant, venue = verify_warrant(authority.domain, joint, now), verify_venue(authority.domain, joint_venue)
    if asked is None:
        commitments = await asyncio.to_thread(authority.commitments.of, venue.record.venue_id)
        if _is_verified(authority, digest) and not any(map(authority.epochs.vault.is_erased, epoch_keys)):
            named = await asyncio.to_thread(deciding_commitments, drawn.record, commitments, signed)
        else:
            release = await asyncio.to_thread(
                verify_release, warrant, venue, epoch_keys, commitments, signed, ended, verify_on_all_cores
            )
            without_erased(authority, release)  # or the operator would have an opening on record that never came
            named = release.judgement.authority
    else:
        _, named = asked
    authority.warrants.store_asked(warrant_id, digest, joint_venue, named)
    request = SharesRequest(joint, joint_venue, signed, named)
    statement = await authority.peer.ask(session, "/v1/shares", request.to_bytes())
    verify_payload(Shares, statement, authority.domain.operator_key)  # what it did not sign proves nothing
    received = ReceivedShares(statement, now)
    authority.warrants.store_received(warrant_id, digest, received)
    return await asyncio.to_thread(judge_received, authority, drawn, signed, received, epoch_keys)


def judge_received(
    authority: Authority,
    drawn: DrawnWarrant,
    signed: bytes,
    received: ReceivedShares,
    epoch_keys: Mapping[int, EpochKey],
) -> JudgedShares:
    """Judge shares for a signed release under a warrant, by the commitments that were named when they were asked for.

    Raises `OutOfScope`, also when they were asked for after the warrant had expired, and `FaultyShares`.
    """
    warrant_id = drawn.record.warrant_id
    asked = authority.warrants.asked(warrant_id, release_digest(signed))
    if drawn.countersigned is None or asked is None:
        raise NoRelease(warrant_id)
    joint_venue, named = asked
    warrant = verify_warrant(authority.domain, drawn.countersigned, received.time)
    venue = verify_venue(authority.domain, joint_venue)
    release, given = judge_and_verify_shares(
        authority.domain,
        Role.OPERATOR,
        warrant,
        venue,
        epoch_keys,
        named,
        signed,
        received.statement,
        take_as_verified if _is_verified(authority, release_digest(signed)) else verify_on_all_cores,
        map_on_all_cores,
    )
    return JudgedShares(received.statement, given, release, joint_venue)


def _is_verified(authority: Authority, digest: bytes) -> bool:
    """Whether a release was verified when it came and no fault was found."""
    part = authority.warrants.parts.find(digest)
    return part is not None and part.is_verified
