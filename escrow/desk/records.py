"""What a set of officers and a vote say, byte for byte. Spec: §6.9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from protocol.epochs import Domain, Role
from protocol.primitives.encoding import Bytes32, Message, Range, Size, Uint8, Uint32, encode_item
from protocol.primitives.errors import Malformed
from protocol.primitives.hashing import digest32
from protocol.warrants import Venue, Warrant
from service.names import is_line

MAX_OFFICERS = 32
MAX_NAME = 64
"""The most bytes of an officer's name."""
MAX_PASSKEYS = 4
"""So many passkeys one officer may have: a telephone and something in a safe."""
MAX_PAYLOAD = 65_536
MAX_REASON = 256
"""The most bytes of the reason of a refusal."""
REASON_RULE = f"a reason has from 1 to {MAX_REASON} bytes, all printable"
NOTHING = bytes(32)
"""What the first set of officers replaces."""
OfficerName = Annotated[str, Size(1, MAX_NAME)]


def is_reason(text: str) -> bool:
    """Whether it can be the reason of a refusal."""
    return is_line(text, MAX_REASON)


class Action(IntEnum):
    """What officers decide on. Only the authority publishes notices."""

    OFFICERS = 1
    WARRANT = 2
    NOTICE = 3
    VENUE = 4
    ERASE = 5


ACTIONS = {
    Role.AUTHORITY: tuple(Action),
    Role.OPERATOR: (Action.OFFICERS, Action.WARRANT, Action.VENUE, Action.ERASE),
}
"""What each party's officers decide on, in the order of their numbers."""


class Decision(IntEnum):
    """What an officer says to it."""

    APPROVE = 1
    REFUSE = 2


@dataclass(frozen=True, slots=True)
class Passkey(Message):
    """A WebAuthn credential: its id, and its public key as COSE has it."""

    credential_id: Annotated[bytes, Size(1, 1023)]
    public_key: Annotated[bytes, Size(1, 2048)]

    @property
    def fingerprint(self) -> str:
        """Ten bytes in hexadecimal: what two people compare."""
        return digest32("passkey", self.credential_id, self.public_key)[:10].hex()


@dataclass(frozen=True, slots=True)
class Officer(Message):
    """A person, who has one vote, however many passkeys."""

    name: OfficerName
    passkeys: Annotated[tuple[Passkey, ...], Size(1, MAX_PASSKEYS)]


@dataclass(frozen=True, slots=True)
class Threshold(Message):
    """How many officers have to approve an action; nobody has to if it is 0."""

    action: Action
    approvals: Uint8


@dataclass(frozen=True, slots=True)
class OfficerSet(Message):
    """The officers of a party, and how many of them it takes. Signed by the party.

    `replaces`: the digest of the set before, `NOTHING` in the first. `origin`: where the desk is, such as
    `http://localhost:8412`; its host is the relying party's id. Raises `Malformed` for two officers of one name or one
    passkey, for thresholds that are not those of the role in their order, for more approvals than officers, and for a
    set that could be changed without any approval.
    """

    TAG: ClassVar[str] = "officers"

    domain: Uint8
    role: Role
    version: Annotated[int, Range(1, 2**32 - 1)]
    replaces: Bytes32
    origin: Annotated[str, Size(1, 256)]
    officers: Annotated[tuple[Officer, ...], Size(1, MAX_OFFICERS)]
    thresholds: Annotated[tuple[Threshold, ...], Size(1, len(Action))]

    def __post_init__(self) -> None:
        if tuple(one.action for one in self.thresholds) != ACTIONS[self.role]:
            raise Malformed("a set of officers has one threshold for each action of its role, in their order")
        if self.needed(Action.OFFICERS) < 1 or any(one.approvals > len(self.officers) for one in self.thresholds):
            raise Malformed("there are fewer officers than have to approve, or nobody has to approve another set")
        ids = [passkey.credential_id for officer in self.officers for passkey in officer.passkeys]
        if len(set(self.names)) < len(self.officers) or len(set(ids)) < len(ids):
            raise Malformed("an officer's name, or a passkey, is in the set twice")

    @property
    def names(self) -> list[str]:
        """The officers' names, in their order."""
        return [officer.name for officer in self.officers]

    def needed(self, action: Action) -> int:
        """How many officers have to approve an action."""
        return next((one.approvals for one in self.thresholds if one.action is action), 0)

    def owner(self, credential_id: bytes) -> tuple[Officer, Passkey] | None:
        """Whose passkey has this id."""
        for officer in self.officers:
            for passkey in officer.passkeys:
                if passkey.credential_id == credential_id:
                    return officer, passkey
        return None


@dataclass(frozen=True, slots=True)
class Vote(Message):
    """What one officer says to one matter. Its challenge is what the passkey signs.

    `payload`: the very bytes that will be signed or done. `replaced`: the digest of what they replace, if they replace
    something. `version`, `officers`: the present set's number and digest. `expires`: Unix time.
    """

    role: Role
    action: Action
    decision: Decision
    reason: Annotated[str, Size(0, MAX_REASON)]
    payload: Annotated[bytes, Size(1, MAX_PAYLOAD)]
    replaced: Annotated[bytes, Size(0, 32)]
    version: Uint32
    officers: Bytes32
    nonce: Bytes32
    expires: Uint32


def is_officer_name(name: str) -> bool:
    """Whether an officer can have this name, in a set and in the journal."""
    return is_line(name, MAX_NAME)


def set_digest(officers: OfficerSet) -> bytes:
    """The 32-byte digest of a set of officers."""
    return digest32("officers", officers.to_bytes())


def vote_challenge(domain: Domain, vote: Vote) -> bytes:
    """The 32 bytes that a passkey signs for a vote."""
    return digest32("approval", domain.to_bytes(), vote.to_bytes())


@dataclass(frozen=True, slots=True)
class Subject:
    """What a decision is about: the action, the bytes that it is on, and the digest of what these replace, if any."""

    action: Action
    payload: bytes
    replaced: bytes = b""

    @property
    def subject_id(self) -> bytes:
        """32 bytes that stand for it in a party's own program."""
        return sha256(bytes([self.action]) + self.replaced + self.payload).digest()


def of_warrant(warrant: Warrant) -> Subject:
    """A warrant: to be proposed and carried out by the authority, or countersigned by the operator."""
    return Subject(Action.WARRANT, warrant.to_bytes())


def of_notice(warrants: Sequence[Warrant]) -> Subject:
    """A notice to everyone in the releases of these warrants."""
    ordered = sorted(warrants, key=lambda warrant: warrant.warrant_id)
    return Subject(Action.NOTICE, encode_item([warrant.to_bytes() for warrant in ordered]))


def of_venue(record: Venue, approved: Venue | None) -> Subject:
    """A venue's record, in the place of the one that is approved, if one is."""
    replaced = sha256(approved.to_bytes()).digest() if approved else b""
    return Subject(Action.VENUE, record.to_bytes(), replaced)


def of_erasure(epoch: int) -> Subject:
    """The erasure of an epoch before its retention is over."""
    return Subject(Action.ERASE, encode_item([epoch]))


def of_officers(officers: OfficerSet) -> Subject:
    """Another set of officers."""
    return Subject(Action.OFFICERS, officers.to_bytes(), officers.replaces)
