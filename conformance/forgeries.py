"""Points and signatures that only a careless library takes. Spec: §3.1, §3.4."""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_add, crypto_hash_sha512

from conformance.statements import Sign
from protocol.primitives.group import B, L, Scalar
from protocol.primitives.signatures import sign_with_scalar

IDENTITY = bytes([1]) + bytes(31)
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
IDENTITY_ABOVE_FIELD = bytes.fromhex("ee" + "ff" * 30 + "7f")
"""The identity, with its y-coordinate 1 written as 2^255 - 18."""
MIXED = crypto_core_ed25519_add(bytes(B), ORDER_8)
OFF_CURVE = bytes([2]) + bytes(31)

BAD_POINTS = {
    "off-curve": ("Step 2: 32 bytes that are no point of the curve are refused.", OFF_CURVE),
    "not-canonical": ("Step 2: a y-coordinate above the field is refused.", IDENTITY_ABOVE_FIELD),
    "small-order": ("Step 3: a point of order 8 is refused.", ORDER_8),
    "mixed-order": ("Step 3: a point outside the subgroup is refused, although its order is not small.", MIXED),
    "identity": ("Step 4: the identity is refused.", IDENTITY),
}
"""Encodings that are no points of the group, with the rule that says so."""

LARGE_SCALAR = L.to_bytes(32, "little")
"""Zero, written as the order of the group."""


def _challenge(R: bytes, A: bytes, message: bytes) -> Scalar:
    return Scalar.reduce(crypto_hash_sha512(R + A + message))


def _with_large_s(r: Scalar, A: bytes, message: bytes) -> bytes:
    signature = sign_with_scalar(r, A, message)
    return signature[:32] + (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")


def _with_mixed_r(r: Scalar, A: bytes, message: bytes) -> bytes:
    k = Scalar.random()
    R = crypto_core_ed25519_add(bytes(k * B), ORDER_8)
    return R + bytes(k + _challenge(R, A, message) * r)


def _with_r(R: bytes) -> Sign:
    """An `R` that stands for the identity: the equation holds with `S = k * r`."""
    return lambda r, A, message: R + bytes(_challenge(R, A, message) * r)


def sign_under_bad_point(_r: Scalar, A: bytes, message: bytes) -> bytes:
    """A signature whose equation holds under one of `BAD_POINTS` for whoever takes it as a key.

    A challenge that is a multiple of 8, which every eighth nonce gives, wipes out what the point has outside the
    subgroup. What is left is the base point or nothing.
    """
    logarithm = Scalar(bytes([A == MIXED]) + bytes(31))
    while True:
        k = Scalar.random()
        R = bytes(k * B)
        challenge = _challenge(R, A, message)
        if bytes(challenge)[0] % 8 == 0:
            return R + bytes(k + challenge * logarithm)


FORGERIES: dict[str, tuple[str, Sign]] = {
    "large-s": ("Step 2: a signature whose `S` is not below `L` is refused.", _with_large_s),
    "not-canonical-r": ("Step 3: an `R` above the field is refused.", _with_r(IDENTITY_ABOVE_FIELD)),
    "small-order-r": ("Step 4: an `R` of small order is refused.", _with_r(IDENTITY)),
    "cofactor": ("Step 6: an equation that holds only times the cofactor is refused.", _with_mixed_r),
}
"""Signatures that Ed25519 libraries disagree on, with the rule that decides."""
