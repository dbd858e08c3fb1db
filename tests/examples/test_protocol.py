"""The example runs, is short, and stands in the README as it is."""

from __future__ import annotations

import subprocess
import sys

from tests.spec.text import ROOT

SOURCE = (ROOT / "examples" / "protocol.py").read_text("utf-8")


def test_the_example_opens_the_visit_and_neither_party_alone_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.protocol"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "홍길동 (+821012345678) was at Club Split.\nNeither party could have found out alone.\n"


def test_the_example_is_short() -> None:
    assert SOURCE.count("\n") <= 120


def test_the_readme_quotes_the_example() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (quoted,) = [block.partition("```")[0] for block in readme.split("```python\n")[1:]]
    lines = [line.strip() for line in quoted.splitlines()]
    assert len(lines) > 5
    assert "\n".join(lines) in "\n".join(line.strip() for line in SOURCE.splitlines())
