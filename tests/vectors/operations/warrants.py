"""Venues and warrants."""

from __future__ import annotations

from typing import Any

from protocol.epochs import Domain
from protocol.primitives.encoding import Message
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.warrants import (
    Venue,
    Warrant,
    verify_venue,
    verify_warrant,
)
from tests.vectors.replay import Operation


def _both_sign(record: Message, authority: SigningKey, operator: SigningKey) -> dict[str, Any]:
    return {"joint": JointStatement(sign_statement(record, authority), sign_statement(record, operator))}


def make_venue(*, authority_seed: SigningKey, operator_seed: SigningKey, record: Venue) -> dict[str, Any]:
    return _both_sign(record, authority_seed, operator_seed)


def check_venue(*, domain: Domain, joint: JointStatement) -> dict[str, Any]:
    return {"record": verify_venue(domain, joint).record}


def make_warrant(*, authority_seed: SigningKey, operator_seed: SigningKey, record: Warrant) -> dict[str, Any]:
    return _both_sign(record, authority_seed, operator_seed)


def check_warrant(*, domain: Domain, joint: JointStatement, now: int) -> dict[str, Any]:
    return {"record": verify_warrant(domain, joint, now).record}


OPERATIONS = {
    "venue": Operation(check_venue, make_venue),
    "warrant": Operation(check_warrant, make_warrant),
}
