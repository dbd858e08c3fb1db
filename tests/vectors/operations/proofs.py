"""The proofs: making and verifying."""

from __future__ import annotations

from typing import Any

from protocol.primitives.errors import InvalidProof
from protocol.primitives.group import Point, Scalar
from protocol.primitives.proofs import (
    EqualityProof,
    KnowledgeProof,
    OwnershipProof,
    prove_encryptions,
    prove_knowledge,
    prove_ownership,
    prove_shares,
    verify_encryptions,
    verify_knowledge,
    verify_ownership,
    verify_shares,
)
from tests.vectors.replay import Draws, Operation


def _require(holds: bool) -> None:
    if not holds:
        raise InvalidProof("the proof does not hold")


def make_knowledge(*, x: Scalar, random: Draws, name: str, context: bytes, X: Point) -> dict[str, Any]:
    return {"proof": prove_knowledge(name, context, x, X, random)}


def check_knowledge(*, name: str, context: bytes, X: Point, proof: KnowledgeProof) -> None:
    _require(verify_knowledge(name, context, X, proof))


def make_ownership(
    *, r0: Scalar, h: Scalar, random: Draws, context: bytes, X: Point, u0: Point, v0: Point
) -> dict[str, Any]:
    return {"proof": prove_ownership(context, r0, h, X, u0, v0, random)}


def check_ownership(*, context: bytes, X: Point, u0: Point, v0: Point, proof: OwnershipProof) -> None:
    _require(verify_ownership(context, X, u0, v0, proof))


def make_encryptions(
    *, r0: list[Scalar], random: Draws, context: bytes, X: Point, U: Point, u0: list[Point], v0: list[Point]
) -> dict[str, Any]:
    return {"proof": prove_encryptions(context, r0, X, U, u0, v0, random)}


def check_encryptions(
    *, context: bytes, X: Point, U: Point, u0: list[Point], v0: list[Point], proof: EqualityProof
) -> None:
    _require(verify_encryptions(context, X, U, u0, v0, proof))


def make_shares(
    *, x: Scalar, random: Draws, context: bytes, X: Point, u: list[Point], D: list[Point]
) -> dict[str, Any]:
    return {"proof": prove_shares(context, x, X, u, D, random)}


def check_shares(*, context: bytes, X: Point, u: list[Point], D: list[Point], proof: EqualityProof) -> None:
    _require(verify_shares(context, X, u, D, proof))


OPERATIONS = {
    "knowledge-proof": Operation(check_knowledge, make_knowledge),
    "ownership-proof": Operation(check_ownership, make_ownership),
    "encryptions-proof": Operation(check_encryptions, make_encryptions),
    "shares-proof": Operation(check_shares, make_shares),
}
