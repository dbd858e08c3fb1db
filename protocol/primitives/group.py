"""Checked points and scalars of the prime-order subgroup of Ed25519, written additively. Spec: §3.1.

Decoding checks once; arithmetic afterwards happens only on checked values, so that formulas read as in the
spec: `u = u0 + c * B`. All curve arithmetic is libsodium's.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import final, overload

from nacl import bindings as sodium
from nacl.exceptions import RuntimeError as SodiumError
from nacl.utils import random as secure_random

from protocol.primitives.errors import IdentityElement, MalformedPoint, MalformedScalar

RandomBytes = Callable[[int], bytes]
"""A source of randomness: given a number of bytes, returns that many.

Functions use `secure_random`, the operating system's, unless they are given another one.
"""

__all__ = ["POINT_BYTES", "SCALAR_BYTES", "B", "Point", "RandomBytes", "Scalar", "secure_random"]

POINT_BYTES = 32
SCALAR_BYTES = 32
L = 2**252 + 27742317777372353535851937790883648493


@final
class Point:
    """A point of the prime-order subgroup other than the identity.

    `Point(encoding)` takes 32 bytes and raises `MalformedPoint` unless they are the canonical encoding of such
    a point. Sums and differences that give the identity raise `IdentityElement`.
    """

    __slots__ = ("_encoding",)

    def __init__(self, encoding: bytes) -> None:
        if len(encoding) != POINT_BYTES:  # step 1
            raise MalformedPoint(f"a point has {POINT_BYTES} bytes, not {len(encoding)}")
        if not sodium.crypto_core_ed25519_is_valid_point(encoding):  # steps 2, 3, 4
            raise MalformedPoint("not a canonical point of the prime-order subgroup")
        self._encoding = encoding

    @classmethod
    def _computed(cls, encoding: bytes) -> Point:
        """The result of arithmetic on checked points: in the subgroup already, so only the identity is left."""
        if encoding == _IDENTITY:
            raise IdentityElement("the result is the identity")
        point = object.__new__(cls)
        point._encoding = encoding
        return point

    def __add__(self, other: Point) -> Point:
        return Point._computed(sodium.crypto_core_ed25519_add(self._encoding, other._encoding))

    def __sub__(self, other: Point) -> Point:
        return Point._computed(sodium.crypto_core_ed25519_sub(self._encoding, other._encoding))

    def __bytes__(self) -> bytes:
        """The 32-byte encoding."""
        return self._encoding

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self._encoding == other._encoding

    def __hash__(self) -> int:
        return hash(self._encoding)

    def __repr__(self) -> str:
        return f"Point({self._encoding.hex()})"


_IDENTITY = bytes([1]) + bytes(31)


@final
class Scalar:
    """An integer modulo the group order L, possibly secret: equality takes constant time, `repr` shows nothing.

    `Scalar(encoding)` takes 32 bytes, little-endian, and raises `MalformedScalar` unless they are below L.
    """

    __slots__ = ("_encoding",)
    __hash__ = None  # type: ignore[assignment]  # a secret has no place in a hash table

    def __init__(self, encoding: bytes) -> None:
        if len(encoding) != SCALAR_BYTES:  # step 1
            raise MalformedScalar(f"a scalar has {SCALAR_BYTES} bytes, not {len(encoding)}")
        reduced = sodium.crypto_core_ed25519_scalar_reduce(encoding + bytes(32))
        if not compare_digest(reduced, encoding):  # step 2
            raise MalformedScalar("a scalar must be below the group order")
        self._encoding = encoding

    @classmethod
    def _computed(cls, encoding: bytes) -> Scalar:
        scalar = object.__new__(cls)
        scalar._encoding = encoding
        return scalar

    @classmethod
    def reduce(cls, wide: bytes) -> Scalar:
        """The scalar that 64 uniform bytes, little-endian, stand for modulo L."""
        return cls._computed(sodium.crypto_core_ed25519_scalar_reduce(wide))

    @classmethod
    def random(cls, random_bytes: RandomBytes = secure_random) -> Scalar:
        """A uniform scalar other than zero, from 64 bytes of `random_bytes` (again 64 if they give zero)."""
        while not any(bytes(scalar := cls.reduce(random_bytes(64)))):
            pass
        return scalar

    def __add__(self, other: Scalar) -> Scalar:
        return Scalar._computed(sodium.crypto_core_ed25519_scalar_add(self._encoding, other._encoding))

    @overload
    def __mul__(self, other: Scalar) -> Scalar: ...
    @overload
    def __mul__(self, other: Point) -> Point: ...
    def __mul__(self, other: Scalar | Point) -> Scalar | Point:
        if isinstance(other, Scalar):
            return Scalar._computed(sodium.crypto_core_ed25519_scalar_mul(self._encoding, other._encoding))
        try:
            if other is B:
                return Point._computed(sodium.crypto_scalarmult_ed25519_base_noclamp(self._encoding))
            return Point._computed(sodium.crypto_scalarmult_ed25519_noclamp(self._encoding, bytes(other)))
        except SodiumError:  # libsodium refuses the scalar zero
            raise IdentityElement("the result is the identity") from None

    def __bytes__(self) -> bytes:
        """The 32-byte little-endian encoding."""
        return self._encoding

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scalar) and compare_digest(self._encoding, other._encoding)

    def __repr__(self) -> str:
        return "Scalar(hidden)"


B = Point(bytes.fromhex("58" + "66" * 31))
"""The base point of Ed25519."""
