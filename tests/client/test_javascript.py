"""The visitors' page keeps the wallet's rules as the client in Python does: its own tests, under Node.js."""

from __future__ import annotations

import subprocess

import pytest

from tests.vectors.javascript import WEB, install_packages, program

FILES = sorted(path.name for path in (WEB / "test" / "visitor").glob("*.test.js"))


@pytest.mark.parametrize("name", FILES)
def test_the_page_keeps_the_rules_of_the_client(name: str) -> None:
    install_packages()
    run = subprocess.run(
        [program("node"), "--test", f"test/visitor/{name}"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
