"""Randomness that is the same on every run, and small changes to bytes."""

from __future__ import annotations

from hashlib import shake_256

from protocol.primitives.group import Point, RandomBytes, Scalar

L = 2**252 + 27742317777372353535851937790883648493


def pinned(name: str, length: int = 32) -> bytes:
    """Bytes that only depend on `name`."""
    return shake_256(f"SplitPass test vectors: {name}".encode()).digest(length)


def pinned_scalar(name: str) -> Scalar:
    """A scalar that only depends on `name`."""
    return Scalar.reduce(pinned(name, 64))


class Draws:
    """A source of randomness that only depends on `name` and remembers what was drawn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.drawn: list[bytes] = []

    def __call__(self, length: int) -> bytes:
        """The next `length` bytes."""
        self.drawn.append(pinned(f"{self.name}, draw {len(self.drawn)}", length))
        return self.drawn[-1]


def drawing_first(first: bytes) -> RandomBytes:
    """Random bytes of which the first draw is given."""
    draws = Draws("after the first")
    given = [first]
    return lambda length: given.pop() if given else draws(length)


def flip(data: bytes, position: int) -> bytes:
    """`data` with the lowest bit of one byte flipped."""
    position %= len(data)
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def negative(point: Point) -> Point:
    """The point with the other sign."""
    encoding = bytes(point)
    return Point(encoding[:31] + bytes([encoding[31] ^ 0x80]))


def negative_scalar(scalar: Scalar) -> Scalar:
    """`-scalar` modulo L."""
    return Scalar((-int.from_bytes(bytes(scalar), "little") % L).to_bytes(32, "little"))


def plus_order(scalar: bytes) -> bytes:
    """Another 32 bytes for the same residue modulo L: not canonical."""
    return (int.from_bytes(scalar, "little") + L).to_bytes(32, "little")
