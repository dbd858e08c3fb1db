"""A part of the benchmark: what it measures, and how its results read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

Result = dict[str, Any]
"""What JSON can hold. Numbers say their unit in their name."""


class Effort(IntEnum):
    """How long a run may take: seconds, minutes, or hours."""

    QUICK = 1
    USUAL = 2
    FULL = 3


@dataclass(frozen=True)
class Table:
    """A table for people."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """The table as GitHub shows it."""
        rule = ["---:" if self._is_number(place) else "---" for place in range(len(self.columns))]
        lines = ["| " + " | ".join(cells) + " |" for cells in (self.columns, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *([self.note, ""] if self.note else []), *lines, ""])

    def _is_number(self, place: int) -> bool:
        return all(re.fullmatch(r"[\d.,]*", row[place]) for row in self.rows)


@dataclass(frozen=True)
class Section:
    """One part, by the name that its results have in the JSON; dots lead into objects.

    `title` and `text` stand above its tables. `least` is the effort from which on it is measured.
    """

    name: str
    title: str
    text: str
    measure: Callable[[Effort], Result]
    tables: Callable[[Result], Sequence[Table]]
    least: Effort = Effort.QUICK


def reaches(measured: float, goal: float | None, *, at_least: bool = False) -> str:
    """How a goal reads beside what was measured."""
    if goal is None:
        return ""
    reached = measured >= goal if at_least else measured <= goal
    return f"{'≥' if at_least else '≤'} {goal:g} {'✓' if reached else '✗'}"
