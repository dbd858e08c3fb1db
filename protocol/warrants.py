"""Venues and warrants. Spec: §3.9.

A venue counts, and a warrant is valid, once both parties have signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Domain
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.encoding import Bytes16, Message, Range, Size, Uint8, Uint32
from protocol.primitives.errors import ConflictingStatements, OutOfScope, WrongDomain
from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import (
    JointStatement,
    Statement,
    sign_statement,
    statement_payload,
    verify_joint_statement,
    verify_statement,
)

MAX_RELEASE = 50_000
"""How many check-ins a release shows, and so how many passes a party gives shares for at a time."""
MAX_RECORDS = 1_000_000
"""How many passes one warrant may allow to open, in all its parts."""
MAX_WARRANT_DAYS = 31
"""How many epochs after the first a warrant's window may touch."""
MAX_EMBARGO = 90 * EPOCH_SECONDS
"""How many seconds after a warrant's issue what was opened under it is published at the latest."""

Advice = Annotated[str, Size(0, 1000)]
"""What those who are warned should do."""


@dataclass(frozen=True, slots=True)
class Venue(Message):
    """A venue as both parties register it. `url` is where its server takes scan-mode check-ins, or empty."""

    TAG: ClassVar[str] = "venue"

    domain: Uint8
    venue_id: Bytes16
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
    signed it. `expires`: after this no share is released, and no notice signed. `discloses`: from then on both parties
    publish what was opened. `advice`: what a notice under it tells those concerned; empty if it is for opening.
    """

    TAG: ClassVar[str] = "warrant"

    domain: Uint8
    warrant_id: Bytes16
    venue_id: Bytes16
    purpose: Purpose
    begins: Uint32
    ends: Uint32
    assumed_stay: Annotated[int, Range(0, MAX_STAY)]
    legal_reference: Annotated[str, Size(1, 256)]
    max_records: Annotated[int, Range(1, MAX_RECORDS)]
    issued: Uint32
    expires: Uint32
    discloses: Uint32
    advice: Advice = ""

    def __post_init__(self) -> None:
        if self.begins >= self.ends:  # step 1
            raise OutOfScope("a warrant's window must end after it begins", self.warrant_id)
        if self.issued > min(self.expires, self.discloses):  # step 2
            raise OutOfScope("a warrant must not expire or disclose before it is issued", self.warrant_id)
        if self.discloses > self.issued + MAX_EMBARGO:  # step 3
            raise OutOfScope("a warrant's embargo lasts too long", self.warrant_id)
        if bool(self.advice) is not (self.purpose is Purpose.NOTICE):  # step 4
            raise OutOfScope("a warrant for a notice has advice, and no other has", self.warrant_id)

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


def sign_application(record: Venue, key: SigningKey, previous: SigningKey | None = None) -> bytes:
    """Sign a venue's application.

    Args:
        record: The venue's record, with its key.
        key: The secret key of that key.
        previous: In a change of key the key before, unless it is lost.

    Returns:
        The signed application.
    """
    agreed = None if previous is None else sign_statement(VenueApplication(record), previous)
    return sign_statement(VenueApplication(record, agreed), key)


def verify_application(domain: Domain, application: bytes) -> VenueApplication:
    """Check that an application is signed with the very key that it names.

    Args:
        domain: The domain, as it is pinned.
        application: The signed application.

    Returns:
        The application.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain.
    """
    claimed = VenueApplication.from_bytes(statement_payload(application))
    verified = verify_statement(VenueApplication, application, claimed.venue.key)  # step 1
    _check_domain(domain, verified.venue.domain)  # step 2
    return verified


def is_agreed(application: VenueApplication, known: Venue) -> bool:
    """Whether a change of key is signed with the venue's key before.

    Args:
        application: The verified application.
        known: The record that is known of the venue.

    Returns:
        False if it does not say so.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        ConflictingStatements: The previous key signed another application.
    """
    if application.previous is None:
        return False
    agreed = verify_statement(VenueApplication, application.previous, known.key)  # step 3
    wanted = VenueApplication(application.venue)
    if agreed != wanted:  # step 4
        raise ConflictingStatements("the previous key signed another record", application.previous, wanted.to_bytes())
    return True


def verify_venue(domain: Domain, joint: JointStatement) -> RegisteredVenue:
    """Check a venue's record that both parties signed.

    Args:
        domain: The domain, as it is pinned.
        joint: The two signed statements.

    Returns:
        The venue.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        ConflictingStatements: The parties signed different records.
        WrongDomain: It is of another domain.
    """
    record = verify_joint_statement(Venue, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    return RegisteredVenue(record)


def verify_warrant(domain: Domain, joint: JointStatement, now: int) -> ValidWarrant:
    """Check a warrant that both officers signed.

    Args:
        domain: The domain, as it is pinned.
        joint: The two signed statements.
        now: Unix time in seconds.

    Returns:
        The warrant.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        ConflictingStatements: The parties signed different warrants.
        WrongDomain: It is of another domain.
        OutOfScope: It is not issued yet, has expired, or has a window of too many days.
    """
    record = verify_joint_statement(Warrant, joint, domain.authority_key, domain.operator_key)  # step 1
    _check_domain(domain, record.domain)  # step 2
    check_issued(record, now)  # step 3
    if now > record.expires:  # step 4
        raise OutOfScope("the warrant has expired", record.warrant_id)
    warrant_epochs(domain, record)  # step 5
    return ValidWarrant(record)


def warrant_epochs(domain: Domain, warrant: Warrant) -> range:
    """The epochs that a visit in a warrant's window may be of.

    Args:
        domain: The domain, as it is pinned.
        warrant: The warrant.

    Returns:
        The epochs, in their order.

    Raises:
        OutOfScope: They are too many.
    """
    first, last = domain.epoch_at(warrant.begins - MAX_STAY), domain.epoch_at(warrant.ends - 1)
    if last - first > MAX_WARRANT_DAYS:
        raise OutOfScope(f"a warrant's window spans at most {MAX_WARRANT_DAYS} days", warrant.warrant_id)
    return range(first, last + 1)


def check_issued(warrant: Warrant, now: int) -> None:
    """Check that a warrant is issued already: else newer commitments would count.

    Args:
        warrant: The warrant.
        now: Unix time in seconds.

    Raises:
        OutOfScope: It says that it is issued more than `REQUEST_TOLERANCE` from now.
    """
    if warrant.issued > now + REQUEST_TOLERANCE:
        raise OutOfScope("the warrant is not issued yet", warrant.warrant_id)


def _check_domain(domain: Domain, number: int) -> None:
    if number != domain.number:
        raise WrongDomain("the statement is of another domain", number)
