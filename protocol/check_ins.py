"""Check-ins: a pass, a label and a signature that ties them together. Spec: §3.8.

A door needs two Ed25519 verifications: the authority's over the pass, and the pass's own over its label. The second
also proves knowledge of the encryption's randomness, so that the ciphertext cannot be changed or moved to
another label.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from protocol.epochs import MAX_STAY, Domain, EpochKey
from protocol.passes import PASS_BYTES, OwnedPass, pass_signing_input
from protocol.primitives.encoding import Bytes16, Message, Size, Uint8, Uint32
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, WrongDomain, WrongEpoch
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.hashing import frame
from protocol.primitives.signatures import SIGNATURE_BYTES, sign_with_scalar, verify

TIME_STEP = 15
"""Label times are multiples of this many seconds: a finer clock would be a fingerprint."""
SIGNED_PASS_BYTES = PASS_BYTES + SIGNATURE_BYTES
MAX_CHECK_IN_BYTES = 204
"""The largest present-mode check-in: it fits a version 10 QR code at error correction M."""


class Direction(IntEnum):
    """Which way a visitor goes through the door."""

    ENTRY = 1
    EXIT = 2


@dataclass(frozen=True, slots=True)
class CheckInMessage(Message):
    """What a visitor shows or sends. `venue_id` is null in present mode: the phone does not know where it is.

    `signed_pass` is `u || v || pass signature || label signature`, 192 bytes. `time` is Unix time in seconds.
    """

    domain: Uint8
    time: Uint32
    direction: Direction
    venue_id: Bytes16 | None
    signed_pass: Annotated[bytes, Size(SIGNED_PASS_BYTES, SIGNED_PASS_BYTES)]

    def __post_init__(self) -> None:
        check_label_time(self.time)

    @property
    def u(self) -> bytes:
        """The one-time public key, 32 bytes: what makes a pass this pass."""
        return self.signed_pass[:32]

    @property
    def v(self) -> bytes:
        """The encrypted handle, 32 bytes."""
        return self.signed_pass[32:64]

    @property
    def pass_signature(self) -> bytes:
        """The authority's signature over the pass, 64 bytes."""
        return self.signed_pass[64:PASS_BYTES]

    @property
    def label_signature(self) -> bytes:
        """The pass's signature over the label, 64 bytes."""
        return self.signed_pass[PASS_BYTES:]


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A check-in whose two signatures hold; made by `verify_check_in` alone."""

    message: CheckInMessage
    epoch: int


def check_label_time(time: int) -> None:
    """Check that a time is one that a label may have.

    Args:
        time: Unix time in seconds.

    Raises:
        MalformedEncoding: It is not a multiple of `TIME_STEP`.
    """
    if time % TIME_STEP:
        raise MalformedEncoding(f"a label time is a multiple of {TIME_STEP} seconds")


def label_time(now: int) -> int:
    """What a label made at Unix time `now` (seconds) says: rounded down to the step."""
    return now - now % TIME_STEP


def sign_check_in(
    epoch_key: EpochKey,
    owned: OwnedPass,
    time: int,
    direction: Direction,
    venue_id: bytes | None = None,
    random_bytes: RandomBytes = secure_random,
) -> CheckInMessage:
    """Sign a label with a pass.

    Args:
        epoch_key: The verified keys of the epoch.
        owned: The pass and its signing key.
        time: Unix time in seconds; it is rounded down to the label's step.
        direction: Entry or exit.
        venue_id: 16 bytes, or None in present mode.
        random_bytes: Asked for 32 bytes for the signature.

    Returns:
        The check-in to show or to send.
    """
    time = label_time(time)
    public = bytes(owned.public)
    signing_input = label_signing_input(epoch_key, time, direction, venue_id, public)
    signature = sign_with_scalar(owned.r, owned.public.u, signing_input, random_bytes)
    return CheckInMessage(epoch_key.domain.number, time, direction, venue_id, public + signature)


def possible_epochs(domain: Domain, time: int, direction: Direction) -> range:
    """The epochs that a label may belong to: an entry's time decides; an exit stays in its entry's epoch.

    Args:
        domain: The domain, as it is pinned.
        time: The label's Unix time in seconds.
        direction: Entry or exit.

    Returns:
        The epochs, the earliest first.
    """
    last = domain.epoch_at(time)
    first = domain.epoch_at(time - MAX_STAY) if direction is Direction.EXIT else last
    return range(first, last + 1)


def verify_check_in(epoch_key: EpochKey, message: CheckInMessage) -> CheckIn:
    """Check label and signatures against an epoch's keys.

    Whether the label is fresh and the pass unspent is the door's to know.

    Args:
        epoch_key: The verified keys of the epoch.
        message: The decoded check-in.

    Returns:
        The verified check-in.

    Raises:
        WrongDomain: It is of another domain.
        WrongEpoch: Its time lies outside the epoch.
        InvalidSignature: The authority did not issue the pass, or the pass did not sign the label.
    """
    if message.domain != epoch_key.domain.number:  # step 1
        raise WrongDomain("the check-in is of another domain", message.domain)
    if epoch_key.epoch not in possible_epochs(epoch_key.domain, message.time, message.direction):  # step 2
        raise WrongEpoch("the check-in's time lies outside the epoch", epoch_key.domain.epoch_at(message.time))
    u = message.u
    issued = pass_signing_input(epoch_key, u, message.v)
    if not verify(bytes(epoch_key.pass_key), issued, message.pass_signature):  # step 3
        raise InvalidSignature("the authority did not issue this pass in this epoch")
    signing_input = label_signing_input(
        epoch_key, message.time, message.direction, message.venue_id, message.signed_pass[:PASS_BYTES]
    )
    if not verify(u, signing_input, message.label_signature):  # step 4
        raise InvalidSignature("the pass did not sign this label")
    return CheckIn(message, epoch_key.epoch)


def label_signing_input(
    epoch_key: EpochKey, time: int, direction: Direction, venue_id: bytes | None, public_pass: bytes
) -> bytes:
    """What a pass signs: tag, epoch context, time (4 bytes), direction (1), venue (16, or 0 for none), pass (128).

    Args:
        epoch_key: The verified keys of the epoch.
        time: The label's Unix time in seconds.
        direction: Entry or exit.
        venue_id: 16 bytes, or None in present mode.
        public_pass: `u || v || pass signature`, 128 bytes.

    Returns:
        The signing input.
    """
    return frame(
        "check-in",
        epoch_key.context,
        time.to_bytes(4, "big"),
        bytes([direction]),
        venue_id or b"",
        public_pass,
    )
