"""Bodies of the HTTP interface that carry no cryptography of their own. Spec: §5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from protocol.check_ins import Direction
from protocol.handles import Name, Phone
from protocol.notices import MAX_NOTICE_RELEASES
from protocol.primitives.encoding import Bytes16, Bytes32, Message, Size, Uint32
from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.statements import JointStatement, Statement
from protocol.releases import HeldCommitments, check_order


@dataclass(frozen=True, slots=True)
class VerificationRequest(Message):
    """Ask the operator to send a one-time code to a phone."""

    phone: Phone

    def __repr__(self) -> str:
        return "VerificationRequest(hidden)"


@dataclass(frozen=True, slots=True)
class VerificationAnswer(Message):
    """The one-time code (six digits) that a phone received, and the name of its owner."""

    phone: Phone
    code: Annotated[str, Size(6, 6)]
    name: Name

    def __repr__(self) -> str:
        return "VerificationAnswer(hidden)"


@dataclass(frozen=True, slots=True)
class Session(Message):
    """A verified account and the bearer token of its session."""

    account_id: Bytes16
    token: Bytes32

    def __repr__(self) -> str:
        return "Session(hidden)"


@dataclass(frozen=True, slots=True)
class ReleaseRequest(Message):
    """What the authority asks a venue for: the release under a warrant, or the part after the one that it has.

    `ended`: the time with which that part ended, None for the first part.
    """

    warrant: JointStatement
    ended: Uint32 | None = None


@dataclass(frozen=True, slots=True)
class SharesRequest(Message):
    """What the authority shows the operator to be given shares.

    `commitments` are those of the venue that the authority holds and that decide about the release.
    """

    warrant: JointStatement
    venue: JointStatement
    release: Statement
    commitments: HeldCommitments

    def __post_init__(self) -> None:
        check_order(self.commitments)


@dataclass(frozen=True, slots=True)
class NoticeRequest(Message):
    """What the authority asks the operator to sign: a notice for everyone in these releases, or for nobody.

    `number`: the notice's. `time`: the present, in Unix seconds.
    """

    number: Uint32
    time: Uint32
    releases: Annotated[tuple[SharesRequest, ...], Size(0, MAX_NOTICE_RELEASES)]


class Decision(IntEnum):
    """What a door says to a check-in, and why."""

    ADMITTED = 0
    UNREADABLE = 1
    UNKNOWN_DOMAIN = 2
    UNKNOWN_EPOCH = 3
    TOO_OLD = 4
    TOO_EARLY = 5
    OTHER_VENUE = 6
    FORGED = 7
    ALREADY_SPENT = 8
    NO_ENTRY = 9


@dataclass(frozen=True, slots=True)
class DoorAnswer(Message):
    """A door's decision on one check-in, and which way it went. `direction` is null unless it was admitted."""

    decision: Decision
    direction: Direction | None = None

    def __post_init__(self) -> None:
        if (self.decision is Decision.ADMITTED) != (self.direction is not None):
            raise MalformedEncoding("what was admitted has a direction, and a refusal has none")
