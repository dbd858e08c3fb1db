"""The fuzzer's findings, without those of time: machines differ."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.fuzz import trial
from tests.fuzz.trial import Findings


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Findings:
    monkeypatch.setattr(trial, "SECONDS", math.inf)
    return Findings(tmp_path / "findings")
