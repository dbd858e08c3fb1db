"""Domains, epoch statements and the joint epoch key. Spec: §3.5.

For each epoch each party publishes `X_i = x_i * B` with a proof of possession, signed with its identity key. The
joint key is `X = X_operator + X_authority`; no single party knows its logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from protocol.primitives.encoding import Bytes32, Message, Range, Uint8, Uint32
from protocol.primitives.errors import ConflictingStatements, InvalidProof, WrongDomain, WrongEpoch, WrongParty
from protocol.primitives.group import B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.proofs import KnowledgeProof, prove_knowledge, verify_knowledge
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, statement_payload, verify_statement

EPOCH_SECONDS = 86_400
MAX_STAY = 12 * 3600
"""How many seconds after its entry an exit may be."""


class Role(IntEnum):
    """The two escrow parties."""

    OPERATOR = 1
    AUTHORITY = 2


@dataclass(frozen=True, slots=True)
class Domain(Message):
    """What clients and venues pin: one (operator, authority) pair and the rules that all its users share.

    `number`: what check-ins call the domain. `operator_key`, `authority_key`: Ed25519 identity keys.
    `utc_offset`: seconds that the domain's days are ahead of UTC. `allowance`: passes in one request, the same
    for everyone.
    """

    number: Uint8
    operator_key: Point
    authority_key: Point
    utc_offset: Annotated[int, Range(-50_400, 50_400)]
    allowance: Annotated[int, Range(1, 1000)]

    def epoch_at(self, time: int) -> int:
        """The epoch of a Unix time in seconds: days since 1970-01-01 in the domain's own time."""
        return (time + self.utc_offset) // EPOCH_SECONDS

    def epoch_begins(self, epoch: int) -> int:
        """The Unix time in seconds at which `epoch` begins."""
        return epoch * EPOCH_SECONDS - self.utc_offset

    def identity_key(self, role: Role) -> Point:
        """The identity key of a party."""
        return self.operator_key if role is Role.OPERATOR else self.authority_key


@dataclass(frozen=True, slots=True)
class EpochStatement(Message):
    """What a party says of its part of an epoch. `pass_key` is the authority's alone, null in the operator's."""

    TAG: ClassVar[str] = "epoch-statement"

    domain: Uint8
    role: Role
    epoch: Uint32
    key_share: Point
    possession: KnowledgeProof
    pass_key: Point | None


@dataclass(frozen=True, slots=True)
class EpochSecret(Message):
    """What a party keeps of an epoch until it erases it: its share `x` and, the authority, its pass-signing seed."""

    role: Role
    epoch: Uint32
    share: Scalar
    pass_seed: Bytes32 | None

    def __repr__(self) -> str:
        return f"EpochSecret(role={self.role!r}, epoch={self.epoch}, hidden)"

    @property
    def pass_signing_key(self) -> SigningKey:
        """The authority's pass-issuing key of the epoch; raises `WrongParty` for the operator, which has none."""
        if self.pass_seed is None:
            raise WrongParty("only the authority issues passes")
        return SigningKey(self.pass_seed)


@dataclass(frozen=True, slots=True)
class EpochKey:
    """The verified keys of an epoch; made by `verify_epoch` alone.

    `X` is the joint key, `shares` the two `X_i`, `pass_key` what passes are signed with. `context` (32 bytes)
    stands for both statements and the domain in every proof, signature and derivation of the epoch: whoever is
    shown other keys has another context, and nothing fits.
    """

    domain: Domain
    epoch: int
    X: Point
    shares: dict[Role, Point]
    pass_key: Point
    context: bytes


def create_epoch(
    domain: Domain, role: Role, epoch: int, identity: SigningKey, random_bytes: RandomBytes = secure_random
) -> tuple[EpochSecret, bytes]:
    """Draw a party's secret of an epoch and sign the statement that publishes it.

    The share is random and not derived from anything, so that deleting it is final.

    Args:
        domain: The domain, as it is pinned.
        role: The party.
        epoch: The number of the epoch.
        identity: The party's identity key.
        random_bytes: Asked for 64 bytes for the share, 32 for the authority's pass seed, then 32 for the proof.

    Returns:
        The secret, and the signed statement.
    """
    x = Scalar.random(random_bytes)  # step 1
    pass_seed = random_bytes(32) if role is Role.AUTHORITY else None
    secret = EpochSecret(role, epoch, x, pass_seed)
    X = x * B
    context = _possession_context(domain, role, epoch)
    possession = prove_knowledge("epoch-share", context, x, X, random_bytes)  # step 2
    pass_key = None if pass_seed is None else public_key(secret.pass_signing_key)
    message = EpochStatement(domain.number, role, epoch, X, possession, pass_key)
    return secret, sign_statement(message, identity)  # step 3


def verify_epoch_statement(domain: Domain, role: Role, epoch: int, statement: bytes) -> EpochStatement:
    """Check one party's statement of an epoch.

    Args:
        domain: The domain, as it is pinned.
        role: The party that should have signed it.
        epoch: The number of the epoch.
        statement: The signed statement.

    Returns:
        What the party says.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain.
        WrongParty: It is of another role.
        WrongEpoch: It is of another epoch.
        InvalidProof: The proof of possession does not hold.
    """
    message = verify_statement(EpochStatement, statement, domain.identity_key(role))  # step 1
    if message.domain != domain.number:  # step 2
        raise WrongDomain("the epoch statement is of another domain", message.domain)
    if message.role is not role or (message.pass_key is None) is (role is Role.AUTHORITY):  # step 3
        raise WrongParty("the epoch statement is of another role")
    if message.epoch != epoch:  # step 4
        raise WrongEpoch("the epoch statement is of another epoch", message.epoch)
    context = _possession_context(domain, role, epoch)
    if not verify_knowledge("epoch-share", context, message.key_share, message.possession):  # step 5
        raise InvalidProof("the proof of possession does not hold")
    return message


def verify_epoch(domain: Domain, epoch: int, operator_statement: bytes, authority_statement: bytes) -> EpochKey:
    """Make the joint key of an epoch from both parties' signed statements.

    Args:
        domain: The domain, as it is pinned.
        epoch: The number of the epoch.
        operator_statement: The operator's signed statement.
        authority_statement: The authority's.

    Returns:
        The verified keys.

    Raises:
        IdentityElement: The two shares cancel.
        SplitPassError: Whatever `verify_epoch_statement` raises.
    """
    # Step 1 for both parties.
    operator = verify_epoch_statement(domain, Role.OPERATOR, epoch, operator_statement)
    authority = verify_epoch_statement(domain, Role.AUTHORITY, epoch, authority_statement)
    assert authority.pass_key is not None
    return EpochKey(
        domain=domain,
        epoch=epoch,
        X=operator.key_share + authority.key_share,  # step 2
        shares={Role.OPERATOR: operator.key_share, Role.AUTHORITY: authority.key_share},
        pass_key=authority.pass_key,
        # Step 3: over the messages and not their signatures.
        context=digest32("epoch-context", domain.to_bytes(), operator.to_bytes(), authority.to_bytes()),
    )


def check_same_statement(known: bytes, received: bytes) -> None:
    """Check that two verified statements of one party for one epoch or number say the same.

    Args:
        known: The statement that was verified first.
        received: The other one.

    Raises:
        ConflictingStatements: They differ. Both together are evidence: keep them.
    """
    if statement_payload(known) != statement_payload(received):
        raise ConflictingStatements("one party signed two different statements for one thing", known, received)


def _possession_context(domain: Domain, role: Role, epoch: int) -> bytes:
    return frame("epoch-share", domain.to_bytes(), bytes([role]), epoch.to_bytes(4, "big"))
