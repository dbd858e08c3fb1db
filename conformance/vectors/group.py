"""Vectors of §3.1: encodings and arithmetic of scalars and points."""

from __future__ import annotations

from nacl import bindings as sodium

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import L, negative, pinned, pinned_scalar
from protocol.primitives.errors import IdentityElement, MalformedPoint, MalformedScalar
from protocol.primitives.group import B, Scalar

P_FIELD = 2**255 - 19
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")


def _number(value: int, length: int = 32) -> bytes:
    return value.to_bytes(length, "little")


def scalars() -> VectorFile:
    """Decoding scalars."""
    file = VectorFile(
        "scalars",
        "Encodings of scalars: 32 bytes, little-endian, below L",
        "§3.1",
        {"check.encoding": "what is decoded", "result.encoding": "the scalar, encoded again"},
    )
    for name, value in {"zero": 0, "one": 1, "two to the 252": 2**252, "L - 1": L - 1}.items():
        file.accept(name, check={"encoding": _number(value)}, result={"encoding": _number(value)})
    for change, encoding in {
        "L": _number(L),
        "L + 1, another one": _number(L + 1),
        "two to the 255": _number(2**255),
        "all bits set": bytes([255] * 32),
        "the largest multiple of L": _number(15 * L),
        "31 bytes": _number(1, 31),
        "33 bytes": _number(1, 33),
        "no bytes": b"",
    }.items():
        file.reject("one", change, MalformedScalar, encoding=encoding)
    return file


def scalar_arithmetic() -> VectorFile:
    """Sums, products and reduction modulo L."""
    file = VectorFile(
        "scalar-arithmetic",
        "Arithmetic of scalars modulo L",
        "§3.1",
        {
            "check.a": "a scalar",
            "check.b": "a scalar",
            "check.wide": "64 bytes",
            "result.sum": "a + b",
            "result.product": "a * b",
            "result.reduced": "the 64 bytes, little-endian, modulo L",
        },
    )
    a, b, largest, zero = pinned_scalar("a"), pinned_scalar("b"), Scalar(_number(L - 1)), Scalar(bytes(32))
    for name, left, right, wide in [
        ("pinned", a, b, pinned("wide", 64)),
        ("largest", largest, largest, bytes([255] * 64)),
        ("zero", a, zero, bytes(64)),
        ("a multiple of L", largest, Scalar(_number(1)), _number(L * 2**250, 64)),
    ]:
        file.accept(
            name,
            check={"a": left, "b": right, "wide": wide},
            result={"sum": left + right, "product": left * right, "reduced": Scalar.reduce(wide)},
        )
    return file


def points() -> VectorFile:
    """Decoding points."""
    file = VectorFile(
        "points",
        "Encodings of points: canonical, in the prime-order subgroup, not the identity",
        "§3.1",
        {"check.encoding": "what is decoded", "result.encoding": "the point, encoded again"},
    )
    P = pinned_scalar("point") * B
    for name, point in {"base point": B, "minus the base point": negative(B), "pinned": P}.items():
        file.accept(name, check={"encoding": point}, result={"encoding": point})
    for change, encoding in {
        "the identity": _number(1),
        "the identity with a negative zero": _number(1 + 2**255),
        "the identity with y above the field": _number(P_FIELD + 1),
        "order 2": _number(P_FIELD - 1),
        "order 2 with a negative zero": _number(P_FIELD - 1 + 2**255),
        "order 4": _number(0),
        "order 4, the other": _number(2**255),
        "order 4 with y above the field": _number(P_FIELD),
        "order 8": ORDER_8,
        "a point plus one of order 2": sodium.crypto_core_ed25519_add(bytes(P), _number(P_FIELD - 1)),
        "a point plus one of order 8": sodium.crypto_core_ed25519_add(bytes(P), ORDER_8),
        "no point of the curve": _number(2),
        "y above the field, no low order": _number(P_FIELD + 3),
        "all bits set": bytes([255] * 32),
        "31 bytes": bytes(P)[:31],
        "33 bytes": bytes(P) + b"\0",
        "no bytes": b"",
    }.items():
        file.reject("pinned", change, MalformedPoint, encoding=encoding)
    return file


def point_arithmetic() -> VectorFile:
    """Sums, differences and multiples of points; the identity is an error."""
    file = VectorFile(
        "point-arithmetic",
        "Arithmetic of points, which never gives the identity",
        "§3.1",
        {
            "check.a": "a scalar",
            "check.P": "a point",
            "check.Q": "a point",
            "result.sum": "P + Q",
            "result.difference": "P - Q",
            "result.multiple": "a * P",
            "result.base_multiple": "a * B",
        },
    )
    a, P, Q = pinned_scalar("a"), pinned_scalar("P") * B, pinned_scalar("Q") * B
    for name, scalar, left, right in [
        ("pinned", a, P, Q),
        ("times one", Scalar(_number(1)), P, B),
        ("times L - 1", Scalar(_number(L - 1)), P, Q),
    ]:
        file.accept(
            name,
            check={"a": scalar, "P": left, "Q": right},
            result={
                "sum": left + right,
                "difference": left - right,
                "multiple": scalar * left,
                "base_multiple": scalar * B,
            },
        )
    file.reject("pinned", "the difference of equal points", IdentityElement, Q=P)
    file.reject("pinned", "the sum of opposite points", IdentityElement, Q=negative(P))
    file.reject("pinned", "times zero", IdentityElement, a=bytes(32))
    return file
