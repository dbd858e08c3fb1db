"""The demonstration as a user runs it: its figures, its exit status, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

VISITORS = 10


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lab", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(directory)},
    )


def processes_under(directory: Path) -> list[str]:
    """The command lines of processes that work in a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command:
            found.append(command)
    return found


def test_the_whole_story_holds(tmp_path: Path) -> None:
    demo = start(tmp_path, "--visitors", str(VISITORS), "--json")
    output, story = demo.communicate(timeout=240)
    assert demo.returncode == 0, story
    result = json.loads(output.splitlines()[-1])
    assert result["visitors"] == VISITORS
    assert result["checkins_refused"] == {"already_spent": 1, "too_old": 1, "forged": 2}
    assert result["opened"] == 6 + 4
    assert result["contacts_correct"] is True
    assert result["opened_by_one_party"] == 0
    assert result["opened_after_erasure"] == 0
    assert result["failures"] == []
    stages = ["setup", "enrolment", "passes", "doors", "refusals", "one_party", "outbreak", "erasure", "audit"]
    assert list(result["seconds"]) == stages
    assert "Everything held." in story
    assert list(tmp_path.iterdir()) == []
    assert processes_under(tmp_path) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, sent: signal.Signals) -> None:
    demo = start(tmp_path)
    deadline = time.monotonic() + 60
    while not processes_under(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_under(tmp_path)
    demo.send_signal(sent)
    demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert list(tmp_path.iterdir()) == []
    assert processes_under(tmp_path) == []
