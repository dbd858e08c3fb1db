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

from tests.lab.left_behind import processes_under

pytestmark = pytest.mark.long

VISITORS = 10


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lab", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(directory)},
    )


def test_the_whole_story_holds(tmp_path: Path) -> None:
    demo = start(tmp_path, "--visitors", str(VISITORS), "--json")
    try:
        output, story = demo.communicate(timeout=600)  # a minute on a quiet machine
    except subprocess.TimeoutExpired:
        demo.terminate()
        raise
    assert demo.returncode == 0, story
    result = json.loads(output.splitlines()[-1])
    assert result["visitors"] == VISITORS
    assert result["checkins_refused"] == {"already_spent": 1, "too_old": 1, "forged": 2}
    assert result["left_together"] == 3
    assert result["warned"] == 4
    assert result["venue_tricks_caught"] == {"moved_in": 1, "inserted": 1, "left_out": 1}
    assert result["opened"] == 6 + 4
    assert result["spared_by_their_exits"] == 2
    assert result["told_of_opening"] == 6
    assert result["audit_findings"] == 0
    assert result["contacts_correct"] is True
    assert result["operators"] == 2
    assert result["case_contacts_correct"] is True
    assert result["visits_closed_by_short_retention"] == 3
    assert result["opened_by_one_party"] == 0
    assert result["opened_after_erasure"] == 0
    assert result["failures"] == []
    stages = ["setup", "enrolment", "passes", "doors", "refusals", "one_party"]
    stages += ["notice", "commitments", "outbreak", "disclosure", "case", "erasure", "audit"]
    assert list(result["seconds"]) == stages
    assert "Everything held." in story
    for told in (
        "the family left together: 3 exits",
        "the same picture again: refused, already spent: a pass comes in once",
        "The health authority warns those who were there with you",
        "is deleted: counted, 1 check-in is missing",
        "not verified",
        "10 visits = 6 people with a phone + 3 who came with one of them",
        "2 who had checked out of the club before",
        "was opened under a warrant",
        "the audit: found nothing wrong",
    ):
        assert told in story
    assert "\n\n\n" not in story
    assert "/contacts.csv" not in story  # it is deleted at the end
    assert list(tmp_path.iterdir()) == []
    assert processes_under(tmp_path) == {}


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
    assert processes_under(tmp_path) == {}
