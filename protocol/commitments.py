"""Commitments of venues to the check-ins they admitted, which show neither how many there are nor which. Spec: §3.9.

The check-ins of a venue are the leaves of an append-only Merkle tree. Hourly the venue tells both parties a salted
digest of the tree; what it releases later must fit all of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from protocol.check_ins import Direction
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Uint8, Uint32
from protocol.primitives.errors import ReplayedRequest, WrongDomain
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.transparency.merkle import CompactRange, leaf_hash
from protocol.warrants import Venue


@dataclass(frozen=True, slots=True)
class CommittedCheckIn(Message):
    """A leaf of a venue's tree: label and epoch of an admitted check-in, and the `check_in_digest` of its encoding."""

    epoch: Uint32
    time: Uint32
    direction: Direction
    digest: Bytes32


@dataclass(frozen=True, slots=True)
class VenueCommitment(Message):
    """What a venue tells both parties: the digest of its tree at Unix time `time`, signed with the venue's key."""

    TAG: ClassVar[str] = "venue-commitment"

    domain: Uint8
    venue_id: Bytes16
    time: Uint32
    commitment: Bytes32


@dataclass(frozen=True, slots=True)
class CommitmentOpening(Message):
    """What a commitment of time `time` was made with: its salt, and how many check-ins the tree had."""

    time: Uint32
    salt: Bytes32
    size: Uint32


@dataclass(frozen=True, slots=True)
class HeldCommitment(Message):
    """A commitment of a venue that a party has received, as it tells the other party: the 32 bytes and their time."""

    time: Uint32
    commitment: Bytes32


BEGINNING = CommitmentOpening(0, bytes(32), 0)
"""Stands for the empty tree, which nobody has to commit to."""


@dataclass(frozen=True, slots=True)
class KeptCommitment:
    """A commitment as its venue keeps it: the opening, the tree, and whether both parties have acknowledged it."""

    opening: CommitmentOpening
    tree: CompactRange
    acknowledged: bool = True


def check_in_digest(encoding: bytes) -> bytes:
    """The 32 bytes that stand for an admitted check-in, as it was received."""
    return digest32("committed-check-in", encoding)


def append_check_ins(tree: CompactRange, check_ins: Iterable[CommittedCheckIn]) -> CompactRange:
    """A venue's tree with further check-ins."""
    return tree.extend(leaf_hash(check_in.to_bytes()) for check_in in check_ins)


def commitment_digest(salt: bytes, tree: CompactRange) -> bytes:
    """The commitment (32 bytes) to a tree under a salt of 32 bytes."""
    return digest32("venue-commitment", salt, tree.size.to_bytes(8, "big"), tree.root())


def sign_commitment(
    venue: Venue, key: SigningKey, time: int, tree: CompactRange, random_bytes: RandomBytes = secure_random
) -> tuple[CommitmentOpening, bytes]:
    """Commit a venue to its tree.

    Args:
        venue: The venue's record.
        key: The venue's key.
        time: Unix time in seconds.
        tree: The venue's tree at that time.
        random_bytes: Asked for 32 bytes for the salt.

    Returns:
        How to open the commitment, and the signed statement.
    """
    opening = CommitmentOpening(time, random_bytes(32), tree.size)
    return opening, sign_again(venue, key, opening, tree)


def sign_again(venue: Venue, key: SigningKey, opening: CommitmentOpening, tree: CompactRange) -> bytes:
    """Sign the same commitment once more, for a party that may not have received it.

    Args:
        venue: The venue's record.
        key: The venue's key.
        opening: How the commitment opens.
        tree: The venue's tree at its time.

    Returns:
        The signed statement.
    """
    message = VenueCommitment(venue.domain, venue.venue_id, opening.time, commitment_digest(opening.salt, tree))
    return sign_statement(message, key)


def verify_commitment(venue: Venue, statement: bytes, now: int) -> VenueCommitment:
    """Check a commitment that a venue made just now: a later claim to an earlier time proves nothing.

    Args:
        venue: The venue's record.
        statement: The signed commitment.
        now: Unix time in seconds.

    Returns:
        The commitment.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain or venue.
        ReplayedRequest: Its time is more than `REQUEST_TOLERANCE` from now.
    """
    message = verify_statement(VenueCommitment, statement, venue.key)  # step 1
    if (message.domain, message.venue_id) != (venue.domain, venue.venue_id):  # step 2
        raise WrongDomain("the commitment is of another domain or venue", message.domain)
    if abs(now - message.time) > REQUEST_TOLERANCE:  # step 3
        raise ReplayedRequest("the commitment's time is not now; check both clocks")
    return message
