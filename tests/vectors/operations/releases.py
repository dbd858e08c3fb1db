"""Commitments of venues and releases."""

from __future__ import annotations

from typing import Any

from protocol.commitments import (
    CommitmentOpening,
    CommittedCheckIn,
    KeptCommitment,
    append_check_ins,
    sign_commitment,
    verify_commitment,
)
from protocol.epochs import EpochKey
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement
from protocol.releases import ReleasedLeaf, VerifiedRelease, sign_release, verify_release
from protocol.transparency.merkle import CompactRange
from protocol.warrants import Venue, verify_venue, verify_warrant
from tests.vectors.replay import Draws, Operation


def make_commitment(
    *, seed: SigningKey, random: Draws, venue: Venue, time: int, check_ins: list[CommittedCheckIn]
) -> dict[str, Any]:
    tree = append_check_ins(CompactRange(), check_ins)
    return {"statement": sign_commitment(venue, seed, time, tree, random)[1]}


def check_commitment(*, venue: Venue, now: int, statement: bytes) -> dict[str, Any]:
    return {"record": verify_commitment(venue, statement, now)}


def make_release(
    *,
    epoch_key: EpochKey,
    seed: SigningKey,
    opened_from: CommitmentOpening,
    frontier: list[bytes],
    openings: list[CommitmentOpening],
    leaves: list[ReleasedLeaf],
    warrant: JointStatement,
    now: int,
) -> dict[str, Any]:
    start = KeptCommitment(opened_from, CompactRange(opened_from.size, tuple(frontier)))
    return {"release": sign_release(verify_warrant(epoch_key.domain, warrant, now), seed, start, openings, leaves)}


def verified_release(
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
) -> VerifiedRelease:
    valid = verify_warrant(epoch_key.domain, warrant, now)
    registered = verify_venue(epoch_key.domain, venue)
    return verify_release(valid, registered, {epoch_key.epoch: epoch_key}, commitments, release)


def check_release(
    *,
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
) -> dict[str, Any]:
    verified = verified_release(epoch_key, warrant, now, venue, commitments, release)
    return {
        "digest": verified.digest,
        "visits": [
            {"epoch": epoch, "u": u, "entered": visit.entered, "left": visit.left}
            for epoch, visits in sorted(verified.visits.items())
            for u, visit in sorted(visits.items())
        ],
        "set_aside": verified.set_aside,
    }


OPERATIONS = {
    "venue-commitment": Operation(check_commitment, make_commitment),
    "release": Operation(check_release, make_release),
}
