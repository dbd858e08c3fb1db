"""Of clients that do one thing wrong each, exactly that is found."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conformance.check import Result, run_checks
from conformance.clients.bench import BASIC, Bench
from conformance.clients.catalogue import CHECKS
from conformance.clients.python_client import Adapter
from conformance.driven import Values
from tests.conformance.broken import Broken, failures
from tests.conformance.broken_clients import BROKEN

NEVER_BROKEN = {BASIC}
"""Without passes nothing else can be tried; see the test of a client that gets none."""


class InProcess:
    """The client in Python in a thread of this process, where a test can break it."""

    def __init__(self, directory: Path) -> None:
        self._adapter = Adapter(directory)

    async def ask(self, request: Values) -> Values:
        return await asyncio.to_thread(self._adapter.answer, request)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_what_a_client_does_wrong_is_found(broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.apply(monkeypatch)
    checks = [check for check in CHECKS if check.identifier in broken.fails | {BASIC}]
    assert failures(checks, Bench(InProcess(tmp_path))) == broken.fails


def together() -> list[list[Broken]]:
    """All of them, some at once: no two of one section, and no two that one check finds."""
    groups: list[list[Broken]] = []
    for one in BROKEN:
        sections = {name.partition("/")[0] for name in one.fails}
        for group in groups:
            if sections.isdisjoint(name.partition("/")[0] for other in group for name in other.fails):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


@pytest.mark.long
@pytest.mark.parametrize("group", together(), ids=lambda group: "-".join(broken.name for broken in group))
def test_nothing_else_is_found(group: list[Broken], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in group:
        broken.apply(monkeypatch)
    expected = set().union(*(broken.fails for broken in group))
    slow = {"3.12/too-many-lists", "3.12/bloated-list"} - expected
    assert failures([check for check in CHECKS if check.identifier not in slow], Bench(InProcess(tmp_path))) == expected


def test_each_check_finds_something() -> None:
    assert set().union(*(broken.fails for broken in BROKEN)) == {check.identifier for check in CHECKS} - NEVER_BROKEN


def test_without_passes_nothing_else_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.passes.accept_answers", lambda *_: [])
    outcomes = asyncio.run(run_checks(CHECKS, Bench(InProcess(tmp_path)), {"--slow"}))
    assert {outcome.check.identifier for outcome in outcomes if outcome.result is Result.FAILED} == {BASIC}
    assert {outcome.result for outcome in outcomes[1:]} == {Result.NOT_RUN}
