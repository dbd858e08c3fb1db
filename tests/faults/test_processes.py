"""A venue's processes that are killed at random lose and double nothing; careless ones do, and that is found."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults.careless import OMISSIONS
from tests.faults.processes import KILLS, PROCESSES, KillProcesses
from tests.faults.running_town import RunningTown
from tests.faults.trials import Figures, run_trials


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that PostgreSQL's own user may pass."""
    with tempfile.TemporaryDirectory() as path:
        Path(path).chmod(0o755)
        yield Path(path)


def trial(directory: Path) -> Figures:
    return asyncio.run(
        run_trials(directory, "postgresql", [KillProcesses()], Random(), begins=lambda _: None, ended=lambda: None)
    )


@pytest.mark.long
def test_processes_that_are_killed_lose_and_double_nothing(directory: Path) -> None:
    figures = trial(directory)
    assert (figures.findings, figures.idle, figures.lost, figures.doubled) == ([], [], 0, 0)
    assert figures.faults > PROCESSES * KILLS / 2
    assert figures.acknowledged > 0


@pytest.mark.long
@pytest.mark.parametrize("omission", ["commit", "others"])
def test_careless_processes_are_found(directory: Path, monkeypatch: pytest.MonkeyPatch, omission: str) -> None:
    assert omission in OMISSIONS
    command = RunningTown.command

    def careless(running: RunningTown, server: str) -> list[str]:
        return ["tests.faults.careless", omission, *command(running, server)]

    monkeypatch.setattr(RunningTown, "command", careless)
    figures = trial(directory)
    assert "kill -9 3 processes of venue-1: a door admitted a pass twice" in figures.findings
    assert figures.doubled > 0
