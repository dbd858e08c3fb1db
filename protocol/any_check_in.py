"""What a venue keeps and may release: check-ins with a pass, on a screen or on paper, and assisted ones.

Spec: §3.8, §3.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from protocol.assisted_check_ins import AssistedCheckIn, AssistedEntry, verify_assisted
from protocol.check_ins import CheckIn, CheckInMessage, verify_check_in
from protocol.epochs import EpochKey
from protocol.paper_check_ins import PaperCheckIn, PaperCheckInMessage, verify_paper_check_in
from protocol.primitives.errors import Malformed, Rejected

PassCheckInMessage = CheckInMessage | PaperCheckInMessage
"""A check-in with a pass, whose `(u, v)` opens to a handle."""
AnyCheckInMessage = PassCheckInMessage | AssistedCheckIn
AnyCheckIn = CheckIn | PaperCheckIn | AssistedEntry
"""The same, verified."""
CheckInVerifier = Callable[[Sequence[tuple[EpochKey, AnyCheckInMessage]]], Iterable[AnyCheckIn | Malformed | Rejected]]
"""`verify_check_ins`, or what gives the same: one that uses all cores, or what the caller has verified before."""

_SIX_FIELDS, _EIGHT_FIELDS = b"\x86", b"\x88"


def read_any_check_in(encoding: bytes) -> AnyCheckInMessage:
    """Decode what a venue stored. The number of its fields, in the first byte, says which kind it is.

    Args:
        encoding: A check-in as it was received.

    Returns:
        The message, unverified.

    Raises:
        Malformed: It is none of the three kinds.
    """
    fields = encoding[:1]
    if fields == _SIX_FIELDS:
        return AssistedCheckIn.from_bytes(encoding)
    if fields == _EIGHT_FIELDS:
        return PaperCheckInMessage.from_bytes(encoding)
    return CheckInMessage.from_bytes(encoding)


def verify_any_check_in(epoch_key: EpochKey, message: AnyCheckInMessage) -> AnyCheckIn:
    """Check a message as `verify_check_in`, `verify_paper_check_in` or `verify_assisted` does.

    Args:
        epoch_key: The verified keys of the epoch.
        message: The decoded check-in.

    Returns:
        The verified check-in.

    Raises:
        WrongDomain: It is of another domain.
        WrongEpoch: Its time lies outside the epoch.
        InvalidSignature: A signature does not hold.
    """
    if isinstance(message, CheckInMessage):
        return verify_check_in(epoch_key, message)
    if isinstance(message, PaperCheckInMessage):
        return verify_paper_check_in(epoch_key, message)
    return verify_assisted(epoch_key, message)


def verify_check_ins(messages: Sequence[tuple[EpochKey, AnyCheckInMessage]]) -> list[AnyCheckIn | Malformed | Rejected]:
    """Check many messages, each as `verify_any_check_in` does.

    Args:
        messages: Each with the verified keys of its epoch.

    Returns:
        For each message the verified check-in, or why it is none.
    """
    verified: list[AnyCheckIn | Malformed | Rejected] = []
    for epoch_key, message in messages:
        try:
            verified.append(verify_any_check_in(epoch_key, message))
        except (Malformed, Rejected) as error:
            verified.append(error)
    return verified


def take_as_verified(messages: Sequence[tuple[EpochKey, AnyCheckInMessage]]) -> list[AnyCheckIn | Malformed | Rejected]:
    """What `verify_check_ins` gave when the caller verified these messages before and none was rejected.

    Args:
        messages: Each with the verified keys of its epoch.

    Returns:
        The check-ins, of which nothing is checked again.
    """
    return [_as_verified(epoch_key.epoch, message) for epoch_key, message in messages]


def _as_verified(epoch: int, message: AnyCheckInMessage) -> AnyCheckIn:
    if isinstance(message, AssistedCheckIn):
        return AssistedEntry(message, epoch)
    return PaperCheckIn(message, epoch) if isinstance(message, PaperCheckInMessage) else CheckIn(message, epoch)
