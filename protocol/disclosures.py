"""Disclosures: each party publishes what it gave shares for, and visitors find out whether they are among it.

Spec: §3.13. Before a party gives shares it commits to a record of the opening; the disclosure reveals the record when
the warrant's embargo is over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

from protocol.epochs import Domain, Role
from protocol.notices import VISIT_DIGEST_BYTES
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Size, Uint8, Uint32
from protocol.primitives.errors import MalformedEncoding, WrongDomain, WrongNumber, WrongParty
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.hashing import digest, digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.warrants import MAX_RELEASE, Warrant

MAX_OPENINGS = 16
"""Openings in one disclosure: so many of the longest fit into a message."""

Bytes10 = Annotated[bytes, Size(VISIT_DIGEST_BYTES, VISIT_DIGEST_BYTES)]


@dataclass(frozen=True, slots=True)
class OpeningRecord(Message):
    """Which passes a party gave shares for, under which warrant and for which release.

    `release` is the release digest, `digests` are ascending, `salt` is random.
    """

    warrant_id: Bytes16
    legal_reference: Annotated[str, Size(1, 256)]
    release: Bytes32
    digests: Annotated[tuple[Bytes10, ...], Size(1, MAX_RELEASE)]
    salt: Bytes32

    def __post_init__(self) -> None:
        if any(digest >= following for digest, following in pairwise(self.digests)):
            raise MalformedEncoding("the digests are not in ascending order, each once")

    @property
    def commitment(self) -> bytes:
        """The 32 bytes that a party puts on record before its shares leave. They tell nothing without the salt."""
        return digest32("opening", self.to_bytes())

    def names(self, u: bytes) -> bool:
        """Whether a pass (`u`, 32 bytes) is among those that were opened."""
        wanted = opened_visit(self.warrant_id, u)
        return self.digests[bisect_left(self.digests, wanted) :][:1] == (wanted,)


@dataclass(frozen=True, slots=True)
class DisclosedOpening(Message):
    """The record of an opening, and the index of the log entry that committed to it."""

    entry: Uint32
    record: OpeningRecord


@dataclass(frozen=True, slots=True)
class Disclosure(Message):
    """One of a party's disclosures, which are numbered from 0 on. `time`: Unix time of its publication."""

    TAG: ClassVar[str] = "disclosure"

    domain: Uint8
    role: Role
    number: Uint32
    time: Uint32
    openings: Annotated[tuple[DisclosedOpening, ...], Size(0, MAX_OPENINGS)]


def opened_visit(warrant_id: bytes, u: bytes) -> bytes:
    """The 10 bytes that stand for a pass (`u`, 32 bytes) that was opened under a warrant (its id, 16 bytes)."""
    return digest("opened-visit", warrant_id, u)[:VISIT_DIGEST_BYTES]


def record_opening(
    warrant: Warrant, release: bytes, passes: Iterable[bytes], random_bytes: RandomBytes = secure_random
) -> OpeningRecord:
    """Make the record of giving shares for passes of a release.

    Args:
        warrant: The warrant of the opening.
        release: The release's digest, 32 bytes.
        passes: The `u` of each pass, 32 bytes; at least one.
        random_bytes: Asked for 32 bytes for the salt.

    Returns:
        The record.
    """
    digests = {opened_visit(warrant.warrant_id, u) for u in passes}
    return OpeningRecord(warrant.warrant_id, warrant.legal_reference, release, tuple(sorted(digests)), random_bytes(32))


def sign_disclosure(
    domain: Domain, role: Role, number: int, time: int, openings: tuple[DisclosedOpening, ...], identity: SigningKey
) -> bytes:
    """Sign a party's disclosure.

    Args:
        domain: The domain, as it is pinned.
        role: The party that discloses.
        number: The disclosure's number, from 0 on.
        time: Unix time in seconds.
        openings: At most `MAX_OPENINGS`.
        identity: The party's identity key.

    Returns:
        The signed statement.
    """
    return sign_statement(Disclosure(domain.number, role, number, time, openings), identity)


def verify_disclosure(domain: Domain, role: Role, statement: bytes, number: int | None = None) -> Disclosure:
    """Check a party's disclosure.

    Args:
        domain: The domain, as it is pinned.
        role: The party that should have signed it.
        statement: The signed statement.
        number: The number that was asked for, or None for any.

    Returns:
        The disclosure.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain.
        WrongParty: It is of another role.
        WrongNumber: It has another number.
    """
    disclosure = verify_statement(Disclosure, statement, domain.identity_key(role))  # step 1
    if disclosure.domain != domain.number:  # step 2
        raise WrongDomain("the disclosure is of another domain", disclosure.domain)
    if disclosure.role is not role:  # step 3
        raise WrongParty("the disclosure is of another role")
    if number not in {None, disclosure.number}:  # step 4
        raise WrongNumber("the disclosure has another number", disclosure.number)
    return disclosure
