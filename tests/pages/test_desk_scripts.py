"""What the officers' page has signed, in JavaScript."""

from __future__ import annotations

import subprocess

from tests.vectors.javascript import WEB, install_packages, program


def test_the_page_has_nothing_signed_but_what_it_shows() -> None:
    install_packages()
    done = subprocess.run(
        [program("node"), "--test", "test/desk/voting.test.js"], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
