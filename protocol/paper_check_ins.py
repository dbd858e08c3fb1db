"""Paper check-ins: what a door signs with the key on a paper pass, for its own venue. Spec: §3.8.

The pass signed that this key may sign for it, which also proves knowledge of the encryption's randomness. The reader
knows where it stands, so that every paper check-in names its venue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from protocol.check_ins import Direction, check_label_time, label_time, possible_epochs
from protocol.epochs import EpochKey
from protocol.paper_passes import DelegatedPass, verify_delegation
from protocol.passes import PASS_BYTES
from protocol.primitives.encoding import Bytes16, Message, Size, Uint8, Uint32
from protocol.primitives.errors import InvalidSignature, WrongDomain, WrongEpoch
from protocol.primitives.group import Point, RandomBytes, secure_random
from protocol.primitives.hashing import frame
from protocol.primitives.signatures import SIGNATURE_BYTES, sign_with_scalar, verify


@dataclass(frozen=True, slots=True)
class PaperCheckInMessage(Message):
    """A label of a venue, and the pass (128 bytes) that it is for.

    `paper_key` is `K`, `delegation` the pass's signature over it, and `label_signature` that of `K` over the label, 64
    bytes each. `time` is Unix time in seconds.
    """

    domain: Uint8
    time: Uint32
    direction: Direction
    venue_id: Bytes16
    public_pass: Annotated[bytes, Size(PASS_BYTES, PASS_BYTES)]
    paper_key: Point
    delegation: Annotated[bytes, Size(SIGNATURE_BYTES, SIGNATURE_BYTES)]
    label_signature: Annotated[bytes, Size(SIGNATURE_BYTES, SIGNATURE_BYTES)]

    def __post_init__(self) -> None:
        check_label_time(self.time)

    @property
    def u(self) -> bytes:
        """The one-time public key, 32 bytes: what makes a pass this pass."""
        return self.public_pass[:32]

    @property
    def v(self) -> bytes:
        """The encrypted handle, 32 bytes."""
        return self.public_pass[32:64]

    @property
    def pass_signature(self) -> bytes:
        """The authority's signature over the pass, 64 bytes."""
        return self.public_pass[64:]


@dataclass(frozen=True, slots=True)
class PaperCheckIn:
    """A paper check-in whose three signatures hold.

    `verify_paper_check_in` makes it of a message; so does the door that verified the paper and signed the label.
    """

    message: PaperCheckInMessage
    epoch: int


def sign_paper_check_in(
    epoch_key: EpochKey,
    delegated: DelegatedPass,
    time: int,
    direction: Direction,
    venue_id: bytes,
    random_bytes: RandomBytes = secure_random,
) -> PaperCheckInMessage:
    """Sign a label with a paper's key.

    Args:
        epoch_key: The verified keys of the epoch.
        delegated: The pass and the paper's key.
        time: Unix time in seconds; it is rounded down to the label's step.
        direction: Entry or exit.
        venue_id: 16 bytes.
        random_bytes: Asked for 32 bytes for the signature.

    Returns:
        The check-in.
    """
    time = label_time(time)
    public, K = delegated.public_pass, delegated.K
    signing_input = paper_label_signing_input(epoch_key, time, direction, venue_id, public, K)
    signature = sign_with_scalar(delegated.k, bytes(K), signing_input, random_bytes)
    return PaperCheckInMessage(
        epoch_key.domain.number, time, direction, venue_id, public, K, delegated.delegation, signature
    )


def verify_paper_check_in(epoch_key: EpochKey, message: PaperCheckInMessage) -> PaperCheckIn:
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
        InvalidSignature: One of the three signatures does not hold.
    """
    if message.domain != epoch_key.domain.number:  # step 1
        raise WrongDomain("the check-in is of another domain", message.domain)
    if epoch_key.epoch not in possible_epochs(epoch_key.domain, message.time, message.direction):  # step 2
        raise WrongEpoch("the check-in's time lies outside the epoch", epoch_key.domain.epoch_at(message.time))
    public, K = message.public_pass, message.paper_key
    verify_delegation(epoch_key, public, K, message.delegation)
    signing_input = paper_label_signing_input(epoch_key, message.time, message.direction, message.venue_id, public, K)
    if not verify(bytes(K), signing_input, message.label_signature):  # step 5
        raise InvalidSignature("the paper's key did not sign this label")
    return PaperCheckIn(message, epoch_key.epoch)


def paper_label_signing_input(
    epoch_key: EpochKey, time: int, direction: Direction, venue_id: bytes, public_pass: bytes, K: Point
) -> bytes:
    """What a paper's key signs: tag, epoch context, time (4 bytes), direction (1), venue (16), pass (128), `K` (32).

    Args:
        epoch_key: The verified keys of the epoch.
        time: The label's Unix time in seconds.
        direction: Entry or exit.
        venue_id: 16 bytes.
        public_pass: `u || v || pass signature`, 128 bytes.
        K: The paper's public key.

    Returns:
        The signing input.
    """
    return frame(
        "paper-check-in",
        epoch_key.context,
        time.to_bytes(4, "big"),
        bytes([direction]),
        venue_id,
        public_pass,
        bytes(K),
    )
