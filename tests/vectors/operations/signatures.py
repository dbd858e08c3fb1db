"""Ed25519 under the one rule."""

from __future__ import annotations

from typing import Any

from protocol.primitives.errors import InvalidSignature
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import sign_with_scalar, verify
from tests.vectors.replay import Draws, Operation


def check(*, public: bytes, message: bytes, signature: bytes) -> None:
    if not verify(public, message, signature):
        raise InvalidSignature("the signature does not hold")


def make_with_scalar(*, r: Scalar, random: Draws, public: bytes, message: bytes) -> dict[str, Any]:
    return {"signature": sign_with_scalar(r, public, message, random)}


OPERATIONS = {"ed25519-rule": Operation(check), "signature-with-scalar": Operation(check, make_with_scalar)}
