"""Assisted check-ins: a name and a number that door staff took down for somebody without a phone. Spec: §3.8.

The device at the door seals them at once to the joint key, so that the door keeps nothing that it can read. No party
verified them: they are the venue's assertion, and are marked as that when they are opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    sodium_pad,
    sodium_unpad,
)
from nacl.exceptions import CryptoError

from protocol.check_ins import Direction, check_label_time, label_time
from protocol.epochs import EpochKey
from protocol.handles import Name, Phone
from protocol.primitives.encoding import Bytes16, Message, Size, Uint8, Uint32
from protocol.primitives.errors import InvalidEntry, InvalidSignature, Malformed, WrongDomain, WrongEpoch
from protocol.primitives.group import B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.signatures import SIGNATURE_BYTES, sign_with_scalar, verify

ASSERTED_RECORD_BYTES = 256
"""Every name and number is padded to this length, so that no check-in tells how long a name is."""
SEALED_ASSERTION_BYTES = ASSERTED_RECORD_BYTES + 16

_NONCE = bytes(24)  # every record has a fresh key


@dataclass(frozen=True, slots=True)
class AssertedRecord(Message):
    """Who somebody said to be, as door staff typed it."""

    name: Name
    phone: Phone

    def __repr__(self) -> str:
        return "AssertedRecord(hidden)"


@dataclass(frozen=True, slots=True)
class AssistedCheckIn(Message):
    """A sealed record with its label: always an entry, at the venue that made it.

    `u = r * B` for an `r` that nobody keeps; `sealed` has 272 bytes, `signature` is by `r`. `time` is Unix time in
    seconds.
    """

    domain: Uint8
    time: Uint32
    venue_id: Bytes16
    u: Point
    sealed: Annotated[bytes, Size(SEALED_ASSERTION_BYTES, SEALED_ASSERTION_BYTES)]
    signature: Annotated[bytes, Size(SIGNATURE_BYTES, SIGNATURE_BYTES)]

    def __post_init__(self) -> None:
        check_label_time(self.time)

    @property
    def direction(self) -> Direction:
        """Somebody without a phone has no pass to leave with."""
        return Direction.ENTRY


@dataclass(frozen=True, slots=True)
class AssistedEntry:
    """An assisted check-in whose signature holds; made by `verify_assisted` alone."""

    message: AssistedCheckIn
    epoch: int


def seal_assisted(
    epoch_key: EpochKey, record: AssertedRecord, time: int, venue_id: bytes, random_bytes: RandomBytes = secure_random
) -> AssistedCheckIn:
    """Seal a record to the joint key, for one label; `r` and the key are forgotten when this returns.

    Args:
        epoch_key: The verified keys of the epoch.
        record: The name and number that were typed.
        time: Unix time in seconds; it is rounded down to the label's step.
        venue_id: 16 bytes.
        random_bytes: Asked for 64 bytes for `r`, then for 32 for the signature.

    Returns:
        The check-in, signed with `r`.

    Raises:
        MalformedEncoding: Name or number is of a wrong size.
    """
    time = label_time(time)
    r = Scalar.random(random_bytes)  # step 1
    u, S = r * B, r * epoch_key.X
    padded = sodium_pad(record.to_bytes(), ASSERTED_RECORD_BYTES)  # step 2
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, _label(epoch_key, time, venue_id, u), _NONCE, _key(epoch_key, u, S)
    )
    signing_input = _signing_input(epoch_key, time, venue_id, u, sealed)
    signature = sign_with_scalar(r, bytes(u), signing_input, random_bytes)  # step 3
    return AssistedCheckIn(epoch_key.domain.number, time, venue_id, u, sealed, signature)  # step 4


def verify_assisted(epoch_key: EpochKey, message: AssistedCheckIn) -> AssistedEntry:
    """Check label and signature against an epoch's keys.

    Nobody can tell yet whether anything is sealed in it.

    Args:
        epoch_key: The verified keys of the epoch.
        message: The decoded check-in.

    Returns:
        The verified check-in.

    Raises:
        WrongDomain: It is of another domain.
        WrongEpoch: Its time lies outside the epoch.
        InvalidSignature: Its own key did not sign the label.
    """
    if message.domain != epoch_key.domain.number:  # step 1
        raise WrongDomain("the check-in is of another domain", message.domain)
    if epoch_key.domain.epoch_at(message.time) != epoch_key.epoch:  # step 2
        raise WrongEpoch("the check-in's time lies outside the epoch", epoch_key.domain.epoch_at(message.time))
    signing_input = _signing_input(epoch_key, message.time, message.venue_id, message.u, message.sealed)
    if not verify(bytes(message.u), signing_input, message.signature):  # step 3
        raise InvalidSignature("the label was not signed with the check-in's own key")
    return AssistedEntry(message, epoch_key.epoch)


def open_assisted(epoch_key: EpochKey, entry: AssistedEntry, S: Point) -> AssertedRecord:
    """Read what the venue asserted.

    Args:
        epoch_key: The verified keys of the epoch.
        entry: The verified check-in.
        S: The sum of both parties' shares.

    Returns:
        The record.

    Raises:
        InvalidEntry: It cannot be opened or holds no record, whatever is wrong.
    """
    message = entry.message
    label = _label(epoch_key, message.time, message.venue_id, message.u)
    try:
        padded = crypto_aead_xchacha20poly1305_ietf_decrypt(  # step 1
            message.sealed, label, _NONCE, _key(epoch_key, message.u, S)
        )
        return AssertedRecord.from_bytes(sodium_unpad(padded, ASSERTED_RECORD_BYTES))  # step 2
    except (CryptoError, Malformed):
        raise InvalidEntry("the assisted check-in holds no record") from None


def _label(epoch_key: EpochKey, time: int, venue_id: bytes, u: Point) -> bytes:
    return frame("assisted-label", epoch_key.context, time.to_bytes(4, "big"), venue_id, bytes(u))


def _signing_input(epoch_key: EpochKey, time: int, venue_id: bytes, u: Point, sealed: bytes) -> bytes:
    return frame("assisted-check-in", epoch_key.context, time.to_bytes(4, "big"), venue_id, bytes(u), sealed)


def _key(epoch_key: EpochKey, u: Point, S: Point) -> bytes:
    return digest32("assisted-key", epoch_key.context, bytes(u), bytes(S))
