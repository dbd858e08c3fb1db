"""What the README says is there: its links, verbs, commands and folders."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link.split("#")[0]).exists()] == []


def test_every_verb_is_in_the_makefile() -> None:
    verbs = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"demo", "test", "check", "bench"} <= verbs
    assert [verb for verb in verbs if not re.search(rf"^{verb}:", MAKEFILE, re.MULTILINE)] == []


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m ([a-z.]+) --help", README))))
def test_every_help_text_is_there(command: str) -> None:
    shown = subprocess.run([sys.executable, "-m", command, "--help"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"Usage: python -m {command}")
    assert re.search("^(Commands|Options):$", shown.stdout, re.MULTILINE)


def test_the_folders_are_those_of_the_distribution() -> None:
    block = README.split("```\nprotocol/")[1].split("```")[0]
    listed = {"protocol", *re.findall(r"^([a-z]+)/", block, re.MULTILINE)}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert listed == {
        name for name in found if any(path.suffix in {".md", ".py", ".yaml"} for path in (ROOT / name).rglob("*"))
    } - {"build", "mutants"}


def test_the_oldest_python_is_what_the_package_demands() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    oldest = required.removeprefix(">=")
    assert f"Python {oldest} or newer" in README
    assert f"Python {oldest} or newer" in MAKEFILE
