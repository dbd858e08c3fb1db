"""What a reader is told by its venue's server, and what it delivers to it. Spec: §3.8, §5.5.

A reader that has the keys decides by itself, also while it does not reach the server, and delivers afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from protocol.epochs import Domain
from protocol.http_messages import Decision
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Range, Size, Uint8, Uint32
from protocol.primitives.statements import Statement
from protocol.releases import COMMITMENT_DELAY, MAX_RELEASED_CHECK_IN

MAX_DELIVERY = 100
"""How many check-ins a delivery has at most."""
MAX_EPOCHS = 16
"""How many epochs of a domain a reader is told at most."""
MAX_TOLERANCE = 600
"""How many seconds a door's tolerance is at most."""


class Duty(IntEnum):
    """Whether a reader may be admitting people."""

    OFF = 0
    ON = 1


class Openness(IntEnum):
    """Whether a door lets people of a domain in, or only out because the domain is being removed."""

    CLOSED = 0
    OPEN = 1


@dataclass(frozen=True, slots=True)
class Pairing(Message):
    """What a new reader sends: the secret of its link (16 bytes), and the token (32 bytes) that it has drawn."""

    secret: Bytes16
    token: Bytes32

    def __repr__(self) -> str:
        return "Pairing(hidden)"


@dataclass(frozen=True, slots=True)
class EpochView(Message):
    """Both parties' signed statements of an epoch."""

    epoch: Uint32
    operator: Statement
    authority: Statement


@dataclass(frozen=True, slots=True)
class DomainView(Message):
    """A domain that the venue pins, and the epochs that its server knows.

    `tolerance`: how many seconds a label's time may be from the door's clock.
    """

    domain: Domain
    tolerance: Annotated[int, Range(0, MAX_TOLERANCE)]
    openness: Openness
    epochs: Annotated[tuple[EpochView, ...], Size(0, MAX_EPOCHS)]


@dataclass(frozen=True, slots=True)
class DoorView(Message):
    """All that a reader needs to decide by itself.

    `time`: the server's clock, in Unix seconds. `door`: the reader's name. `assisted`: the number of the domain for
    which the venue seals what its staff take down; None if it has not chosen one.
    """

    time: Uint32
    venue_id: Bytes16
    name: Annotated[str, Size(1, 128)]
    door: Annotated[str, Size(1, 256)]
    assisted: Uint8 | None
    domains: Annotated[tuple[DomainView, ...], Size(0, 256)]


@dataclass(frozen=True, slots=True)
class Delivery(Message):
    """What a reader has admitted and has no answer to, the first first; or nothing, to say that it is there.

    `since`: the reader has its answers to all that it admitted with labels older than this Unix time less the
    tolerance. `check_ins` are encoded, each by itself: one that cannot be read does not hold up the others.
    """

    since: Uint32
    duty: Duty
    check_ins: Annotated[tuple[Annotated[bytes, Size(1, MAX_RELEASED_CHECK_IN)], ...], Size(0, MAX_DELIVERY)]


@dataclass(frozen=True, slots=True)
class DeliveryAnswer(Message):
    """The server's decision on each check-in of a delivery, in its order. `time`: its clock, in Unix seconds."""

    time: Uint32
    decisions: Annotated[tuple[Decision, ...], Size(0, MAX_DELIVERY)]


def delivered_label_fault(time: int, since: int, now: int, tolerance: int) -> Decision | None:
    """What is wrong with the time of a label that is delivered, before any signature is checked.

    Args:
        time: The label's Unix time in seconds.
        since: Until when the reader has its answers, in Unix seconds.
        now: The server's clock, in Unix seconds.
        tolerance: The domain's tolerance at this door, in seconds.

    Returns:
        `TOO_OLD`, `TOO_EARLY`, or None.
    """
    if time < max(since - tolerance, now - COMMITMENT_DELAY):
        return Decision.TOO_OLD
    return Decision.TOO_EARLY if time > now + tolerance else None
