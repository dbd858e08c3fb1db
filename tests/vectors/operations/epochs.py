"""Epoch statements, epoch keys, and which epochs a time belongs to."""

from __future__ import annotations

from typing import Any

from protocol.check_ins import Direction, possible_epochs
from protocol.epochs import Domain, Role, check_same_statement, create_epoch, verify_epoch, verify_epoch_statement
from protocol.primitives.signatures import SigningKey
from tests.vectors.replay import Draws, Operation


def make_statement(*, seed: SigningKey, random: Draws, domain: Domain, role: Role, epoch: int) -> dict[str, Any]:
    return {"statement": create_epoch(domain, role, epoch, seed, random)[1]}


def check_statement(*, domain: Domain, role: Role, epoch: int, statement: bytes) -> dict[str, Any]:
    message = verify_epoch_statement(domain, role, epoch, statement)
    return {"key_share": message.key_share, "pass_key": message.pass_key}


def check_key(*, domain: Domain, epoch: int, operator_statement: bytes, authority_statement: bytes) -> dict[str, Any]:
    key = verify_epoch(domain, epoch, operator_statement, authority_statement)
    return {"X": key.X, "pass_key": key.pass_key, "context": key.context}


def check_same(*, known: bytes, received: bytes) -> None:
    check_same_statement(known, received)


def epochs_of_time(*, domain: Domain, time: int, direction: Direction) -> dict[str, Any]:
    epochs = list(possible_epochs(domain, time, direction))
    assert domain.epoch_at(time) == epochs[-1]
    return {"epochs": epochs, "begins": [domain.epoch_begins(epoch) for epoch in epochs]}


OPERATIONS = {
    "epoch-statement": Operation(check_statement, make_statement),
    "epoch-key": Operation(check_key),
    "conflicting-statements": Operation(check_same),
    "epochs-of-times": Operation(epochs_of_time),
}
