"""What does one thing wrong, and the checks that find it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from conformance.check import Check, Result, run_checks

T = TypeVar("T")
Patch = pytest.MonkeyPatch
Apply = Callable[[Patch], None]


@dataclass(frozen=True)
class Broken:
    """What is broken by a patch in a test alone, and the checks that it fails."""

    name: str
    apply: Apply
    fails: frozenset[str]


class AllBroken(list[Broken]):
    """All that is broken of one kind."""

    def add(self, *fails: str) -> Callable[[Apply], Apply]:
        """Add a patch; what it breaks fails these checks and no others."""

        def register(apply: Apply) -> Apply:
            self.append(Broken(apply.__name__, apply, frozenset(fails)))
            return apply

        return register


def failures(checks: Iterable[Check[T]], tester: T) -> set[str]:
    """The checks that fail; the others have passed."""
    outcomes = asyncio.run(run_checks(checks, tester, {"--slow"}))
    assert not [outcome for outcome in outcomes if outcome.result is Result.NOT_RUN]
    return {outcome.check.identifier for outcome in outcomes if outcome.result is Result.FAILED}
