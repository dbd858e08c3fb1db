"""What two byte strings have in common: how whoever holds them would try to link them."""

from __future__ import annotations

WINDOW = 8
"""A shorter agreement happens by chance."""


def windows(data: bytes) -> set[bytes]:
    """Every run of `WINDOW` bytes."""
    return {data[start : start + WINDOW] for start in range(len(data) - WINDOW + 1)}


def shared(one: bytes, other: bytes) -> set[bytes]:
    """The runs of bytes that occur in both."""
    return windows(one) & windows(other)
