"""Proofs: all that is claimed is in every challenge, and no error hides in a batch. Claims C1, C3, C4 and C6."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from hashlib import sha512
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.primitives import proofs
from protocol.primitives.errors import InvalidProof, MalformedScalar
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import (
    EqualityProof,
    KnowledgeProof,
    OwnershipProof,
    Proof,
    prove_encryptions,
    prove_knowledge,
    prove_ownership,
    prove_shares,
    verify_encryptions,
    verify_knowledge,
    verify_ownership,
    verify_shares,
)
from tests.support.edwards import L
from tests.support.strategies import points, scalar, scalars

contexts = st.binary(min_size=1, max_size=40)
names = st.sampled_from(["handle", "epoch-share", "allowance", "shares"])


def framed(name: str, *parts: bytes) -> bytes:
    tagged = [b"SplitPass/v1/" + name.encode(), *parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in tagged)


def hashed(name: str, *parts: bytes) -> bytes:
    return sha512(framed(name, *parts)).digest()


def joined(*some: Point) -> bytes:
    return b"".join(map(bytes, some))


def challenge(challenge_input: bytes, *commitments: Point) -> Scalar:
    return Scalar.reduce(hashed("challenge", challenge_input, joined(*commitments)))


def minus(x: Scalar) -> Scalar:
    return scalar(L - 1) * x


def inverse(x: Scalar) -> Scalar:
    return scalar(pow(int.from_bytes(bytes(x), "little"), -1, L))


def total(some: Sequence[Any]) -> Any:
    return functools.reduce(operator.add, some)


# Every part of the claim is in the challenge: here the challenges are computed from the text of the spec.


@given(name=names, context=contexts, x=scalars)
def test_c1_the_challenge_of_knowledge_covers_all_that_is_claimed(name: str, context: bytes, x: Scalar) -> None:
    X = x * B
    proof = prove_knowledge(name, context, x, X)
    commitment = proof.responses[0] * B - proof.challenge * X
    assert proof.challenge == challenge(framed(f"{name}/knowledge", context, joined(B, X)), commitment)
    assert verify_knowledge(name, context, X, proof)


@given(context=contexts, r0=scalars, h=scalars, x=scalars)
def test_c4_the_challenge_of_ownership_covers_all_that_is_claimed(
    context: bytes, r0: Scalar, h: Scalar, x: Scalar
) -> None:
    X = x * B
    u0, v0 = r0 * B, h * B + r0 * X
    proof = prove_ownership(context, r0, h, X, u0, v0)
    c, (s_r, s_h) = proof.challenge, proof.responses
    challenge_input = framed("pass-request/ownership", context, joined(B, X, u0, v0))
    assert c == challenge(challenge_input, s_r * B - c * u0, s_h * B + s_r * X - c * v0)
    assert verify_ownership(context, X, u0, v0, proof)


def coefficients(name: str, seed: bytes, count: int) -> list[Scalar]:
    return [Scalar.reduce(hashed(f"{name}/coefficient", seed, i.to_bytes(4, "big"))) for i in range(count)]


@given(context=contexts, r0=st.lists(scalars, min_size=1, max_size=4), h=scalars, x=scalars)
def test_c3_the_challenge_of_encryptions_covers_every_pair(
    context: bytes, r0: list[Scalar], h: Scalar, x: Scalar
) -> None:
    X, U = x * B, h * B
    u0, v0 = [r * B for r in r0], [U + r * X for r in r0]
    proof = prove_encryptions(context, r0, X, U, u0, v0)
    seed = hashed("allowance/batch", context, joined(B, X, U), joined(*u0), joined(*v0))
    a = coefficients("allowance", seed, len(r0))
    w = total([a_i * r_i for a_i, r_i in zip(a, r0, strict=True)])
    P, Q = w * B, w * X
    c, (s,) = proof.challenge, proof.responses
    assert c == challenge(framed("allowance/equality", seed, joined(B, X, P, Q)), s * B - c * P, s * X - c * Q)
    assert verify_encryptions(context, X, U, u0, v0, proof)


@given(context=contexts, x=scalars, u=st.lists(points, min_size=1, max_size=4))
def test_c6_the_challenge_of_shares_covers_every_pair(context: bytes, x: Scalar, u: list[Point]) -> None:
    X, D = x * B, [x * u_i for u_i in u]
    proof = prove_shares(context, x, X, u, D)
    seed = hashed("shares/batch", context, joined(B, X), joined(*u), joined(*D))
    M = total([a_i * u_i for a_i, u_i in zip(coefficients("shares", seed, len(u)), u, strict=True)])
    Z = x * M
    c, (s,) = proof.challenge, proof.responses
    assert c == challenge(framed("shares/equality", seed, joined(B, M, X, Z)), s * B - c * X, s * M - c * Z)
    assert verify_shares(context, X, u, D, proof)


# What a challenge leaves out can be chosen after it: the classical forgeries, each against the part left out.


@given(context=contexts, k=scalars, s=scalars, weak=st.integers(0, 2))
def test_c1_a_key_chosen_after_the_challenge_has_no_proof(context: bytes, k: Scalar, s: Scalar, weak: int) -> None:
    """With `X` left out: commit first, then solve `s * B = T + c * X` for `X`, whose logarithm nobody knows."""
    assume(k != s)
    T = k * B
    challenge_input = [
        framed("handle/knowledge", context, joined(B)),
        framed("handle/knowledge", context),
        framed("handle/knowledge", context, joined(B, T)),
    ][weak]
    c = challenge(challenge_input, T)
    X = inverse(c) * (s * B - T)
    assert s * B == T + c * X
    assert not verify_knowledge("handle", context, X, KnowledgeProof(c, (s,)))


@given(context=contexts, X=points, k=scalars, s=scalars, s_h=scalars, left_out=st.integers(0, 2), stranger=points)
def test_c4_a_request_chosen_after_the_challenge_has_no_proof(
    context: bytes, X: Point, k: Scalar, s: Scalar, s_h: Scalar, left_out: int, stranger: Point
) -> None:
    """With `u0` or `v0` left out, whoever knows no `h` could still solve for them."""
    assume(k != s and k * B != X)
    T_u, T_v = k * B, stranger
    u0, v0 = k * B + X, stranger + X
    covered = [joined(B, X), joined(B, X, v0), joined(B, X, u0)][left_out]
    c = challenge(framed("pass-request/ownership", context, covered), T_u, T_v)
    if left_out in (0, 1):
        u0 = inverse(c) * (s * B - T_u)
    if left_out in (0, 2):
        v0 = inverse(c) * (s_h * B + s * X - T_v)
    assert not verify_ownership(context, X, u0, v0, OwnershipProof(c, (s, s_h)))


@given(context=contexts, x=scalars, u=points, k=scalars, T=points, left_out=st.integers(0, 1))
def test_c6_a_share_chosen_after_the_challenge_has_no_proof(
    context: bytes, x: Scalar, u: Point, k: Scalar, T: Point, left_out: int
) -> None:
    """The forged decryption proofs of A14: with the share left out, solve `s * M = T + c * Z` for it."""
    X = x * B
    D = x * u
    assume(k * u != T)
    seed = hashed("shares/batch", context, joined(B, X), joined(u), b"" if left_out == 0 else joined(D))
    [a] = coefficients("shares", seed, 1)
    M = a * u
    c = challenge(framed("shares/equality", seed, joined(B, M, X)), k * B, T)
    s = k + c * x
    wrong = inverse(c * a) * (s * M - T)
    assert wrong != D
    assert not verify_shares(context, X, [u], [wrong], EqualityProof(c, (s,)))


# A proof is worth something for its own claim alone.


@given(context=contexts, other=contexts, x=scalars, y=scalars, name=names, other_name=names)
def test_c1_knowledge_is_bound_to_name_context_and_key(
    context: bytes, other: bytes, x: Scalar, y: Scalar, name: str, other_name: str
) -> None:
    assume(context != other and x != y and name != other_name)
    proof = prove_knowledge(name, context, x, x * B)
    assert not verify_knowledge(other_name, context, x * B, proof)
    assert not verify_knowledge(name, other, x * B, proof)
    assert not verify_knowledge(name, context, y * B, proof)


@given(context=contexts, r0=scalars, h=scalars, X=points, other=points, shift=scalars)
def test_c4_ownership_is_bound_to_context_and_every_point(
    context: bytes, r0: Scalar, h: Scalar, X: Point, other: Point, shift: Scalar
) -> None:
    u0, v0 = r0 * B, h * B + r0 * X
    assume(other not in (X, u0, v0) and u0 != X)
    proof = prove_ownership(context, r0, h, X, u0, v0)
    assert not verify_ownership(context + b"x", X, u0, v0, proof)
    for others in ((other, u0, v0), (X, other, v0), (X, u0, other), (X, v0, u0), (u0, X, v0)):
        assert not verify_ownership(context, *others, proof)
    assert not verify_ownership(context, X, u0 + shift * B, v0 + shift * X, proof)
    shifted = OwnershipProof(proof.challenge, (proof.responses[0] + proof.challenge * shift, proof.responses[1]))
    assert not verify_ownership(context, X, u0 + shift * B, v0 + shift * X, shifted)


@given(context=contexts, x=scalars, u=st.lists(points, min_size=2, max_size=4, unique=True), other=points)
def test_c6_shares_are_bound_to_context_key_and_order(context: bytes, x: Scalar, u: list[Point], other: Point) -> None:
    X, D = x * B, [x * u_i for u_i in u]
    assume(other != X and other not in u and other not in D)
    proof = prove_shares(context, x, X, u, D)
    assert not verify_shares(context + b"x", X, u, D, proof)
    assert not verify_shares(context, other, u, D, proof)
    assert not verify_shares(context, X, u[::-1], D, proof)
    assert not verify_shares(context, X, u[::-1], D[::-1], proof)
    assert not verify_shares(context, X, u[1:], D[1:], proof)
    for i in range(len(u)):
        assert not verify_shares(context, X, [*u[:i], other, *u[i + 1 :]], D, proof)
        assert not verify_shares(context, X, u, [*D[:i], other, *D[i + 1 :]], proof)


@given(context=contexts, r0=st.lists(scalars, min_size=2, max_size=4), h=scalars, X=points, other=points)
def test_c3_encryptions_are_bound_to_context_key_handle_and_order(
    context: bytes, r0: list[Scalar], h: Scalar, X: Point, other: Point
) -> None:
    U = h * B
    u0, v0 = [r * B for r in r0], [U + r * X for r in r0]
    assume(other not in (X, U, *u0, *v0) and u0 != u0[::-1])
    proof = prove_encryptions(context, r0, X, U, u0, v0)
    assert not verify_encryptions(context + b"x", X, U, u0, v0, proof)
    assert not verify_encryptions(context, other, U, u0, v0, proof)
    assert not verify_encryptions(context, X, other, u0, v0, proof)
    assert not verify_encryptions(context, X, U, u0[::-1], v0[::-1], proof)
    assert not verify_encryptions(context, X, U, u0[1:], v0[1:], proof)
    for i in range(len(u0)):
        assert not verify_encryptions(context, X, U, [*u0[:i], other, *u0[i + 1 :]], v0, proof)
        assert not verify_encryptions(context, X, U, u0, [*v0[:i], other, *v0[i + 1 :]], proof)


# Errors that cancel. If a coefficient did not depend on the value that it multiplies, errors `E` and
# `-a[i] / a[j] * E` at `i` and `j` would cancel, and the honest proof would hold for the wrong batch.


def weighted(a: list[Scalar], values: list[Point]) -> Point:
    weighed: Point = total([a_i * one for a_i, one in zip(a, values, strict=True)])
    return weighed


def cancelling(a: list[Scalar], values: list[Point], error: Point, i: int, j: int) -> list[Point]:
    """The values with errors at `i` and `j` that the coefficients `a` do not see."""
    changed = list(values)
    changed[i] = changed[i] + error
    changed[j] = changed[j] - a[i] * inverse(a[j]) * error
    assert weighted(a, changed) == weighted(a, values)
    assert changed != values
    return changed


pairs_of_indexes = st.lists(st.integers(0, 3), min_size=2, max_size=2, unique=True)


@given(context=contexts, x=scalars, u=st.lists(points, min_size=4, max_size=4), E=points, at=pairs_of_indexes)
def test_c6_errors_that_cancel_for_the_honest_shares_are_caught(
    context: bytes, x: Scalar, u: list[Point], E: Point, at: list[int]
) -> None:
    X, D = x * B, [x * u_i for u_i in u]
    proof = prove_shares(context, x, X, u, D)
    _, a = proofs._batch("shares", context, (B, X), u, D)
    assert not verify_shares(context, X, u, cancelling(a, D, E, *at), proof)
    assert not verify_shares(context, X, cancelling(a, u, E, *at), D, proof)


@given(
    context=contexts, r0=st.lists(scalars, min_size=4, max_size=4), h=scalars, X=points, E=points, at=pairs_of_indexes
)
def test_c3_errors_that_cancel_for_the_honest_encryptions_are_caught(
    context: bytes, r0: list[Scalar], h: Scalar, X: Point, E: Point, at: list[int]
) -> None:
    U = h * B
    u0, v0 = [r * B for r in r0], [U + r * X for r in r0]
    proof = prove_encryptions(context, r0, X, U, u0, v0)
    _, a = proofs._batch("allowance", context, (B, X, U), u0, v0)
    assert not verify_encryptions(context, X, U, u0, cancelling(a, v0, E, *at), proof)
    assert not verify_encryptions(context, X, U, cancelling(a, u0, E, *at), v0, proof)


@given(seed=st.binary(min_size=1), u=st.lists(points, min_size=2, max_size=4), other=points, at=st.integers(0, 1))
def test_every_coefficient_depends_on_every_pair(seed: bytes, u: list[Point], other: Point, at: int) -> None:
    assume(other not in u)
    changed = [*u[:at], other, *u[at + 1 :]]
    _, a = proofs._batch("shares", seed, (B,), u, u)
    for left, right in ((changed, u), (u, changed)):
        _, b = proofs._batch("shares", seed, (B,), left, right)
        assert not any(a_i == b_i for a_i, b_i in zip(a, b, strict=True))


# False statements, and proofs that were not made by a prover.


@given(context=contexts, x=scalars, y=scalars, z=scalars)
def test_a_prover_does_not_return_a_proof_of_what_is_false(context: bytes, x: Scalar, y: Scalar, z: Scalar) -> None:
    assume(x != y and x != z and y != z)
    X, Y, Z = x * B, y * B, z * B
    with pytest.raises(InvalidProof):
        prove_knowledge("handle", context, x, Y)
    with pytest.raises(InvalidProof):
        prove_ownership(context, x, z, Z, Y, z * B + x * Z)
    with pytest.raises(InvalidProof):
        prove_ownership(context, x, y, Z, X, X + x * Z)
    with pytest.raises(InvalidProof):
        prove_shares(context, x, Y, [Z], [x * Z])


@given(context=contexts, x=scalars, y=scalars, z=scalars)
def test_a_proof_for_a_pair_that_is_wrong_does_not_hold(context: bytes, x: Scalar, y: Scalar, z: Scalar) -> None:
    """The prover itself does not notice it: it makes the sums of its secret."""
    assume(x != y and x != z and y != z)
    X, Y, Z = x * B, y * B, z * B
    u0, v0 = [X, X], [Y + x * Z, X + x * Z]
    assert not verify_encryptions(context, Z, Y, u0, v0, prove_encryptions(context, [x, x], Z, Y, u0, v0))
    u, D = [Z, Y], [x * Z, y * Z]
    assert not verify_shares(context, X, u, D, prove_shares(context, x, X, u, D))


def test_a_batch_has_one_secret_for_each_pair() -> None:
    x, y, z = (scalar(value) for value in (2, 3, 5))
    X, U = x * B, y * B
    for r0 in ([z], [z, z, z]):
        with pytest.raises(ValueError, match="zip"):
            prove_encryptions(b"", r0, X, U, [z * B] * 2, [U + z * X] * 2)


def test_a_batch_has_two_sequences_of_one_length() -> None:
    """A caller that passes others has a bug; nothing that a message can hold gets here."""
    x, y = scalar(2), scalar(3)
    X, U = x * B, y * B
    proof = prove_shares(b"", x, X, [U], [x * U])
    for left, right in (([U], [X, X]), ([U, U], [X])):
        with pytest.raises(ValueError, match="zip"):
            verify_shares(b"", X, left, right, proof)
        with pytest.raises(ValueError, match="zip"):
            verify_encryptions(b"", X, U, left, right, proof)


@given(context=contexts, c=scalars, x=scalars, y=scalars)
def test_commitments_that_are_the_identity_prove_nothing(context: bytes, c: Scalar, x: Scalar, y: Scalar) -> None:
    """Responses without a nonce: the verifier meets the identity, and says no."""
    X, Y = x * B, y * B
    assert not verify_knowledge("handle", context, X, KnowledgeProof(c, (c * x,)))
    assert not verify_ownership(context, Y, X, x * B + x * Y, OwnershipProof(c, (c * x, c * x)))
    assert not verify_shares(context, X, [Y], [x * Y], EqualityProof(c, (c * x,)))
    assert not verify_encryptions(context, Y, X, [X, Y], [X, X], EqualityProof(c, (c * x,)))


def test_a_batch_whose_weighted_sum_is_the_identity_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can find such a batch while its coefficients are hashed, so here every coefficient is one."""
    x, one = Scalar.random(), scalar(1)
    X, P = x * B, Scalar.random() * B
    monkeypatch.setattr(proofs, "hash_to_scalar", lambda *_: one)
    proof = EqualityProof(one, (one,))
    assert not verify_shares(b"", X, [P, P], [P, minus(one) * P], proof)
    assert not verify_shares(b"", X, [P, minus(one) * P], [P, P], proof)


@given(context=contexts, raw=st.lists(st.one_of(st.just(scalar(0)), scalars), min_size=3, max_size=3), x=scalars)
def test_scalars_that_are_no_proof_are_refused(context: bytes, raw: list[Scalar], x: Scalar) -> None:
    X = x * B
    c, s, t = raw
    assert not verify_knowledge("handle", context, X, KnowledgeProof(c, (s,)))
    assert not verify_ownership(context, X, X, X, OwnershipProof(c, (s, t)))
    assert not verify_shares(context, X, [X], [x * X], EqualityProof(c, (s,)))
    assert not verify_encryptions(context, X, B, [X], [B + x * X], EqualityProof(c, (s,)))


@given(x=scalars, context=contexts, at=st.integers(0, 1), excess=st.integers(1, 15))
def test_a_proof_has_one_encoding(x: Scalar, context: bytes, at: int, excess: int) -> None:
    """A multiple of the order added to the challenge or the response is malformed, not the same proof again."""
    proof: Proof = prove_knowledge("handle", context, x, x * B)
    parts = [bytes(proof.challenge), bytes(proof.responses[0])]
    assert KnowledgeProof.from_bytes(b"".join(parts)) == proof
    larger = int.from_bytes(parts[at], "little") + excess * L
    assume(larger < 2**256)
    parts[at] = larger.to_bytes(32, "little")
    with pytest.raises(MalformedScalar):
        KnowledgeProof.from_bytes(b"".join(parts))
