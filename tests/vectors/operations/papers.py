"""Paper passes."""

from __future__ import annotations

from typing import Any

from protocol.epochs import EpochKey
from protocol.group import Scalar
from protocol.papers import from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass, Pass
from tests.vectors.replay import Operation


def make(*, epoch_key: EpochKey, public_pass: bytes, r: Scalar) -> dict[str, Any]:
    owned = OwnedPass(Pass(public_pass[:32], public_pass[32:64], public_pass[64:]), r)
    return {"text": print_pass(epoch_key, owned)}


def check(*, epoch_key: EpochKey, text: str) -> dict[str, Any]:
    paper = from_paper_text(text)
    assert verify_paper(epoch_key, paper).r == paper.r
    return {"paper": paper}


OPERATIONS = {"paper-pass": Operation(check, make)}
