"""Ed25519 in plain integers, with nothing checked: to craft the points and signatures that nobody should send.

It is slow, not constant-time, and for tests only. What it shares with the protocol is RFC 8032, not one line of code.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


@dataclass(frozen=True)
class Affine:
    """Any point of the curve `-x² + y² = 1 + d·x²·y²`, of any order."""

    x: int
    y: int

    def __add__(self, other: Affine) -> Affine:
        product = D * self.x * other.x * self.y * other.y % P
        inverse = pow((1 + product) * (1 - product), -1, P)
        return Affine(
            (self.x * other.y + other.x * self.y) * (1 - product) * inverse % P,
            (self.y * other.y + self.x * other.x) * (1 + product) * inverse % P,
        )

    def __rmul__(self, factor: int) -> Affine:
        total, power = IDENTITY, self
        while factor:
            if factor & 1:
                total = total + power
            power, factor = power + power, factor >> 1
        return total

    def __neg__(self) -> Affine:
        return Affine(-self.x % P, self.y)

    def __bytes__(self) -> bytes:
        """The canonical encoding."""
        return (self.y | (self.x & 1) << 255).to_bytes(32, "little")


def decode(encoding: bytes) -> Affine | None:
    """The point that 32 bytes stand for if `y` may exceed the field and zero may be negative; None off the curve."""
    number = int.from_bytes(encoding, "little")
    y, sign = number % 2**255 % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return Affine(-x % P if x & 1 != sign else x, y)


def is_canonical(encoding: bytes) -> bool:
    """Whether 32 bytes are the one encoding of a point."""
    point = decode(encoding)
    return point is not None and bytes(point) == encoding


def clears_to_identity(point: Affine) -> bool:
    """Whether a point has small order: 1, 2, 4 or 8."""
    return 8 * point == IDENTITY


def _point_of_order_8() -> Affine:
    for y in range(2, 100):
        point = decode(y.to_bytes(32, "little"))
        if point and 4 * L * point != IDENTITY:
            return L * point
    raise AssertionError("there is one")


IDENTITY = Affine(0, 1)
BASE = decode(bytes.fromhex("58" + "66" * 31)) or IDENTITY
TORSION = _point_of_order_8()
"""A generator of the eight points of small order."""
SMALL_ORDER = [i * TORSION for i in range(8)]


def challenge(R: bytes, A: bytes, message: bytes) -> int:
    """RFC 8032's `k`, reduced modulo L as libraries do: for a point outside the subgroup that makes a difference."""
    return int.from_bytes(sha512(R + A + message).digest(), "little") % L


def verify_by_the_rule(A: bytes, message: bytes, signature: bytes) -> bool:
    """The project's rule: cofactorless, canonical, `S < L`, no small order."""
    R, S = signature[:32], int.from_bytes(signature[32:], "little")
    key, commitment = decode(A), decode(R)
    if key is None or commitment is None or not is_canonical(A) or not is_canonical(R) or S >= L:
        return False
    if clears_to_identity(key) or clears_to_identity(commitment):
        return False
    return commitment + challenge(R, A, message) * key == S * BASE


def verify_anyhow(A: bytes, message: bytes, signature: bytes) -> bool:
    """The laxest verification in use: with the cofactor, any encoding, any order, any `S`."""
    R, S = signature[:32], int.from_bytes(signature[32:], "little")
    key, commitment = decode(A), decode(R)
    if key is None or commitment is None:
        return False
    return 8 * (commitment + challenge(R, A, message) * key) == 8 * S * BASE
