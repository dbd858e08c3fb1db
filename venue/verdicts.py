"""What a reader tells a door's staff about a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.http_messages import Decision
from protocol.paper_passes import PaperPass
from protocol.primitives.errors import Malformed
from service.words import decision_in_a_line
from venue.code_text import parse_code

if TYPE_CHECKING:
    from protocol.check_ins import CheckInMessage, Direction
    from venue.gate import Gate


@dataclass(frozen=True, slots=True)
class Verdict:
    """A door's decision, None if there is none, and what is said about it in one line."""

    decision: Decision | None
    words: str


def gate_verdict(gate: Gate, text: str, now: int) -> Verdict:
    """What a gate decides on the text of a code."""
    code = _parsed(text)
    direction = gate.paper_direction(code, now) if isinstance(code, PaperPass) else None  # before it is decided
    return _verdict(gate.decide_text(text, now), code, direction)


def server_verdict(text: str, decision: Decision) -> Verdict:
    """What a server has decided on the text of a code. It alone knows whether a paper comes in or leaves."""
    return _verdict(decision, _parsed(text), None)


def _verdict(decision: Decision, code: CheckInMessage | PaperPass | None, paper_direction: Direction | None) -> Verdict:
    if code is None:
        return Verdict(decision, decision_in_a_line(decision))
    if isinstance(code, PaperPass):
        return Verdict(decision, decision_in_a_line(decision, paper_direction, paper=True))
    return Verdict(decision, decision_in_a_line(decision, code.direction))


def _parsed(text: str) -> CheckInMessage | PaperPass | None:
    try:
        return parse_code(text)
    except Malformed:
        return None
