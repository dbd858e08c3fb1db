"""Fiat-Shamir proofs of knowledge, equality and ownership, and batched equality. Spec: §3.3.

Every challenge covers the tag, the context, all bases, all inputs and all commitments. A proof is the challenge
followed by the responses, 32 bytes each; the verifier recomputes the commitments. Provers check their own proof
before they return it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, TypeVar

from protocol.primitives.errors import IdentityElement, InvalidProof, MalformedEncoding
from protocol.primitives.group import SCALAR_BYTES, B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import digest, encodings, frame, hash_to_scalar, nonce

Thing = TypeVar("Thing")
Made = TypeVar("Made")


SUMMED = 8
"""So many products of a sum are added up where they are made: handing over each costs more than adding it."""


class MapFunction(Protocol):
    """`map`, or a function that does the same on several cores."""

    def __call__(self, function: Callable[[Thing], Made], things: Iterable[Thing], /) -> Iterable[Made]:
        """What the function makes of each thing, in their order."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and its responses."""

    challenge: Scalar
    responses: tuple[Scalar, ...]

    RESPONSES: ClassVar[int]

    @classmethod
    def from_bytes(cls, encoding: bytes) -> Self:
        """Decode a proof.

        Args:
            encoding: 32 bytes of challenge, then 32 for each response.

        Returns:
            The proof, unverified.

        Raises:
            Malformed: It is of another length, or a part is no scalar.
        """
        size = SCALAR_BYTES * (1 + cls.RESPONSES)
        if len(encoding) != size:
            raise MalformedEncoding(f"a {cls.__name__} has {size} bytes, not {len(encoding)}")
        challenge, *responses = (
            Scalar(encoding[start : start + SCALAR_BYTES]) for start in range(0, size, SCALAR_BYTES)
        )
        return cls(challenge, tuple(responses))

    def __bytes__(self) -> bytes:
        return bytes(self.challenge) + b"".join(map(bytes, self.responses))


AnyProof = TypeVar("AnyProof", bound=Proof)


class KnowledgeProof(Proof):
    """Knowledge of `x` with `X = x * B`: 64 bytes."""

    RESPONSES = 1


class EqualityProof(Proof):
    """Knowledge of one `w` with `P = w * G` and `Q = w * H`: 64 bytes."""

    RESPONSES = 1


class OwnershipProof(Proof):
    """Knowledge of `r0` and `h` with `u0 = r0 * B` and `v0 = h * B + r0 * X`: 96 bytes."""

    RESPONSES = 2


def prove_knowledge(
    name: str, context: bytes, x: Scalar, X: Point, random_bytes: RandomBytes = secure_random
) -> KnowledgeProof:
    """Prove knowledge of the logarithm `x` of `X`.

    Args:
        name: What the proof is for.
        context: What the proof is bound to, of any length.
        x: The secret.
        X: `x * B`.
        random_bytes: Asked for 32 bytes.

    Returns:
        The proof.

    Raises:
        InvalidProof: `X` is not `x * B`.
    """
    challenge_input = _knowledge_challenge_input(name, context, X)
    k = nonce(random_bytes, b"x", x, challenge_input)
    c = hash_to_scalar("challenge", challenge_input, bytes(k * B))
    proof = KnowledgeProof(c, (k + c * x,))
    return _checked(proof, verify_knowledge(name, context, X, proof))


def verify_knowledge(name: str, context: bytes, X: Point, proof: KnowledgeProof) -> bool:
    """Check a proof of knowledge of the logarithm of `X`.

    Args:
        name: What the proof is for.
        context: What the proof is bound to, of any length.
        X: Whose logarithm is known.
        proof: The proof.

    Returns:
        Whether it holds for this name and context.
    """
    c, (s,) = proof.challenge, proof.responses
    try:
        commitment = s * B - c * X  # step 1
    except IdentityElement:
        return False
    return c == hash_to_scalar("challenge", _knowledge_challenge_input(name, context, X), bytes(commitment))  # step 2


def _knowledge_challenge_input(name: str, context: bytes, X: Point) -> bytes:
    return frame(f"{name}/knowledge", context, encodings((B, X)))


def prove_ownership(
    context: bytes, r0: Scalar, h: Scalar, X: Point, u0: Point, v0: Point, random_bytes: RandomBytes = secure_random
) -> OwnershipProof:
    """Prove that `(u0, v0)` encrypts to `X` a handle whose secret key `h` the prover knows.

    Args:
        context: The epoch context, 32 bytes.
        r0: The encryption's randomness.
        h: The handle's secret key.
        X: The joint key.
        u0: `r0 * B`.
        v0: `h * B + r0 * X`.
        random_bytes: Asked for 32 bytes twice.

    Returns:
        The proof.

    Raises:
        InvalidProof: `u0` or `v0` is another point.
    """
    challenge_input = _ownership_challenge_input(context, X, u0, v0)
    k_r = nonce(random_bytes, b"r0", r0, challenge_input)
    k_h = nonce(random_bytes, b"h", h, challenge_input)
    commitments = (k_r * B, k_h * B + k_r * X)
    c = hash_to_scalar("challenge", challenge_input, encodings(commitments))
    proof = OwnershipProof(c, (k_r + c * r0, k_h + c * h))
    return _checked(proof, verify_ownership(context, X, u0, v0, proof))


def verify_ownership(context: bytes, X: Point, u0: Point, v0: Point, proof: OwnershipProof) -> bool:
    """Check a proof of knowledge of `r0` and `h` with `u0 = r0 * B` and `v0 = h * B + r0 * X`.

    Args:
        context: The epoch context, 32 bytes.
        X: The joint key.
        u0: The first half of the encryption.
        v0: The second half.
        proof: The proof.

    Returns:
        Whether it holds.
    """
    c, (s_r, s_h) = proof.challenge, proof.responses
    try:
        commitments = (s_r * B - c * u0, s_h * B + s_r * X - c * v0)  # step 1
    except IdentityElement:
        return False
    challenge_input = _ownership_challenge_input(context, X, u0, v0)
    return c == hash_to_scalar("challenge", challenge_input, encodings(commitments))  # step 2


def _ownership_challenge_input(context: bytes, X: Point, u0: Point, v0: Point) -> bytes:
    return frame("pass-request/ownership", context, encodings((B, X, u0, v0)))


def _prove_equality(
    name: str, context: bytes, w: Scalar, G: Point, H: Point, P: Point, Q: Point, random_bytes: RandomBytes
) -> EqualityProof:
    challenge_input = _equality_challenge_input(name, context, G, H, P, Q)
    k = nonce(random_bytes, b"w", w, challenge_input)
    c = hash_to_scalar("challenge", challenge_input, encodings((k * G, k * H)))
    proof = EqualityProof(c, (k + c * w,))
    return _checked(proof, _verify_equality(name, context, G, H, P, Q, proof))


def _verify_equality(name: str, context: bytes, G: Point, H: Point, P: Point, Q: Point, proof: EqualityProof) -> bool:
    c, (s,) = proof.challenge, proof.responses
    try:
        commitments = (s * G - c * P, s * H - c * Q)  # step 1
    except IdentityElement:
        return False
    challenge_input = _equality_challenge_input(name, context, G, H, P, Q)
    return c == hash_to_scalar("challenge", challenge_input, encodings(commitments))  # step 2


def _equality_challenge_input(name: str, context: bytes, G: Point, H: Point, P: Point, Q: Point) -> bytes:
    return frame(f"{name}/equality", context, encodings((G, H, P, Q)))


def prove_encryptions(
    context: bytes,
    r0: Sequence[Scalar],
    X: Point,
    U: Point,
    u0: Sequence[Point],
    v0: Sequence[Point],
    random_bytes: RandomBytes = secure_random,
) -> EqualityProof:
    """Prove that every `(u0[i], v0[i])` encrypts the handle `U` to `X`: `u0 = r0 * B` and `v0 - U = r0 * X`.

    A pair that is wrong is not noticed here: both sums are made of the secret. The proof then does not hold.

    Args:
        context: The epoch context, 32 bytes.
        r0: The randomness of each encryption.
        X: The joint key.
        U: The handle.
        u0: The first halves.
        v0: The second halves.
        random_bytes: Asked for 32 bytes.

    Returns:
        The proof.
    """
    seed, a = _batch("allowance", context, (B, X, U), u0, v0)
    w = _sum_scalars([a_i * r_i for a_i, r_i in zip(a, r0, strict=True)])
    return _prove_equality("allowance", seed, w, B, X, w * B, w * X, random_bytes)


def verify_encryptions(
    context: bytes, X: Point, U: Point, u0: Sequence[Point], v0: Sequence[Point], proof: EqualityProof
) -> bool:
    """Check that every `(u0[i], v0[i])` encrypts the handle `U` to `X`.

    Args:
        context: The epoch context, 32 bytes.
        X: The joint key.
        U: The handle.
        u0: The first halves, at least one.
        v0: As many second halves.
        proof: The proof.

    Returns:
        Whether the proof holds.
    """
    try:
        seed, a = _batch("allowance", context, (B, X, U), u0, v0)
        P, Q = _combine(a, u0), _combine(a, v0) - _sum_scalars(a) * U
    except IdentityElement:
        return False
    return _verify_equality("allowance", seed, B, X, P, Q, proof)


def prove_shares(
    context: bytes,
    x: Scalar,
    X: Point,
    u: Sequence[Point],
    D: Sequence[Point],
    random_bytes: RandomBytes = secure_random,
    map_function: MapFunction = map,
) -> EqualityProof:
    """Prove that every `D[i] = x * u[i]` with the `x` of `X = x * B`.

    A share that is wrong is not noticed here: its sum is made of the secret. The proof then does not hold.

    Args:
        context: What the shares are for, of any length.
        x: The key share.
        X: `x * B`.
        u: The points to multiply.
        D: The products.
        random_bytes: Asked for 32 bytes.
        map_function: `map`, or one that spreads the work over threads.

    Returns:
        The proof.

    Raises:
        InvalidProof: `X` is not `x * B`.
    """
    seed, a = _batch("shares", context, (B, X), u, D)
    M = _combine(a, u, map_function)
    return _prove_equality("shares", seed, x, B, M, X, x * M, random_bytes)


def verify_shares(
    context: bytes,
    X: Point,
    u: Sequence[Point],
    D: Sequence[Point],
    proof: EqualityProof,
    map_function: MapFunction = map,
) -> bool:
    """Check that every `D[i]` is `u[i]` times the logarithm of `X`.

    Args:
        context: What the shares are for, of any length.
        X: The published key share.
        u: The points, at least one.
        D: As many products.
        proof: The proof.
        map_function: `map`, or one that spreads the work over threads.

    Returns:
        Whether the proof holds.
    """
    try:
        seed, a = _batch("shares", context, (B, X), u, D)
        M, Z = _combine(a, u, map_function), _combine(a, D, map_function)
    except IdentityElement:
        return False
    return _verify_equality("shares", seed, B, M, X, Z, proof)


def _batch(
    name: str, context: bytes, bases: Sequence[Point], left: Sequence[Point], right: Sequence[Point]
) -> tuple[bytes, list[Scalar]]:
    """A 64-byte seed over the whole batch, and one coefficient per pair.

    A coefficient depends on every pair: one that depended on its own pair alone could be chosen so that errors
    cancel.
    """
    seed = digest(f"{name}/batch", context, encodings(bases), encodings(left), encodings(right))
    return seed, [hash_to_scalar(f"{name}/coefficient", seed, i.to_bytes(4, "big")) for i in range(len(left))]


def _combine(a: Sequence[Scalar], points: Sequence[Point], map_function: MapFunction = map) -> Point:
    """`sum(a_i * P_i)`, of which each thread sums up some: hashed coefficients make the identity of no part of it."""
    pairs = list(zip(a, points, strict=True))
    return _sum(map_function(_sum_products, (pairs[i : i + SUMMED] for i in range(0, len(pairs), SUMMED))))


def _sum_products(pairs: Sequence[tuple[Scalar, Point]]) -> Point:
    return _sum(a * P for a, P in pairs)


def _sum(points: Iterable[Point]) -> Point:
    total, *rest = points
    for point in rest:
        total = total + point
    return total


def _sum_scalars(scalars: Sequence[Scalar]) -> Scalar:
    total = scalars[0]
    for scalar in scalars[1:]:
        total = total + scalar
    return total


def _checked(proof: AnyProof, holds: bool) -> AnyProof:
    if not holds:
        raise InvalidProof("what is to be proved is false")
    return proof
