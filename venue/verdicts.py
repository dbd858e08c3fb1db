"""What a reader tells a door's staff about a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.http_messages import Decision, DoorAnswer
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
    if isinstance(code, PaperPass):
        direction: Direction | None = gate.paper_direction(code, now)  # before it is decided
    else:
        direction = None if code is None else code.direction
    return _verdict(gate.decide_text(text, now), direction, code)


def server_verdict(text: str, answer: DoorAnswer) -> Verdict:
    """What a server has answered to the text of a code."""
    return _verdict(answer.decision, answer.direction, _parsed(text))


def _verdict(decision: Decision, direction: Direction | None, code: CheckInMessage | PaperPass | None) -> Verdict:
    return Verdict(decision, decision_in_a_line(decision, direction, paper=isinstance(code, PaperPass)))


def _parsed(text: str) -> CheckInMessage | PaperPass | None:
    try:
        return parse_code(text)
    except Malformed:
        return None
