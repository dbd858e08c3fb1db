"""The documents for whoever carries on: what they name exists, and the workflow runs what they say."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from protocol import SPEC_REVISION
from tests.spec.text import ROOT

VERBS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
DECISIONS = sorted((ROOT / "decisions").glob("[0-9]*.md"))
DOCUMENTS = [*(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "decisions/README.md"))]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("document", [*DOCUMENTS, *DECISIONS], ids=name_of)
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert [link for link, _, _ in links if not (document.parent / link).exists()] == []
    for link, _, place in links:
        headings = re.findall("^#+ (.+)$", (document.parent / link).read_text("utf-8"), re.MULTILINE) if place else []
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not place or place in anchors
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= VERBS
    paths = re.findall(r"`((?:protocol|web|tests|conformance|requirements)/[\w./]*)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=name_of)
def test_a_decision_is_short_and_says_why(decision: Path) -> None:
    text = decision.read_text("utf-8")
    number = int(decision.name.partition("-")[0])
    assert text.startswith(f"# {number}. ")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "What follows"]
    assert text.count("\n") <= 25
    title = text.partition("\n")[0].removeprefix("# ")
    assert title.replace(". ", ". [") + f"]({decision.name})" in (ROOT / "decisions" / "README.md").read_text("utf-8")


def test_contributing_is_one_page() -> None:
    assert (ROOT / "CONTRIBUTING.md").read_text("utf-8").count("\n") <= 65


def test_the_changelog_begins_with_this_version_and_revision() -> None:
    newest = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert newest.startswith(PROJECT["version"])
    assert version("splitpass") == PROJECT["version"]
    assert f"Specification revision {SPEC_REVISION}.\n" in newest
    assert "**Upgrading:**" in newest


def test_the_workflow_runs_the_checks_and_the_tests_on_every_python() -> None:
    (job,) = WORKFLOW["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert "make check test" in commands
    assert all(set(command.split()[1:]) <= VERBS for command in commands if command.startswith("make "))
    named = [text.rpartition(" :: ")[2] for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", text)]
    assert job["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_workflow_installs_the_systems_library_that_is_needed() -> None:
    (needed,) = set(re.findall(r"libzbar\d", (ROOT / "Makefile").read_text("utf-8")))
    (job,) = WORKFLOW["jobs"].values()
    assert any(needed in step.get("run", "") for step in job["steps"])


def test_make_alone_lists_every_verb() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    described = set(re.findall(r"^([a-z-]+):.* ## \S", makefile, re.MULTILINE))
    assert re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)[0] == "help"
    assert described == set(phony) - {"zbar", "spass", "chromium", "nginx", "wrk"}
