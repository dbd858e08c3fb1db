"""Venues, warrants and releases."""

from __future__ import annotations

from typing import Any

from protocol.encoding import Message
from protocol.epochs import Domain, EpochKey
from protocol.signatures import SigningKey
from protocol.statements import JointStatement, sign_statement
from protocol.warrants import (
    ValidWarrant,
    Venue,
    VerifiedRelease,
    Warrant,
    sign_release,
    verify_release,
    verify_venue,
    verify_warrant,
)
from tests.vectors.replay import Operation


def _both_sign(record: Message, authority: SigningKey, operator: SigningKey) -> dict[str, Any]:
    return {"joint": JointStatement(sign_statement(record, authority), sign_statement(record, operator))}


def make_venue(*, authority_seed: SigningKey, operator_seed: SigningKey, record: Venue) -> dict[str, Any]:
    return _both_sign(record, authority_seed, operator_seed)


def check_venue(*, domain: Domain, joint: JointStatement) -> dict[str, Any]:
    return {"record": verify_venue(domain, joint).record}


def make_warrant(*, authority_seed: SigningKey, operator_seed: SigningKey, record: Warrant) -> dict[str, Any]:
    return _both_sign(record, authority_seed, operator_seed)


def check_warrant(*, domain: Domain, joint: JointStatement, now: int) -> dict[str, Any]:
    return {"record": verify_warrant(domain, joint, now).record}


def make_release(
    *, epoch_key: EpochKey, seed: SigningKey, check_ins: dict[int, list[bytes]], warrant: JointStatement, now: int
) -> dict[str, Any]:
    return {"release": sign_release(_warrant(epoch_key, warrant, now), seed, check_ins)}


def verified_release(
    epoch_key: EpochKey, warrant: JointStatement, now: int, venue: JointStatement, release: bytes
) -> VerifiedRelease:
    valid = _warrant(epoch_key, warrant, now)
    registered = verify_venue(epoch_key.domain, venue)
    return verify_release(valid, registered, {epoch_key.epoch: epoch_key}, release)


def check_release(
    *, epoch_key: EpochKey, warrant: JointStatement, now: int, venue: JointStatement, release: bytes
) -> dict[str, Any]:
    verified = verified_release(epoch_key, warrant, now, venue, release)
    return {
        "digest": verified.digest,
        "visits": [
            {"epoch": epoch, "u": u, "entered": visit.entered, "left": visit.left}
            for epoch, visits in sorted(verified.visits.items())
            for u, visit in sorted(visits.items())
        ],
        "set_aside": verified.set_aside,
    }


def _warrant(epoch_key: EpochKey, warrant: JointStatement, now: int) -> ValidWarrant:
    return verify_warrant(epoch_key.domain, warrant, now)


OPERATIONS = {
    "venue": Operation(check_venue, make_venue),
    "warrant": Operation(check_warrant, make_warrant),
    "release": Operation(check_release, make_release),
}
