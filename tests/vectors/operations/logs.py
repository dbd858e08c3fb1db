"""Checkpoints, consistency, and epoch statements in logs."""

from __future__ import annotations

from typing import Any

from protocol.epochs import Domain, Role
from protocol.transparency.logs import Inclusion, check_consistency, verify_logged_epoch, verify_witnessed
from protocol.transparency.signed_notes import Checkpoint
from tests.vectors.replay import Operation


def check_checkpoint(*, domain: Domain, role: Role, note: bytes) -> dict[str, Any]:
    witnessed = verify_witnessed(domain, role, note)
    return {"size": witnessed.checkpoint.size, "root": witnessed.checkpoint.root, "time": witnessed.time}


def check_continued(*, earlier: int, earlier_root: bytes, later: int, later_root: bytes, proof: list[bytes]) -> None:
    check_consistency(Checkpoint("log", earlier, earlier_root), Checkpoint("log", later, later_root), proof)


def check_logged(*, domain: Domain, role: Role, statement: bytes, inclusion: Inclusion) -> dict[str, Any]:
    witnessed = verify_logged_epoch(domain, role, statement, inclusion)
    return {"size": witnessed.checkpoint.size, "time": witnessed.time}


OPERATIONS = {
    "checkpoint": Operation(check_checkpoint),
    "consistency": Operation(check_continued),
    "logged-epoch": Operation(check_logged),
}
