"""Assisted check-ins."""

from __future__ import annotations

from typing import Any

from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, seal_assisted, verify_assisted
from protocol.epochs import EpochKey
from protocol.opening import open_check_in
from protocol.primitives.group import Point
from tests.vectors.replay import Draws, Operation


def make(*, epoch_key: EpochKey, record: AssertedRecord, time: int, venue: bytes, random: Draws) -> dict[str, Any]:
    return {"message": seal_assisted(epoch_key, record, time, venue, random)}


def check(
    *, epoch_key: EpochKey, message: AssistedCheckIn, operator_share: Point, authority_share: Point
) -> dict[str, Any]:
    entry = verify_assisted(epoch_key, message)
    S = open_check_in(entry, operator_share, authority_share)
    assert S is not None
    return {"epoch": entry.epoch, "record": open_assisted(epoch_key, entry, S)}


OPERATIONS = {"assisted-check-in": Operation(check, make)}
