"""Secrets drawn by hypothesis: real scalars and points."""

from __future__ import annotations

from hashlib import sha512

from hypothesis import strategies as st

from protocol.primitives.group import B, Point, Scalar


def scalar(value: int) -> Scalar:
    """The scalar of an integer below the order."""
    return Scalar(value.to_bytes(32, "little"))


scalars: st.SearchStrategy[Scalar] = st.binary(max_size=16).map(lambda seed: Scalar.reduce(sha512(seed).digest()))
"""Equal or unrelated: hashing keeps hypothesis from finding that 1 + 1 is 2."""
points: st.SearchStrategy[Point] = scalars.map(lambda x: x * B)
