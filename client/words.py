"""What a person reads about visits and doors."""

from __future__ import annotations

from client.contents import Visit
from client.visitor import Visitor
from protocol.exchanges import Decision
from service.cli import printable


def decision_in_words(decision: Decision) -> str:
    """A door's decision, in lower case."""
    return decision.name.lower().replace("_", " ")


def visit_in_words(visitor: Visitor, visit: Visit) -> str:
    """One line about a visit."""
    entered = visitor.local_time(visit.entered)
    if visit.venue is None:
        text = f"{entered}, code shown"
    else:
        answer = "no answer came" if visit.answer is None else decision_in_words(visit.answer)
        text = f"{entered} at {printable(visit.venue.name)}, {answer}"
    if visit.left is not None:
        text += f", left {visitor.local_time(visit.left)}"
    return text
