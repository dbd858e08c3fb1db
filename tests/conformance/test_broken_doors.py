"""Of doors that do one thing wrong each, exactly that is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.doors.bench import Bench
from conformance.doors.catalogue import CHECKS
from conformance.doors.python_door import Adapter
from conformance.driven import Values
from tests.conformance.broken import Broken, failures
from tests.conformance.broken_doors import BROKEN


class InProcess:
    """The door in Python in this process, where a test can break it."""

    def __init__(self, directory: Path) -> None:
        self._adapter = Adapter(directory)

    async def ask(self, request: Values) -> Values:
        return self._adapter.answer(request)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_what_a_door_does_wrong_is_found(broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.apply(monkeypatch)
    checks = [check for check in CHECKS if check.identifier in broken.fails]
    assert failures(checks, Bench(InProcess(tmp_path))) == broken.fails


@pytest.mark.long
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_nothing_else_is_found(broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.apply(monkeypatch)
    assert failures(CHECKS, Bench(InProcess(tmp_path))) == broken.fails


def test_each_check_finds_something() -> None:
    assert set().union(*(broken.fails for broken in BROKEN)) == {check.identifier for check in CHECKS}
