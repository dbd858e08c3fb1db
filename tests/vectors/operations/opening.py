"""Shares and opening."""

from __future__ import annotations

from typing import Any

from protocol.epochs import EpochKey, EpochSecret, Role
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement
from tests.vectors.operations.releases import verified_release
from tests.vectors.replay import Draws, Operation


def make_shares(
    *,
    epoch_key: EpochKey,
    seed: SigningKey,
    share: Scalar,
    random: Draws,
    role: Role,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
) -> dict[str, Any]:
    verified = verified_release(epoch_key, warrant, now, venue, commitments, release)
    secret = EpochSecret(role, epoch_key.epoch, share, None)
    epochs = {epoch_key.epoch: (epoch_key, secret)}
    return {"statement": create_shares(epoch_key.domain, role, verified, epochs, seed, random)}


def check_shares(
    *,
    epoch_key: EpochKey,
    role: Role,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    statement: bytes,
) -> dict[str, Any]:
    verified = verified_release(epoch_key, warrant, now, venue, commitments, release)
    shares = verify_party_shares(epoch_key.domain, role, verified, {epoch_key.epoch: epoch_key}, statement)
    return {
        "shares": [
            {"epoch": epoch, "u": u, "D": D}
            for epoch, by_pass in sorted(shares.shares.items())
            for u, D in sorted(by_pass.items())
        ]
    }


def check_opening(
    *,
    epoch_key: EpochKey,
    warrant: JointStatement,
    now: int,
    venue: JointStatement,
    commitments: dict[int, bytes],
    release: bytes,
    operator_shares: bytes,
    authority_shares: bytes,
) -> dict[str, Any]:
    verified = verified_release(epoch_key, warrant, now, venue, commitments, release)
    keys = {epoch_key.epoch: epoch_key}
    operator, authority = (
        verify_party_shares(epoch_key.domain, role, verified, keys, statement)
        for role, statement in [(Role.OPERATOR, operator_shares), (Role.AUTHORITY, authority_shares)]
    )
    opened = open_release(verified, operator, authority)
    return {"opened": [{"u": visit.check_in.message.u, "handle": handle} for visit, handle in opened]}


OPERATIONS = {"shares": Operation(check_shares, make_shares), "opening": Operation(check_opening)}
