"""Tagged hashing."""

from __future__ import annotations

from typing import Any

from protocol.primitives.group import Scalar
from protocol.primitives.hashing import digest, digest32, frame, hash_to_scalar, nonce, tag
from tests.vectors.replay import Draws, Operation


def hashing(*, name: str, parts: list[bytes]) -> dict[str, Any]:
    return {
        "tag": tag(name),
        "frame": frame(name, *parts),
        "digest": digest(name, *parts),
        "digest32": digest32(name, *parts),
        "scalar": hash_to_scalar(name, *parts),
    }


def hedged_nonce(*, random: Draws, label: bytes, secret: Scalar, statement: bytes) -> dict[str, Any]:
    return {"nonce": nonce(random, label, secret, statement)}


OPERATIONS = {"hashing": Operation(hashing), "nonces": Operation(hedged_nonce)}
