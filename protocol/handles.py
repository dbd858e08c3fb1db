"""Handles and the sealed directory. Spec: §3.6.

For each epoch a visitor registers a fresh handle `U = h * B`. The operator seals the identity record under a key that
only `U` gives and deposits it with the authority, which can read it once an opening has shown it `U`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, NewType

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    sodium_pad,
    sodium_unpad,
)
from nacl.exceptions import CryptoError

from protocol.epochs import EpochKey
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Size, Uint8, Uint32, decode_item
from protocol.primitives.errors import (
    InvalidEntry,
    InvalidProof,
    InvalidReceipt,
    Malformed,
    MalformedEncoding,
    Rejected,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.proofs import KnowledgeProof, prove_knowledge, verify_knowledge
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import Statement, sign_statement, statement_payload, verify_statement

RECORD_BYTES = 512
"""Every signed identity record is padded to this length, so that no entry tells a name's length."""
NONCE_BYTES = 24
ENTRY_BYTES = RECORD_BYTES + 16
MAX_DEPOSITS = 300
"""How many entries one request deposits at most."""

Phone = Annotated[str, Size(4, 16)]
"""A telephone number in E.164 form: `+` and 3 to 15 digits."""
Name = Annotated[str, Size(1, 128)]

Handle = NewType("Handle", Point)
"""A handle `U` whose proof of knowledge was verified for its account and epoch."""


@dataclass(frozen=True, slots=True)
class HandleRegistration(Message):
    """A visitor's handle for an epoch, with a proof that it knows `h`."""

    epoch: Uint32
    handle: Point
    knowledge: KnowledgeProof

    def __repr__(self) -> str:
        return "HandleRegistration(hidden)"


@dataclass(frozen=True, slots=True)
class IdentityRecord(Message):
    """The operator's word that a handle stands for a verified person.

    `verified_on`: the day the number was last verified, in days since 1970-01-01 UTC.
    """

    TAG: ClassVar[str] = "identity-record"

    domain: Uint8
    epoch: Uint32
    handle: Point
    phone: Phone
    name: Name
    verified_on: Uint32

    def __repr__(self) -> str:
        return "IdentityRecord(hidden)"


@dataclass(frozen=True, slots=True)
class DirectoryEntry(Message):
    """A sealed identity record and the index under which whoever learns `U` finds it."""

    epoch: Uint32
    index: Bytes32
    nonce: Annotated[bytes, Size(NONCE_BYTES, NONCE_BYTES)]
    sealed: Annotated[bytes, Size(ENTRY_BYTES, ENTRY_BYTES)]


@dataclass(frozen=True, slots=True)
class DirectoryReceipt(Message):
    """The authority's word that it holds an entry. `entry` is the 32-byte digest of the entry."""

    TAG: ClassVar[str] = "directory-receipt"

    domain: Uint8
    epoch: Uint32
    entry: Bytes32


@dataclass(frozen=True, slots=True)
class DirectoryBatch(Message):
    """Entries of one epoch that the operator deposits together, each once, in the order of their indexes."""

    entries: Annotated[tuple[DirectoryEntry, ...], Size(1, MAX_DEPOSITS)]

    def __post_init__(self) -> None:
        if len({entry.epoch for entry in self.entries}) > 1:
            raise MalformedEncoding("a batch has entries of one epoch")
        indexes = [entry.index for entry in self.entries]
        if any(before >= after for before, after in pairwise(indexes)):
            raise MalformedEncoding("the entries of a batch are in the order of their indexes, each once")

    @property
    def epoch(self) -> int:
        """The epoch of all entries."""
        return self.entries[0].epoch


@dataclass(frozen=True, slots=True)
class DirectoryReceipts(Message):
    """A receipt for each entry of a batch, in its order; null for one whose index another entry has."""

    receipts: Annotated[tuple[Statement | None, ...], Size(1, MAX_DEPOSITS)]


@dataclass(frozen=True, slots=True)
class HandleGrant(Message):
    """What a visitor gets back: the operator's signed record, the sealed entry and the authority's receipt."""

    record: Statement
    entry: DirectoryEntry
    receipt: Statement

    def __repr__(self) -> str:
        return "HandleGrant(hidden)"


def register_handle(
    epoch_key: EpochKey, account_id: bytes, random_bytes: RandomBytes = secure_random
) -> tuple[Scalar, HandleRegistration]:
    """Draw `h` and prove knowledge of it, bound to the account and the epoch context.

    Args:
        epoch_key: The verified keys of the epoch.
        account_id: 16 bytes.
        random_bytes: Asked for 64 bytes for `h`, then for 32 for the proof.

    Returns:
        The secret `h`, and the registration.
    """
    h = Scalar.random(random_bytes)
    U = h * B
    proof = prove_knowledge("handle", frame("handle", epoch_key.context, account_id), h, U, random_bytes)
    return h, HandleRegistration(epoch_key.epoch, U, proof)


def verify_registration(epoch_key: EpochKey, account_id: Bytes16, registration: HandleRegistration) -> Handle:
    """Check a visitor's registration of a handle.

    Args:
        epoch_key: The verified keys of the epoch.
        account_id: 16 bytes.
        registration: What the visitor sent.

    Returns:
        The handle of the account.

    Raises:
        WrongEpoch: It is registered for another epoch.
        InvalidProof: The proof of knowledge does not hold.
    """
    if registration.epoch != epoch_key.epoch:  # step 1
        raise WrongEpoch("the handle is registered for another epoch", registration.epoch)
    context = frame("handle", epoch_key.context, account_id)
    if not verify_knowledge("handle", context, registration.handle, registration.knowledge):  # step 2
        raise InvalidProof("the handle's proof of knowledge does not hold")
    return Handle(registration.handle)


def directory_index(epoch_key: EpochKey, handle: Point | bytes) -> bytes:
    """The 32-byte index of the entry of a handle, or of its 32-byte encoding."""
    return digest32("directory-index", epoch_key.context, bytes(handle))


def seal_record(
    epoch_key: EpochKey, record: IdentityRecord, operator: SigningKey, random_bytes: RandomBytes = secure_random
) -> tuple[bytes, DirectoryEntry]:
    """Sign an identity record and seal it under a key derived from its handle.

    Args:
        epoch_key: The verified keys of the epoch.
        record: The identity record.
        operator: The operator's identity key.
        random_bytes: Asked for 24 bytes.

    Returns:
        The signed record, which is also the visitor's receipt, and the entry.
    """
    signed = sign_statement(record, operator)
    index = directory_index(epoch_key, record.handle)
    nonce = random_bytes(NONCE_BYTES)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        sodium_pad(signed, RECORD_BYTES), index, nonce, _directory_key(epoch_key, record.handle)
    )
    return signed, DirectoryEntry(epoch_key.epoch, index, nonce, sealed)


def open_entry(epoch_key: EpochKey, handle: Point, entry: DirectoryEntry) -> IdentityRecord:
    """Open the entry of a handle.

    Args:
        epoch_key: The verified keys of the epoch.
        handle: `U`.
        entry: The directory entry.

    Returns:
        The record that the operator sealed.

    Raises:
        InvalidEntry: It cannot be opened or holds another handle's record, whatever is wrong.
    """
    index = directory_index(epoch_key, handle)
    try:
        signed = _unseal(epoch_key, handle, index, entry)  # step 1
        record = verify_statement(IdentityRecord, signed, epoch_key.domain.operator_key)  # step 2
    except (CryptoError, Malformed, Rejected):
        raise InvalidEntry("the entry cannot be opened with this handle") from None
    if (entry.index, entry.epoch, record.domain, record.epoch, record.handle) != (  # step 3
        index,
        epoch_key.epoch,
        epoch_key.domain.number,
        epoch_key.epoch,
        handle,
    ):
        raise InvalidEntry("the entry holds the record of another handle")
    return record


def reopen_entry(epoch_key: EpochKey, handle: bytes, entry: DirectoryEntry) -> tuple[str, str, int]:
    """Read an entry that the caller opened before with `open_entry`, and has kept: nothing of it is verified again.

    Args:
        epoch_key: The verified keys of the epoch.
        handle: The encoding of `U`, 32 bytes.
        entry: The directory entry.

    Returns:
        Phone, name and `verified_on` of the record that the operator sealed.

    Raises:
        InvalidEntry: It cannot be opened.
    """
    try:
        signed = _unseal(epoch_key, handle, directory_index(epoch_key, handle), entry)
        _domain, _epoch, _handle, phone, name, verified_on = decode_item(statement_payload(signed))
    except (CryptoError, Malformed):
        raise InvalidEntry("the entry cannot be opened with this handle") from None
    return phone, name, verified_on


def _unseal(epoch_key: EpochKey, handle: Point | bytes, index: bytes, entry: DirectoryEntry) -> bytes:
    """The signed record, unverified; raises `CryptoError`."""
    key = _directory_key(epoch_key, handle)
    padded = crypto_aead_xchacha20poly1305_ietf_decrypt(entry.sealed, index, entry.nonce, key)
    unpadded: bytes = sodium_unpad(padded, RECORD_BYTES)
    return unpadded


def sign_receipt(epoch_key: EpochKey, entry: DirectoryEntry, authority: SigningKey) -> bytes:
    """Sign the authority's receipt for an entry that it has stored.

    Args:
        epoch_key: The verified keys of the epoch.
        entry: The directory entry.
        authority: The authority's identity key.

    Returns:
        The signed receipt.
    """
    receipt = DirectoryReceipt(epoch_key.domain.number, epoch_key.epoch, _entry_digest(epoch_key, entry))
    return sign_statement(receipt, authority)


def verify_receipt(epoch_key: EpochKey, entry: DirectoryEntry, receipt: bytes) -> None:
    """Check that the authority's receipt covers an entry.

    Args:
        epoch_key: The verified keys of the epoch.
        entry: The directory entry.
        receipt: The signed receipt.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        InvalidReceipt: It is for another entry.
    """
    message = verify_statement(DirectoryReceipt, receipt, epoch_key.domain.authority_key)
    if message != DirectoryReceipt(epoch_key.domain.number, epoch_key.epoch, _entry_digest(epoch_key, entry)):
        raise InvalidReceipt("the authority's receipt is for another entry")


def verify_grant(epoch_key: EpochKey, handle: Point, grant: HandleGrant) -> IdentityRecord:
    """Check, as the visitor, that the entry is what the authority holds and says what the operator signed.

    Args:
        epoch_key: The verified keys of the epoch.
        handle: `U`.
        grant: What the operator answered.

    Returns:
        The record.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        InvalidEntry: The entry holds another record than the signed one.
        InvalidReceipt: The receipt is for another entry.
    """
    record = open_entry(epoch_key, handle, grant.entry)  # step 1
    if verify_statement(IdentityRecord, grant.record, epoch_key.domain.operator_key) != record:  # step 2
        raise InvalidEntry("the sealed record is not the signed one")
    verify_receipt(epoch_key, grant.entry, grant.receipt)  # step 3
    return record  # step 4 is the caller's, who knows name and phone


def _directory_key(epoch_key: EpochKey, handle: Point | bytes) -> bytes:
    return digest32("directory-key", epoch_key.context, bytes(handle))


def _entry_digest(epoch_key: EpochKey, entry: DirectoryEntry) -> bytes:
    return digest32("directory-entry", epoch_key.context, entry.to_bytes())
