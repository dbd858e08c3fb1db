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
    """A party's checkpoint of its log, signed, as a note."""
    origin = log_origin(domain, role)
    return sign_note(Checkpoint(origin, size, root).text, origin, identity)


def verify_log(domain: Domain, role: Role, note: bytes) -> Checkpoint:
    """A party's checkpoint; raises `MalformedNote`, `InvalidSignature` or `WrongParty`."""
    return verify_checkpoint(note, log_origin(domain, role), domain.identity_key(role))


def witness_log(domain: Domain, role: Role, note: bytes, time: int, identity: SigningKey) -> bytes:
    """The line that the other party adds to a checkpoint of the log of `role`, once it has checked its consistency."""
    return cosign(note, log_origin(domain, other_party(role)), time, identity)


def verify_witnessed(domain: Domain, role: Role, note: bytes) -> WitnessedCheckpoint:
    """A party's checkpoint with the other party's cosignature; raises as `verify_log`."""
    checkpoint, witness = verify_log(domain, role, note), other_party(role)
    time = verify_cosignature(note, log_origin(domain, witness), domain.identity_key(witness))
    return WitnessedCheckpoint(checkpoint, time)


def check_consistency(earlier: Checkpoint, later: Checkpoint, proof: Sequence[bytes]) -> None:
    """Raise `InconsistentLog` unless `later` continues `earlier`, both verified checkpoints of one log."""
    if not verify_consistency(earlier.size, earlier.root, later.size, later.root, proof):
        raise InconsistentLog(f"{later.origin}: {later.size} entries do not continue the {earlier.size} before")


def verify_logged_entry(domain: Domain, role: Role, inclusion: Inclusion) -> WitnessedCheckpoint:
    """The checkpoint that proves an entry to be in a party's log; raises as `verify_log`, and `NotLogged`."""
    witnessed = verify_witnessed(domain, role, inclusion.checkpoint)  # step 1
    tree = witnessed.checkpoint
    leaf = leaf_hash(inclusion.entry)
    if not verify_inclusion(leaf, inclusion.index, tree.size, inclusion.proof, tree.root):  # step 2
        raise NotLogged("the entry is not in the log")
    return witnessed


def verify_logged_epoch(domain: Domain, role: Role, statement: bytes, inclusion: Inclusion) -> WitnessedCheckpoint:
    """The checkpoint that proves a party's statement of an epoch to be in its log.

    Raises `Malformed`, `InvalidSignature`, `WrongParty` or `NotLogged`.
    """
    witnessed = verify_logged_entry(domain, role, inclusion)
    contents = LogEntry.from_bytes(inclusion.entry).contents  # step 3
    said = statement_payload(contents.statement) if isinstance(contents, EpochPublished) else None
    if said != statement_payload(statement):  # step 4
        raise NotLogged("the log has another statement than the one that was shown")
    return witnessed
