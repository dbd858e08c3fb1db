"""Requesting, issuing and accepting passes."""

from __future__ import annotations

from typing import Any

from protocol.epochs import EpochKey
from protocol.handles import Handle
from protocol.passes import (
    AllowanceRequest,
    IssueBatch,
    PendingPass,
    accept_answer,
    issue_batch,
    issue_pass,
    request_allowance,
    verify_allowance,
)
from protocol.primitives.group import Point, Scalar
from protocol.primitives.signatures import SigningKey
from tests.vectors.replay import Draws, Operation


def make_request(*, epoch_key: EpochKey, h: Scalar, random: Draws) -> dict[str, Any]:
    return {"request": request_allowance(epoch_key, h, random)[1]}


def check_request(*, epoch_key: EpochKey, handle: Point, request: AllowanceRequest) -> dict[str, Any]:
    return {"requests": verify_allowance(epoch_key, Handle(handle), request)}


def make_answer(*, epoch_key: EpochKey, pass_seed: SigningKey, request: bytes, random: Draws) -> dict[str, Any]:
    return {"answer": issue_pass(epoch_key, pass_seed, request, random)}


def check_answer(*, epoch_key: EpochKey, r0: Scalar, u0: Point, v0: Point, answer: bytes) -> dict[str, Any]:
    owned = accept_answer(epoch_key, PendingPass(r0, u0, v0), answer)
    return {"pass": bytes(owned.public), "r": owned.r}


def check_batch(*, epoch_key: EpochKey, pass_seed: SigningKey, batch: IssueBatch, random: Draws) -> dict[str, Any]:
    return {"answers": issue_batch(epoch_key, pass_seed, batch, random)}


OPERATIONS = {
    "pass-request": Operation(check_request, make_request),
    "issuing": Operation(check_answer, make_answer),
    "issue-batch": Operation(check_batch),
    "acceptance": Operation(check_answer),
}
