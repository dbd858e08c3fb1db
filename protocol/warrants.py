"""Venues, warrants and releases. Spec: §3.9.

A venue counts, and a warrant is valid, once both parties have signed it. A release is what a venue hands over for a
warrant: the check-ins of one venue in one window, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.checkins import CheckIn, CheckInMessage, verify_check_in
from protocol.encoding import Bytes16, Message, Range, Size, Uint8, Uint32
from protocol.epochs import Domain, EpochKey
from protocol.errors import Malformed, OutOfScope, Rejected, WrongDomain
from protocol.group import Point
from protocol.signatures import SigningKey
from protocol.statements import JointStatement, sign_statement, verify_joint_statement, verify_statement
from protocol.transcript import digest32

MAX_RELEASE = 50_000


@dataclass(frozen=True, slots=True)
class Venue(Message):
    """A venue as both parties register it. `url` is where its server takes scan-mode check-ins, or empty."""

    TAG: ClassVar[str] = "venue"

    domain: Uint8
    venue: Bytes16
    name: Annotated[str, Size(1, 128)]
    url: Annotated[str, Size(0, 256)]
    key: Point


@dataclass(frozen=True, slots=True)
class VenueApplication(Message):
    """A venue's request to be registered, signed with its own key to show that it holds it."""

    TAG: ClassVar[str] = "venue-application"

    venue: Venue


@dataclass(frozen=True, slots=True)
class Warrant(Message):
    """Permission to open the check-ins of one venue in the window `begins <= time < ends` (Unix seconds).

    `max_records`: how many different passes may be opened under it, in all. `expires`: Unix time after which
    no share is released.
    """

    TAG: ClassVar[str] = "warrant"

    domain: Uint8
    warrant: Bytes16
    venue: Bytes16
    begins: Uint32
    ends: Uint32
    legal_reference: Annotated[str, Size(1, 256)]
    max_records: Annotated[int, Range(1, MAX_RELEASE)]
    expires: Uint32

    def __post_init__(self) -> None:
        if self.begins >= self.ends:
            raise OutOfScope("a warrant's window must end after it begins")

    def covers(self, message: CheckInMessage) -> bool:
        """Whether a check-in's label lies in the warrant's window and names no other venue."""
        return self.begins <= message.time < self.ends and message.venue in (None, self.venue)


@dataclass(frozen=True, slots=True)
class RegisteredVenue:
    """A venue that both parties signed; made by `verify_venue` alone."""

    record: Venue


@dataclass(frozen=True, slots=True)
class ValidWarrant:
    """A warrant that both parties signed and that has not expired; made by `verify_warrant` alone."""

    record: Warrant


@dataclass(frozen=True, slots=True)
class ReleasedEpoch(Message):
    """Check-ins of one epoch. Each is opaque here: a bad one is set aside and does not spoil the rest."""

    epoch: Uint32
    check_ins: Annotated[tuple[Annotated[bytes, Size(1, 256)], ...], Size(1, MAX_RELEASE)]


@dataclass(frozen=True, slots=True)
class Release(Message):
    """What a venue hands over for a warrant, signed with the venue's key."""

    TAG: ClassVar[str] = "release"

    domain: Uint8
    warrant: Bytes16
    venue: Bytes16
    epochs: Annotated[tuple[ReleasedEpoch, ...], Size(0, 64)]


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """The check-ins of a release that hold and lie in scope; made by `verify_release` alone.

    `digest` (32 bytes) stands for the whole release, as it was signed. `check_ins` has one per pass (`u`) and
    epoch, the earliest. `set_aside` counts what was left out, by the name of the error.
    """

    digest: bytes
    warrant: Warrant
    check_ins: dict[int, dict[bytes, CheckIn]]
    set_aside: Counter[str]


def verify_venue(domain: Domain, joint: JointStatement) -> RegisteredVenue:
    """A venue's record from both parties' signatures.

    Raises `Malformed`, `InvalidSignature`, `ConflictingStatements` or `WrongDomain`.
    """
    record = verify_joint_statement(Venue, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    return RegisteredVenue(record)


def verify_warrant(domain: Domain, joint: JointStatement, now: int) -> ValidWarrant:
    """A warrant from both officers' signatures, at Unix time `now`.

    Raises `Malformed`, `InvalidSignature`, `ConflictingStatements`, `WrongDomain` or `OutOfScope` (expired).
    """
    record = verify_joint_statement(Warrant, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    if now > record.expires:  # step 3
        raise OutOfScope("the warrant has expired")
    return ValidWarrant(record)


def sign_release(warrant: ValidWarrant, key: SigningKey, check_ins: Mapping[int, list[bytes]]) -> bytes:
    """A venue's release: its stored check-ins (encoded) by epoch, signed with the venue key."""
    epochs = tuple(ReleasedEpoch(epoch, tuple(check_ins[epoch])) for epoch in sorted(check_ins))
    record = warrant.record
    return sign_statement(Release(record.domain, record.warrant, record.venue, epochs), key)


def verify_release(
    warrant: ValidWarrant, venue: RegisteredVenue, epoch_keys: Mapping[int, EpochKey], release: bytes
) -> VerifiedRelease:
    """The check-ins that may be opened under a warrant.

    Raises `Malformed`, `InvalidSignature` or `OutOfScope` for the release as a whole. A check-in that does not hold,
    lies out of scope, or is of an epoch whose keys are not in `epoch_keys` is set aside and counted.
    """
    record = warrant.record
    if venue.record.venue != record.venue:  # step 1
        raise OutOfScope("the warrant names another venue")
    message = verify_statement(Release, release, venue.record.key)  # step 2
    if (message.domain, message.warrant, message.venue) != (record.domain, record.warrant, record.venue):  # step 3
        raise OutOfScope("the release is for another warrant")
    kept: dict[int, dict[bytes, CheckIn]] = {}
    set_aside: Counter[str] = Counter()
    for released in message.epochs:
        for encoding in released.check_ins:
            try:
                check_in = _verify_released(record, epoch_keys.get(released.epoch), encoding)  # step 4
            except (Malformed, Rejected) as error:
                set_aside[type(error).__name__] += 1
                continue
            same_epoch = kept.setdefault(released.epoch, {})
            known = same_epoch.setdefault(check_in.message.u, check_in)
            if check_in.message.time < known.message.time:  # step 5
                same_epoch[check_in.message.u] = check_in
    return VerifiedRelease(release_digest(release), record, kept, set_aside)


def release_digest(release: bytes) -> bytes:
    """The 32 bytes that stand for a signed release."""
    return digest32("release", release)


def _verify_released(warrant: Warrant, epoch_key: EpochKey | None, encoding: bytes) -> CheckIn:
    message = CheckInMessage.from_bytes(encoding)
    if epoch_key is None or not warrant.covers(message):
        raise OutOfScope("the check-in lies outside the warrant")
    return verify_check_in(epoch_key, message)


def _check_domain(domain: Domain, number: int) -> None:
    if number != domain.number:
        raise WrongDomain("the statement is of another domain")
