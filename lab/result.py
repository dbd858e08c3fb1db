"""What a demonstration counted, and whether everything was as it should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """The counts that `--json` prints. `seconds` is by stage; `failures` names what did not hold."""

    visitors: int
    operators: int = 0
    checkins_accepted: int = 0
    checkins_refused: Counter[str] = field(default_factory=Counter)
    left_together: int = 0
    opened_by_one_party: int = 0
    warned: int = 0
    venue_tricks_caught: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    contacts_correct: bool = False
    case_contacts_correct: bool = False
    visits_closed_by_short_retention: int = 0
    spared_by_their_exits: int = 0
    told_of_opening: int = 0
    opened_after_erasure: int = 0
    audit_findings: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def expect(self, what: str, *, holds: bool) -> None:
        """Note `what` as a failure unless it holds."""
        if not holds:
            self.failures.append(what)

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values, seconds with two decimals."""
        seconds = {stage: round(value, 2) for stage, value in self.seconds.items()}
        counters = {name: dict(getattr(self, name)) for name in ("checkins_refused", "venue_tricks_caught")}
        return {**asdict(self), **counters, "seconds": seconds}
