"""The transparency logs of a domain: who signs and cosigns them, and what an entry in one proves. Spec: §3.11."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from nacl.bindings import crypto_hash_sha256

from protocol.epochs import Domain, Role
from protocol.primitives.encoding import Bytes32, Message, Size, Uint32
from protocol.primitives.errors import InconsistentLog, NotLogged
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import statement_payload
from protocol.transparency.log_entries import EpochPublished, LogEntry
from protocol.transparency.merkle import leaf_hash, verify_consistency, verify_inclusion
from protocol.transparency.signed_notes import (
    MAX_NOTE_BYTES,
    Checkpoint,
    cosign,
    sign_note,
    verify_checkpoint,
    verify_cosignature,
)
from protocol.transparency.tiles import MAX_ENTRY_BYTES

COSIGNING_SECONDS = 3600
"""A party has its checkpoint cosigned anew at least so often."""
MAX_PROOF = 63


@dataclass(frozen=True, slots=True)
class WitnessedCheckpoint:
    """A checkpoint that its log signed and the other party cosigned, last at Unix time `time`.

    Made by `verify_witnessed` alone.
    """

    checkpoint: Checkpoint
    time: int


@dataclass(frozen=True, slots=True)
class Inclusion(Message):
    """That an entry is in a log: `proof` leads from the entry at `index` to the root of a witnessed checkpoint."""

    index: Uint32
    entry: Annotated[bytes, Size(1, MAX_ENTRY_BYTES)]
    checkpoint: Annotated[bytes, Size(1, MAX_NOTE_BYTES)]
    proof: Annotated[tuple[Bytes32, ...], Size(0, MAX_PROOF)]


def other_party(role: Role) -> Role:
    """The party that witnesses a party's log."""
    return Role.AUTHORITY if role is Role.OPERATOR else Role.OPERATOR


def log_origin(domain: Domain, role: Role) -> str:
    """The name of a party's log, and of the party as a witness."""
    return f"splitpass/{digest32('log-origin', domain.to_bytes())[:8].hex()}/{role.name.lower()}"


def log_id(domain: Domain, role: Role) -> str:
    """What a witness calls a party's log in its paths: SHA-256 of the origin, in hexadecimal."""
    return crypto_hash_sha256(log_origin(domain, role).encode()).hex()


def sign_log(domain: Domain, role: Role, size: int, root: bytes, identity: SigningKey) -> bytes:
    """Sign a checkpoint of a party's log.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        size: How many entries the log has.
        root: The root of their tree, 32 bytes.
        identity: The party's identity key.

    Returns:
        The note.
    """
    origin = log_origin(domain, role)
    return sign_note(Checkpoint(origin, size, root).text, origin, identity)


def verify_log(domain: Domain, role: Role, note: bytes) -> Checkpoint:
    """Check a checkpoint of a party's log.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        note: The signed checkpoint.

    Returns:
        The checkpoint.

    Raises:
        MalformedNote: It is no checkpoint.
        InvalidSignature: A signature does not hold or is missing.
        WrongParty: It is of another log.
    """
    return verify_checkpoint(note, log_origin(domain, role), domain.identity_key(role))


def witness_log(domain: Domain, role: Role, note: bytes, time: int, identity: SigningKey) -> bytes:
    """Cosign a checkpoint, once its consistency is checked.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        note: The signed checkpoint.
        time: Unix time in seconds.
        identity: The identity key of the other party, the witness.

    Returns:
        The line to add to the note.

    Raises:
        MalformedNote: It is no note.
    """
    return cosign(note, log_origin(domain, other_party(role)), time, identity)


def verify_witnessed(domain: Domain, role: Role, note: bytes) -> WitnessedCheckpoint:
    """Check a checkpoint of a party's log with the other party's cosignature.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        note: The signed and cosigned checkpoint.

    Returns:
        The checkpoint, and when it was cosigned last.

    Raises:
        MalformedNote: It is no checkpoint.
        InvalidSignature: A signature does not hold or is missing.
        WrongParty: It is of another log.
    """
    checkpoint, witness = verify_log(domain, role, note), other_party(role)
    time = verify_cosignature(note, log_origin(domain, witness), domain.identity_key(witness))
    return WitnessedCheckpoint(checkpoint, time)


def check_consistency(earlier: Checkpoint, later: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that a log continues what it was before.

    Args:
        earlier: A verified checkpoint.
        later: Another verified one of the same log.
        proof: Hashes of 32 bytes.

    Raises:
        InconsistentLog: It does not.
    """
    if not verify_consistency(earlier.size, earlier.root, later.size, later.root, proof):
        raise InconsistentLog(f"{later.origin}: {later.size} entries do not continue the {earlier.size} before")


def verify_logged_entry(domain: Domain, role: Role, inclusion: Inclusion) -> WitnessedCheckpoint:
    """Check that an entry is in a party's log.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        inclusion: The entry and its proof.

    Returns:
        The checkpoint that proves it.

    Raises:
        MalformedNote: It is no checkpoint.
        InvalidSignature: A signature does not hold or is missing.
        WrongParty: It is of another log.
        NotLogged: The proof does not hold.
    """
    witnessed = verify_witnessed(domain, role, inclusion.checkpoint)  # step 1
    tree = witnessed.checkpoint
    leaf = leaf_hash(inclusion.entry)
    if not verify_inclusion(leaf, inclusion.index, tree.size, inclusion.proof, tree.root):  # step 2
        raise NotLogged("the entry is not in the log")
    return witnessed


def verify_logged_epoch(domain: Domain, role: Role, statement: bytes, inclusion: Inclusion) -> WitnessedCheckpoint:
    """Check that a party's statement of an epoch is in its log.

    Args:
        domain: The domain, as it is pinned.
        role: The party whose log it is.
        statement: The signed statement.
        inclusion: The entry and its proof.

    Returns:
        The checkpoint that proves it.

    Raises:
        Malformed: A part does not decode.
        InvalidSignature: A signature does not hold or is missing.
        WrongParty: It is of another log.
        NotLogged: The proof does not hold, or the entry has another statement.
    """
    witnessed = verify_logged_entry(domain, role, inclusion)
    contents = LogEntry.from_bytes(inclusion.entry).contents  # step 3
    said = statement_payload(contents.statement) if isinstance(contents, EpochPublished) else None
    if said != statement_payload(statement):  # step 4
        raise NotLogged("the log has another statement than the one that was shown")
    return witnessed
