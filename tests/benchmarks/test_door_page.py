"""A door's page is measured at a real server, with a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.door_page import door_answers
from benchmarks.session import make_session
from tests.browser.conftest import aside
from tests.pages.building import build


@pytest.mark.long
def test_each_visitor_before_the_camera_is_answered(tmp_path: Path) -> None:
    done = build(tmp_path / "pages")
    assert done.returncode == 0, done.stderr
    answers = aside(lambda: door_answers(make_session(), tmp_path / "pages", 2))
    assert len(answers) == 2
    assert min(answers) > 0
