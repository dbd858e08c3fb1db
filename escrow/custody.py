"""A party's keys, split among custodians: any `threshold` of them recover the keys, fewer learn nothing. Spec: §6.6.

Shamir's secret sharing of a random scalar `s`, with Feldman's commitments, over the group of §3.1. The keys
themselves are sealed under a hash of `s`. All that is public is signed by the party, whose key everybody pins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, ClassVar

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from protocol.epochs import Domain, Role
from protocol.primitives.encoding import Bytes32, Message, Range, Size, Uint8
from protocol.primitives.errors import IdentityElement, InvalidSignature, Malformed
from protocol.primitives.group import B, L, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import Statement, sign_statement, statement_payload, verify_statement
from service.errors import ConfigurationError

KEYS_BYTES = 69
SEALED_KEYS_BYTES = KEYS_BYTES + 40
MIN_THRESHOLD = 2
"""One custodian is no key."""
MAX_CUSTODIANS = 255


class UnusableShare(ConfigurationError):
    """A custodian's share that is not what it should be; the text names the share and the fault."""


@dataclass(frozen=True, slots=True)
class PartyKeys(Message):
    """What a party needs to go on elsewhere: its vault key, and the seed of its identity key."""

    vault_key: Bytes32
    identity_seed: Bytes32

    def __repr__(self) -> str:
        return "PartyKeys(hidden)"


@dataclass(frozen=True, slots=True)
class Custody(Message):
    """What the party signs of a split, the same for all custodians.

    `commitments`: `A_j = a_j * B` for the coefficients of the polynomial, as many as the threshold. `sealed`: nonce,
    `PartyKeys` and tag (XChaCha20-Poly1305).
    """

    TAG: ClassVar[str] = "custody"

    domain: Uint8
    role: Role
    custodians: Annotated[int, Range(MIN_THRESHOLD, MAX_CUSTODIANS)]
    commitments: Annotated[tuple[Point, ...], Size(MIN_THRESHOLD, MAX_CUSTODIANS)]
    sealed: Annotated[bytes, Size(SEALED_KEYS_BYTES, SEALED_KEYS_BYTES)]

    @property
    def threshold(self) -> int:
        """How many shares recover the keys."""
        return len(self.commitments)


@dataclass(frozen=True, slots=True)
class ShareFile(Message):
    """What one custodian keeps: the signed `Custody`, its number from 1 on, and the polynomial's secret value there."""

    custody: Statement
    index: Annotated[int, Range(1, MAX_CUSTODIANS)]
    value: Scalar


@dataclass(frozen=True, slots=True)
class VerifiedShare:
    """A share that fits its commitments, signed by the party; made by `verify_share` alone."""

    name: str
    custody: Custody
    index: int
    value: Scalar


def split_keys(
    domain: Domain,
    role: Role,
    keys: PartyKeys,
    threshold: int,
    custodians: int,
    random_bytes: RandomBytes = secure_random,
) -> list[bytes]:
    """The custodians' share files, in the order of their numbers.

    Draws 64 random bytes for each coefficient and 24 for the nonce. Raises `ConfigurationError` unless
    2 <= threshold <= custodians <= 255 and `keys` are those of this party. Recovers from its own shares before it
    returns them.
    """
    if not MIN_THRESHOLD <= threshold <= custodians <= MAX_CUSTODIANS:
        raise ConfigurationError(f"{threshold} of {custodians} is no split: one custodian alone must be no key")
    polynomial = [Scalar.random(random_bytes) for _ in range(threshold)]  # step 1
    custody = Custody(
        domain=domain.number,
        role=role,
        custodians=custodians,
        commitments=tuple(a * B for a in polynomial),  # step 2
        sealed=bytes(_cipher(polynomial[0]).encrypt(keys.to_bytes(), nonce=random_bytes(Aead.NONCE_SIZE))),
    )
    statement = sign_statement(custody, SigningKey(keys.identity_seed))  # step 3
    # step 4
    files = [ShareFile(statement, index, _value_at(polynomial, index)).to_bytes() for index in range(1, custodians + 1)]
    shares = [verify_share(domain, role, str(index), file) for index, file in enumerate(files, 1)]
    assert recover_keys(domain, role, shares[-threshold:]) == keys
    return files


def verify_share(domain: Domain, role: Role, name: str, file: bytes) -> VerifiedShare:
    """The share of a custodian of this party; raises `UnusableShare`, whose text calls it `name`."""
    try:
        share = ShareFile.from_bytes(file)
        claimed = Custody.from_bytes(statement_payload(share.custody))
        if (claimed.domain, claimed.role) != (domain.number, role):
            raise UnusableShare(f"{name} is of the {claimed.role.name.lower()} of domain {claimed.domain}")
        custody = verify_statement(Custody, share.custody, domain.identity_key(role))
    except Malformed as error:
        raise UnusableShare(f"{name} is no share, or was altered: {error}") from None
    except InvalidSignature:
        raise UnusableShare(f"{name} was altered: this domain's {role.name.lower()} did not sign it") from None
    if share.index > custody.custodians or not _fits(share, custody.commitments):
        raise UnusableShare(f"{name} was altered: it is not share {share.index} of this split")
    return VerifiedShare(name, custody, share.index, share.value)


def recover_keys(domain: Domain, role: Role, shares: Sequence[VerifiedShare]) -> PartyKeys:
    """The keys, from `threshold` or more different shares of one split; raises `UnusableShare`."""
    if not shares:
        raise UnusableShare("no share was given")
    first, names = shares[0], dict[int, str]()
    for share in shares:
        if share.custody != first.custody:
            raise UnusableShare(f"{share.name} is of another split than {first.name}")
        if share.index in names:
            raise UnusableShare(f"{share.name} is share {share.index}, as {names[share.index]} is")
        names[share.index] = share.name
    threshold = first.custody.threshold
    if len(shares) < threshold:
        raise UnusableShare(f"{threshold} shares are needed, and {len(shares)} were given")
    used = {share.index: share.value for share in shares[:threshold]}
    s = _interpolate(used)
    try:
        keys = PartyKeys.from_bytes(_cipher(s).decrypt(first.custody.sealed))
    except (CryptoError, Malformed):
        raise UnusableShare("the split does not hold the party's keys") from None
    if public_key(SigningKey(keys.identity_seed)) != domain.identity_key(role):
        raise UnusableShare(f"the split holds another identity key than that of the {role.name.lower()}")
    return keys


def _value_at(polynomial: Iterable[Scalar], index: int) -> Scalar:
    """`f(i) = a_0 + a_1 i + a_2 i^2 + ...`."""
    value = _integer(0)
    for a in reversed(list(polynomial)):
        value = value * _integer(index) + a
    return value


def _fits(share: ShareFile, commitments: Sequence[Point]) -> bool:
    """Whether `f(i) * B = A_0 + i * A_1 + i^2 * A_2 + ...`."""
    try:
        expected = commitments[-1]
        for A in reversed(commitments[:-1]):
            expected = _integer(share.index) * expected + A
        return share.value * B == expected
    except IdentityElement:  # no honest value is zero, but for a chance of 2^-252
        return False


def _interpolate(values: dict[int, Scalar]) -> Scalar:
    """`f(0)` from as many values of the polynomial as it has coefficients. The factors depend on no secret."""
    s = _integer(0)
    for i, value in values.items():
        others = values.keys() - {i}
        s += _integer(prod(others) * pow(prod(j - i for j in others), -1, L) % L) * value
    return s


def _cipher(s: Scalar) -> Aead:
    return Aead(digest32("custody", bytes(s)))


def _integer(value: int) -> Scalar:
    return Scalar(value.to_bytes(32, "little"))
