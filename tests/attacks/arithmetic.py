"""Arithmetic of those who solve equations: what the protocol has no use for."""

from __future__ import annotations

from protocol.primitives.group import Scalar
from tests.support.edwards import L
from tests.support.strategies import scalar


def inverse(x: Scalar) -> Scalar:
    """`1 / x`."""
    return scalar(pow(int.from_bytes(bytes(x), "little"), -1, L))


def minus(x: Scalar) -> Scalar:
    """`-x`."""
    return scalar(L - 1) * x
