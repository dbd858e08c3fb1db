"""The results of a run: a table for people, JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from conformance.check import Outcome, Result
from conformance.sections import SECTIONS

STYLES = {
    Result.PASSED: "green",
    Result.FAILED: "bold red",
    Result.NOT_RUN: "yellow",
    Result.EXPECTED: "yellow",
    Result.UNEXPECTED: "bold red",
}


def result_table(outcomes: Sequence[Outcome]) -> Table:
    """All checks, by section of the spec."""
    table = Table(expand=True)
    table.add_column("result", no_wrap=True)
    table.add_column("check", overflow="fold", ratio=3)
    table.add_column("requirement, and what was seen or why it was not run", overflow="fold", ratio=7)
    checked = {outcome.check.section for outcome in outcomes}
    for section, title in SECTIONS.items():
        if section not in checked:
            continue
        table.add_section()
        table.add_row("", f"[bold]§{section}", f"[bold]{title}")
        for outcome in outcomes:
            if outcome.check.section == section:
                style, detail = STYLES[outcome.result], escape(outcome.detail)
                text = escape(outcome.check.requirement) + (f"\n[{style}]{detail}" if detail else "")
                table.add_row(f"[{style}]{outcome.result}", outcome.check.identifier, text)
    return table


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many checks had each result, in one line."""
    counts = Counter(outcome.result for outcome in outcomes)
    return ", ".join(f"{counts[result]} {result}" for result in Result)


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The results as JSON values."""
    counts = Counter(outcome.result for outcome in outcomes)
    return {
        **{result.replace(" ", "_"): counts[result] for result in Result},
        "checks": [
            {
                "check": outcome.check.identifier,
                "requirement": outcome.check.requirement,
                "result": outcome.result,
                "detail": outcome.detail,
            }
            for outcome in outcomes
        ],
    }
