"""Of doors that do one thing wrong each, exactly that is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.check import Check, Result, run_checks
from conformance.doors.bench import Bench
from conformance.doors.catalogue import CHECKS
from conformance.doors.python_door import Adapter
from conformance.driven import Values
from tests.conformance.broken_doors import BROKEN, Broken


class InProcess:
    """The door in Python in this process, where a test can break it."""

    def __init__(self, directory: Path) -> None:
        self._adapter = Adapter(directory)

    async def ask(self, request: Values) -> Values:
        return self._adapter.answer(request)


def failures(directory: Path, checks: Iterable[Check[Bench]]) -> set[str]:
    """The checks that fail; the others have passed."""
    outcomes = asyncio.run(run_checks(checks, Bench(InProcess(directory)), set()))
    assert not [outcome for outcome in outcomes if outcome.result is Result.NOT_RUN]
    return {outcome.check.identifier for outcome in outcomes if outcome.result is Result.FAILED}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_what_a_door_does_wrong_is_found(broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.apply(monkeypatch)
    assert failures(tmp_path, [check for check in CHECKS if check.identifier in broken.fails]) == broken.fails


@pytest.mark.long
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_nothing_else_is_found(broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.apply(monkeypatch)
    assert failures(tmp_path, CHECKS) == broken.fails


def test_each_check_finds_something() -> None:
    assert set().union(*(broken.fails for broken in BROKEN)) == {check.identifier for check in CHECKS}
