"""Requests between the parties."""

from __future__ import annotations

from typing import Any

from protocol.epochs import Domain, Role
from protocol.party_requests import sign_request, verify_request
from protocol.primitives.signatures import SigningKey
from tests.vectors.replay import Draws, Operation


def make(
    *,
    seed: SigningKey,
    time: int,
    body: bytes,
    random: Draws,
    domain: Domain,
    sender: Role,
    recipient: str,
    path: str,
) -> dict[str, Any]:
    return {"statement": sign_request(domain, sender, recipient, path, time, body, seed, random)}


def check(*, domain: Domain, sender: Role, recipient: str, path: str, now: int, statement: bytes) -> dict[str, Any]:
    request = verify_request(domain, sender, recipient, path, now, statement)
    return {"id": request.id, "body": request.body}


OPERATIONS = {"party-request": Operation(check, make)}
