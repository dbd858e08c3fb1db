"""A short run as a developer starts it, and that an interrupted one leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.catalogue import DATABASES, not_tried, possible_faults
from tests.faults.mounts import MARK

FAULTS = ("kill -9 operator and", "refused writes of authority", "kill -9 PostgreSQL")


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that PostgreSQL's own user may pass: pytest closes its own to others, while another run of it starts."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@contextmanager
def started(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.faults", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(directory)},
    )
    with run:
        try:
            yield run
        finally:
            run.terminate()  # it leaves nothing behind


@pytest.mark.long
def test_nothing_is_lost(directory: Path) -> None:
    with started(directory, "--seed", "6", *(word for fault in FAULTS for word in ("--only", fault))) as run:
        output, errors = run.communicate(timeout=900)
    assert run.returncode == 0, output + errors
    assert output.startswith("seed=6\n")
    line = r"^trials=4 faults=(\d+) requests=\d+ acknowledged=(\d+) lost=0 doubled=0\n\Z"
    figures = re.search(line, output, re.MULTILINE)
    assert figures, output
    assert int(figures[1]) >= 4  # each had its effect
    assert "had no effect" not in output
    assert int(figures[2]) > 50
    assert list(directory.iterdir()) == []


@pytest.mark.long
def test_an_interrupted_run_leaves_nothing(directory: Path) -> None:
    with started(directory, "--database", "sqlite") as run:
        deadline = time.monotonic() + 60
        while not list(directory.glob("splitpass-faults-*/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.terminate()
        run.communicate(timeout=60)
    assert run.returncode == 1
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("database", DATABASES)
def test_what_cannot_be_tried_is_said_aloud(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, "yes")
    everything = [fault.name for fault in possible_faults(database)]
    assert len(set(everything)) == len(everything) > 20
    assert not_tried() == []
    monkeypatch.setenv(MARK, "no")
    left_out = set(everything) - {fault.name for fault in possible_faults(database)}
    assert {name.rpartition(" of ")[0] for name in left_out} == {"full disk", "read-only disk"}
    assert "full disks and read-only disks" in not_tried()[0]
