"""Check-ins."""

from __future__ import annotations

from typing import Any

from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.epochs import EpochKey
from protocol.passes import OwnedPass, Pass
from protocol.primitives.group import Scalar
from tests.vectors.replay import Draws, Operation


def make(
    *,
    epoch_key: EpochKey,
    public_pass: bytes,
    r: Scalar,
    time: int,
    direction: Direction,
    venue: bytes | None,
    random: Draws,
) -> dict[str, Any]:
    owned = OwnedPass(Pass(public_pass[:32], public_pass[32:64], public_pass[64:]), r)
    return {"message": sign_check_in(epoch_key, owned, time, direction, venue, random)}


def check(*, epoch_key: EpochKey, message: CheckInMessage) -> dict[str, Any]:
    check_in = verify_check_in(epoch_key, message)
    return {"epoch": check_in.epoch, "u": check_in.message.u, "v": check_in.message.v}


OPERATIONS = {"check-in": Operation(check, make)}
