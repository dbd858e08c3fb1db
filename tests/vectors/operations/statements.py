"""Signed statements."""

from __future__ import annotations

from typing import Any

from protocol.handles import DirectoryReceipt, IdentityRecord
from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, verify_statement
from tests.vectors.replay import Operation

_KINDS = {kind.TAG: kind for kind in (DirectoryReceipt, IdentityRecord)}


def make(*, seed: SigningKey, kind: str, message: bytes) -> dict[str, Any]:
    return {"statement": sign_statement(_KINDS[kind].from_bytes(message), seed)}


def check(*, kind: str, statement: bytes, key: Point) -> dict[str, Any]:
    return {"message": verify_statement(_KINDS[kind], statement, key)}


OPERATIONS = {"statements": Operation(check, make)}
