"""Lists of checks that are expected to fail, so that the others can be relied on meanwhile.

A file has a line `IDENTIFIER: REASON` for each. Empty lines, and what begins with `#`, are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from conformance.check import Outcome, Result


class BadList(Exception):
    """A list of expected failures that cannot be read; the text says which line is wrong and why."""


def read_expected(path: Path, known: Collection[str]) -> dict[str, str]:
    """The reasons by the identifier of the check; raises `BadList`, also for a check that is not `known`."""
    reasons: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        identifier, _, reason = (part.strip() for part in line.partition(":"))
        if identifier not in known:
            raise BadList(f"line {number}: there is no check {identifier!r}")
        if not reason or identifier in reasons:
            raise BadList(f"line {number}: write each check once, as IDENTIFIER: REASON")
        reasons[identifier] = reason
    return reasons


def as_expected(outcomes: Iterable[Outcome], reasons: Mapping[str, str]) -> list[Outcome]:
    """The outcomes, with those that the list names told apart: what failed, and what passed in spite of it."""
    return [
        _as_expected(outcome, reasons[outcome.check.identifier]) if outcome.check.identifier in reasons else outcome
        for outcome in outcomes
    ]


def is_good(outcomes: Iterable[Outcome]) -> bool:
    """Whether nothing failed but what was expected to, and nothing passed that was not."""
    return not any(outcome.result in {Result.FAILED, Result.UNEXPECTED} for outcome in outcomes)


def _as_expected(outcome: Outcome, reason: str) -> Outcome:
    match outcome.result:
        case Result.FAILED:
            return replace(outcome, result=Result.EXPECTED, detail=f"{reason} ({outcome.detail})")
        case Result.PASSED:
            return replace(outcome, result=Result.UNEXPECTED, detail=f"take it off the list: {reason}")
        case _:
            return outcome
