"""Paper passes and paper check-ins."""

from __future__ import annotations

from typing import Any

from protocol.check_ins import Direction
from protocol.epochs import EpochKey
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import PaperPass, from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass, Pass
from protocol.primitives.group import Scalar
from tests.vectors.replay import Draws, Operation


def make_paper(*, epoch_key: EpochKey, public_pass: bytes, r: Scalar, random: Draws) -> dict[str, Any]:
    owned = OwnedPass(Pass(public_pass[:32], public_pass[32:64], public_pass[64:]), r)
    return {"text": print_pass(epoch_key, owned, random)}


def check_paper(*, epoch_key: EpochKey, text: str) -> dict[str, Any]:
    paper = from_paper_text(text)
    assert verify_paper(epoch_key, paper).public_pass == paper.public_pass
    return {"paper": paper}


def make_check_in(
    *, epoch_key: EpochKey, paper: PaperPass, time: int, direction: Direction, venue: bytes, random: Draws
) -> dict[str, Any]:
    delegated = verify_paper(epoch_key, paper)
    return {"message": sign_paper_check_in(epoch_key, delegated, time, direction, venue, random)}


def check_check_in(*, epoch_key: EpochKey, message: PaperCheckInMessage) -> dict[str, Any]:
    check_in = verify_paper_check_in(epoch_key, message)
    return {"epoch": check_in.epoch, "u": check_in.message.u, "v": check_in.message.v}


OPERATIONS = {
    "paper-pass": Operation(check_paper, make_paper),
    "paper-check-in": Operation(check_check_in, make_check_in),
}
