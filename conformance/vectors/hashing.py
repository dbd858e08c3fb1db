"""Vectors of §3.2: tagged hashing and hedged nonces."""

from __future__ import annotations

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, pinned, pinned_scalar
from protocol.primitives.hashing import digest, digest32, frame, hash_to_scalar, nonce, tag


def hashing() -> VectorFile:
    """`frame`, `digest`, `digest32` and `hash_to_scalar`."""
    file = VectorFile(
        "hashing",
        "Tagged hashing: every part stands behind its length, so that no two lists of parts hash alike",
        "§3.2",
        {
            "check.name": "the name of the use, a text",
            "check.parts": "the parts",
            "result.tag": "the domain-separation tag, in ASCII",
            "result.frame": "tag and parts, each behind its length as 4 bytes, big-endian",
            "result.digest": "SHA-512 of the frame",
            "result.digest32": "its first 32 bytes",
            "result.scalar": "the digest, little-endian, modulo L",
        },
    )
    for name, parts in {
        "no parts": [],
        "one empty part": [b""],
        "two parts": [b"ab", b"c"],
        "the same bytes, split elsewhere": [b"a", b"bc"],
        "the same bytes, in one part": [b"abc"],
        "a part longer than 256 bytes": [pinned("long part", 300)],
    }.items():
        file.accept(
            name,
            check={"name": "example", "parts": parts},
            result={
                "tag": tag("example"),
                "frame": frame("example", *parts),
                "digest": digest("example", *parts),
                "digest32": digest32("example", *parts),
                "scalar": hash_to_scalar("example", *parts),
            },
        )
    return file


def nonces() -> VectorFile:
    """`nonce`."""
    file = VectorFile(
        "nonces",
        "Hedged nonces: fresh randomness hashed with a label, the secret and the whole statement",
        "§3.2",
        {
            "check.random": "the 32 bytes drawn, in a list of one",
            "check.label": "which nonce of a proof it is: the bytes of its label in ASCII",
            "check.secret": "the secret scalar",
            "check.statement": "the statement",
            "result.nonce": "the nonce, a scalar",
        },
    )
    for name, label, covered in [
        ("ordinary", b"x", b"a statement"),
        ("another label", b"h", b"a statement"),
        ("another statement", b"x", b"another statement"),
        ("an empty statement", b"x", b""),
    ]:
        random, secret = Draws("nonce"), pinned_scalar("nonce secret")
        k = nonce(random, label, secret, covered)
        file.accept(
            name,
            check={"random": random.drawn, "label": label, "secret": secret, "statement": covered},
            result={"nonce": k},
        )
    return file
