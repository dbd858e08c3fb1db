"""The doors' page keeps the rules of a reader: its own tests, under Node.js."""

from __future__ import annotations

import subprocess

import pytest

from tests.vectors.javascript import WEB, install_packages, program

FILES = sorted(path.name for path in (WEB / "test" / "door").glob("*.test.js"))


@pytest.mark.parametrize("name", FILES)
def test_the_page_keeps_the_rules_of_a_reader(name: str) -> None:
    install_packages()
    run = subprocess.run(
        [program("node"), "--test", f"test/door/{name}"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
