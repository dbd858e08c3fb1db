"""Ed25519 under one rule for everyone, and signing with a raw scalar. Spec: §3.4.

The rule is cofactorless: `S * B == R + k * A` exactly, with canonical `A` and `R`, `S < L`, and neither `A` nor `R`
of small order. That is libsodium's `crypto_sign_open`. A door and an escrow party that disagreed on one signature
would give a visitor a way to be admitted and never be found.
"""

from __future__ import annotations

from nacl.bindings import crypto_hash_sha512, crypto_sign_open
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from protocol.primitives.group import POINT_BYTES, B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import nonce

__all__ = ["SIGNATURE_BYTES", "SigningKey", "public_key", "sign_with_scalar", "verify"]

SIGNATURE_BYTES = 64


def public_key(key: SigningKey) -> Point:
    """The verification key of `key`."""
    return Point(bytes(key.verify_key))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is valid by the rule above.

    Args:
        public: The public key, 32 bytes; any others are none.
        message: The signing input.
        signature: `R || S`, 64 bytes; any others are none.

    Returns:
        True if it is valid.
    """
    if len(public) != POINT_BYTES or len(signature) != SIGNATURE_BYTES:  # step 1
        return False
    try:
        crypto_sign_open(signature + message, public)  # steps 2, 3, 4, 5, 6
    except BadSignatureError:
        return False
    return True


def sign_with_scalar(r: Scalar, u: bytes, message: bytes, random_bytes: RandomBytes = secure_random) -> bytes:
    """Make an ordinary Ed25519 signature with the scalar itself.

    The nonce is hedged over the whole message.

    Args:
        r: The secret scalar.
        u: The encoding of `r * B`, 32 bytes.
        message: The signing input.
        random_bytes: Asked for 32 bytes.

    Returns:
        64 bytes.
    """
    k = nonce(random_bytes, b"signature", r, u + message)
    R = bytes(k * B)
    challenge = Scalar.reduce(crypto_hash_sha512(R + u + message))
    return R + bytes(k + challenge * r)
