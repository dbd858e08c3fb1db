"""What whoever holds some bytes can try: every number in them, and every point, in the place of the right ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from protocol.primitives.errors import IdentityElement, Malformed
from protocol.primitives.group import Point, Scalar


def numbers(held: Iterable[bytes]) -> list[Scalar]:
    """Every 32 bytes in a row that are a scalar."""
    found = {}
    for window in _windows(held):
        with suppress(Malformed):
            found[window] = Scalar(window)
    return list(found.values())


def points(held: Iterable[bytes]) -> list[Point]:
    """Every 32 bytes in a row that are a point."""
    found = set()
    for window in _windows(held):
        with suppress(Malformed):
            found.add(Point(window))
    return list(found)


def differences(minuends: Iterable[Point], factors: Iterable[Scalar], bases: Iterable[Point]) -> set[Point]:
    """Every minuend without the product of a factor and a base: `v - r * X` is a handle."""
    minuends, bases, found = list(minuends), list(bases), set()
    for factor in factors:
        for base in bases:
            for minuend in minuends:
                with suppress(IdentityElement):
                    found.add(minuend - factor * base)
    return found


def _windows(held: Iterable[bytes]) -> set[bytes]:
    return {data[start : start + 32] for data in held for start in range(len(data) - 31)}
