"""Which command takes a case on. Spec: §6.8."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from escrow.authority.case import Cases, Part

DRAW = "case draw --again"
NEXT = {
    "not drawn": "case draw",
    "drawn": "case propose",
    "proposed": "case watch",
    "countersigned": "case release",
    "refused": DRAW,
    "released": "case open",
    "shared": "case open",
    "opened": "case export",
    "withdrawn": DRAW,
    "expired": DRAW,
}
"""The command that takes a part on, by the state that it is in."""


def may_give_more(parts: Iterable[Part]) -> int:
    """For how many parts another warrant may give more than the one that stands."""
    return sum(part.stands and part.may_give_more for part in parts)


def what_is_next(cases: Cases, name: str) -> str:
    """Which commands take a case on, and for how many of its parts."""
    parts = cases.parts(name)
    states = Counter(part.state for part in parts)
    if not states:
        return "Next: `case add`"
    steps = [f"`{NEXT[state]}` ({states[state]} {state})" for state in NEXT if state in states]
    if since := may_give_more(parts):
        steps.append(f"`{DRAW}` ({since} to which the venue has committed since)")
    return f"Next: {', '.join(steps)}"
