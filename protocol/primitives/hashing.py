"""Tagged hashing: SHA-512 over a name and length-prefixed parts. Spec: §3.2.

Every use of a hash has its own tag, and no two different lists of parts give the same input.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from struct import Struct

from nacl.bindings import crypto_hash_sha512

from protocol.primitives.group import Point, RandomBytes, Scalar

TAG_PREFIX = "SplitPass/v1/"
_length = Struct(">I").pack


@functools.cache
def tag(name: str) -> bytes:
    """The domain-separation tag of `name`, as ASCII bytes."""
    return (TAG_PREFIX + name).encode("ascii")


def frame(name: str, *parts: bytes) -> bytes:
    """The tag and every part, each behind its length as 4 bytes, big-endian."""
    framed = _framed_tag(name)
    for part in parts:
        framed += _length(len(part)) + part
    return framed


@functools.cache
def _framed_tag(name: str) -> bytes:
    return len(tag(name)).to_bytes(4, "big") + tag(name)


def digest(name: str, *parts: bytes) -> bytes:
    """SHA-512 of the framed parts: 64 bytes."""
    return crypto_hash_sha512(frame(name, *parts))


def digest32(name: str, *parts: bytes) -> bytes:
    """The first 32 bytes of `digest`: for keys, indexes and contexts."""
    return crypto_hash_sha512(frame(name, *parts))[:32]


def hash_to_scalar(name: str, *parts: bytes) -> Scalar:
    """`digest` modulo the group order."""
    return Scalar.reduce(digest(name, *parts))


def nonce(random_bytes: RandomBytes, label: bytes, secret: Scalar, covered: bytes) -> Scalar:
    """Make a hedged nonce: fresh bytes hashed with a label, the secret and all that the challenge covers.

    It stays secret and unrepeated when either the randomness is good or the secret is unknown.

    Args:
        random_bytes: Asked for 32 bytes.
        label: Separates several nonces of one proof.
        secret: The secret that is proved or signed with.
        covered: The challenge input, or `u` and the signing input.

    Returns:
        The nonce.
    """
    return hash_to_scalar("nonce", random_bytes(32), label, bytes(secret), covered)


def encodings(points: Iterable[Point]) -> bytes:
    """The 32-byte encodings of `points`, one after the other."""
    return b"".join(map(bytes, points))
