"""Paper passes."""

from __future__ import annotations

from typing import Any

from protocol.checkins import Direction, verify_check_in
from protocol.epochs import EpochKey
from protocol.group import Scalar
from protocol.papers import from_paper_text, print_pass, sign_for_paper
from protocol.passes import OwnedPass, Pass
from tests.vectors.replay import Draws, Operation


def make(*, epoch_key: EpochKey, public_pass: bytes, r: Scalar) -> dict[str, Any]:
    owned = OwnedPass(Pass(public_pass[:32], public_pass[32:64], public_pass[64:]), r)
    return {"text": print_pass(epoch_key, owned)}


def check(
    *, epoch_key: EpochKey, text: str, time: int, direction: Direction, venue: bytes, random: Draws
) -> dict[str, Any]:
    paper = from_paper_text(text)
    message = sign_for_paper(epoch_key, paper, time, direction, venue, random)
    verify_check_in(epoch_key, message)
    return {"paper": paper, "message": message}


OPERATIONS = {"paper-pass": Operation(check, make)}
