"""Venues, warrants and releases. Spec: §3.9.

A venue counts, and a warrant is valid, once both parties have signed it. A release is what a venue hands over for a
warrant: the check-ins of one venue in one window, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from protocol.checkins import MAX_STAY, CheckIn, CheckInMessage, verify_check_in
from protocol.encoding import Bytes16, Message, Range, Size, Uint8, Uint32
from protocol.epochs import EPOCH_SECONDS, Domain, EpochKey
from protocol.errors import ConflictingStatements, Malformed, OutOfScope, Rejected, WrongDomain
from protocol.group import Point
from protocol.requests import REQUEST_TOLERANCE
from protocol.signatures import SigningKey
from protocol.statements import (
    JointStatement,
    Statement,
    sign_statement,
    statement_payload,
    verify_joint_statement,
    verify_statement,
)
from protocol.transcript import digest32
from protocol.visits import Visit, collect_visits

MAX_RELEASE = 50_000
MAX_EMBARGO = 90 * EPOCH_SECONDS
"""How many seconds after a warrant's issue what was opened under it is published at the latest."""


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
    """A venue's request to be registered, signed with the key that it names to show that it holds it.

    `previous`, in a change of key: the application without it, signed with the key that was registered before.
    """

    TAG: ClassVar[str] = "venue-application"

    venue: Venue
    previous: Statement | None = None


class Purpose(IntEnum):
    """What a warrant is for: opening visits, or warning everyone who was there without opening anything."""

    OPENING = 1
    NOTICE = 2


@dataclass(frozen=True, slots=True)
class Warrant(Message):
    """Permission to use the visits to one venue in the window from `begins` up to, not including, `ends`.

    All times are Unix seconds. `assumed_stay`: how many seconds a visit without an exit counts after its entry.
    `max_records`: how many different passes may be opened under it, in all. `issued`: when the authority's officer
    signed it. `expires`: after this no share is released. `discloses`: from then on both parties publish what was
    opened.
    """

    TAG: ClassVar[str] = "warrant"

    domain: Uint8
    warrant: Bytes16
    venue: Bytes16
    purpose: Purpose
    begins: Uint32
    ends: Uint32
    assumed_stay: Annotated[int, Range(0, MAX_STAY)]
    legal_reference: Annotated[str, Size(1, 256)]
    max_records: Annotated[int, Range(1, MAX_RELEASE)]
    issued: Uint32
    expires: Uint32
    discloses: Uint32

    def __post_init__(self) -> None:
        if self.begins >= self.ends:
            raise OutOfScope("a warrant's window must end after it begins")
        if self.issued > min(self.expires, self.discloses):
            raise OutOfScope("a warrant must not expire or disclose before it is issued")
        if self.discloses > self.issued + MAX_EMBARGO:
            raise OutOfScope("a warrant's embargo lasts too long")

    def is_near(self, time: int) -> bool:
        """Whether a check-in of this time can belong to a visit in the window."""
        return self.begins - MAX_STAY <= time < self.ends + MAX_STAY

    def covers(self, entered: int | None, left: int | None) -> bool:
        """Whether a visit lies in the window, by its times in Unix seconds; None for a missing entry or exit."""
        if entered is None:
            return left is not None and self.begins <= left < self.ends
        stayed_until = entered + self.assumed_stay if left is None else left
        return entered < self.ends and stayed_until >= self.begins


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
    """The visits of a release that hold and lie in scope; made by `verify_release` alone.

    `digest` (32 bytes) stands for the whole release, as it was signed. `visits` are by epoch and pass (`u`).
    `set_aside` counts the check-ins that were left out, by the name of the error.
    """

    digest: bytes
    warrant: Warrant
    visits: dict[int, dict[bytes, Visit]]
    set_aside: Counter[str]


def sign_application(record: Venue, key: SigningKey, previous: SigningKey | None = None) -> bytes:
    """A venue's application, signed with the key in its record and, unless it is lost, with the `previous` one."""
    agreed = None if previous is None else sign_statement(VenueApplication(record), previous)
    return sign_statement(VenueApplication(record, agreed), key)


def verify_application(domain: Domain, application: bytes) -> VenueApplication:
    """An application that is signed with the very key that it names.

    Raises `Malformed`, `InvalidSignature` or `WrongDomain`.
    """
    claimed = VenueApplication.from_bytes(statement_payload(application))
    verified = verify_statement(VenueApplication, application, claimed.venue.key)  # step 1
    _check_domain(domain, verified.venue.domain)  # step 2
    return verified


def is_agreed(application: VenueApplication, known: Venue) -> bool:
    """Whether a change of key is signed with the key of the record that is `known` of the venue.

    Raises `Malformed`, `InvalidSignature` or `ConflictingStatements` if it says so falsely.
    """
    if application.previous is None:
        return False
    agreed = verify_statement(VenueApplication, application.previous, known.key)  # step 3
    if agreed != VenueApplication(application.venue):  # step 4
        raise ConflictingStatements("the previous key signed another application")
    return True


def verify_venue(domain: Domain, joint: JointStatement) -> RegisteredVenue:
    """A venue's record from both parties' signatures.

    Raises `Malformed`, `InvalidSignature`, `ConflictingStatements` or `WrongDomain`.
    """
    record = verify_joint_statement(Venue, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    return RegisteredVenue(record)


def verify_warrant(domain: Domain, joint: JointStatement, now: int) -> ValidWarrant:
    """A warrant from both officers' signatures, at Unix time `now`.

    Raises `Malformed`, `InvalidSignature`, `ConflictingStatements`, `WrongDomain` or `OutOfScope` (not issued yet,
    or expired).
    """
    record = verify_joint_statement(Warrant, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    check_issued(record, now)  # step 3
    if now > record.expires:  # step 4
        raise OutOfScope("the warrant has expired")
    return ValidWarrant(record)


def check_issued(warrant: Warrant, now: int) -> None:
    """Raise `OutOfScope` for a warrant that says it is issued later than `now`: newer commitments would count."""
    if warrant.issued > now + REQUEST_TOLERANCE:
        raise OutOfScope("the warrant is not issued yet")


def sign_release(warrant: ValidWarrant, key: SigningKey, check_ins: Mapping[int, list[bytes]]) -> bytes:
    """A venue's release: its stored check-ins (encoded) by epoch, signed with the venue key."""
    epochs = tuple(ReleasedEpoch(epoch, tuple(check_ins[epoch])) for epoch in sorted(check_ins))
    record = warrant.record
    return sign_statement(Release(record.domain, record.warrant, record.venue, epochs), key)


def verify_release(
    warrant: ValidWarrant, venue: RegisteredVenue, epoch_keys: Mapping[int, EpochKey], release: bytes
) -> VerifiedRelease:
    """The visits that a warrant covers.

    Raises `Malformed`, `InvalidSignature` or `OutOfScope` for the release as a whole. A check-in that does not hold,
    lies out of scope, or is of an epoch whose keys are not in `epoch_keys` is set aside and counted.
    """
    record = warrant.record
    if venue.record.venue != record.venue:  # step 1
        raise OutOfScope("the warrant names another venue")
    message = verify_statement(Release, release, venue.record.key)  # step 2
    if (message.domain, message.warrant, message.venue) != (record.domain, record.warrant, record.venue):  # step 3
        raise OutOfScope("the release is for another warrant")
    check_ins = []
    set_aside: Counter[str] = Counter()
    for released in message.epochs:
        for encoding in released.check_ins:
            try:
                check_ins.append(_verify_released(record, epoch_keys.get(released.epoch), encoding))  # step 4
            except (Malformed, Rejected) as error:
                set_aside[type(error).__name__] += 1
    kept: dict[int, dict[bytes, Visit]] = {}
    for epoch, visits in collect_visits(check_ins).items():  # step 5
        for u, visit in visits.items():
            if record.covers(visit.entered, visit.left):  # step 6
                kept.setdefault(epoch, {})[u] = visit
            else:
                set_aside[OutOfScope.__name__] += len(visit.check_ins)
    return VerifiedRelease(release_digest(release), record, kept, set_aside)


def release_digest(release: bytes) -> bytes:
    """The 32 bytes that stand for a signed release."""
    return digest32("release", release)


def _verify_released(warrant: Warrant, epoch_key: EpochKey | None, encoding: bytes) -> CheckIn:
    message = CheckInMessage.from_bytes(encoding)
    if epoch_key is None or not warrant.is_near(message.time) or message.venue not in (None, warrant.venue):
        raise OutOfScope("the check-in lies outside the warrant")
    return verify_check_in(epoch_key, message)


def _check_domain(domain: Domain, number: int) -> None:
    if number != domain.number:
        raise WrongDomain("the statement is of another domain")
