"""What became of the mutants that were tried, so that a run that was broken off can go on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.party_mutants.trying import End, Outcome


class Ends:
    """A file with a line for each outcome; the last of a mutant counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        self._outcomes = {line["name"]: line for line in map(json.loads, lines)}

    def noticed(self, name: str) -> Outcome | None:
        """The end of a mutant that a test has noticed."""
        found = self._outcomes.get(name)
        outcome = None if found is None else Outcome(**{**found, "end": End(found["end"])})
        return outcome if outcome is not None and outcome.is_noticed else None

    def keep(self, outcome: Outcome) -> None:
        """Write it down, unless it stands there already."""
        if self._outcomes.get(outcome.name) != asdict(outcome):
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
