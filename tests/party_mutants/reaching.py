"""Which tests run which lines, and how long each test takes: by one run of all of them, which is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from coverage import CoverageData

from tests.party_mutants.drawing import PACKAGES

NO_CACHE = ("-p", "no:cacheprovider", "-q", "--no-header")
PLUGINS = ("-p", "tests.protocol.under_mutation", "--hypothesis-profile=mutants")
COVERAGE, DURATIONS, TESTS = "coverage", "durations.xml", "tests.json"


@dataclass(frozen=True, slots=True)
class Reach:
    """The tests that run each line of each file, by its path in the tree, and the seconds that each test takes.

    `failing` are those that fail although nothing is broken; they notice nothing.
    """

    tests: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]
    failing: frozenset[str] = frozenset()

    def of(self, path: str, first: int, last: int) -> list[str]:
        """The tests that run any of these lines or, if none is known, the line before them; the fastest first."""
        lines = self.tests.get(path, {})
        found = frozenset[str]().union(*(lines.get(line, ()) for line in range(first, last + 1)))
        while not found and first > 1:  # a statement is known by its first line
            first -= 1
            found = lines.get(first, frozenset())
        return sorted(found - self.failing, key=lambda test: (self.seconds.get(test, 0.0), test))


def run_all(tree: Path, kept: Path, tests: Iterable[str]) -> Reach:
    """Run the tests that are not long, unless what a run of the same tests found is kept there."""
    wanted = sorted(tests)
    if not (kept / TESTS).exists() or json.loads((kept / TESTS).read_text()) != wanted:
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "settings").write_text("[run]\nbranch = false\n")
        measured = (f"--cov={package}" for package in PACKAGES)
        options = ("--cov-context=test", "--cov-report=", f"--cov-config={kept / 'settings'}", "-m", "not long")
        report = (f"--junitxml={kept / DURATIONS}", "-o", "junit_duration_report=total")
        command = (sys.executable, "-m", "pytest", *NO_CACHE, *PLUGINS, *measured, *options, *report, *wanted)
        environment = {**environment_of(tree), "COVERAGE_FILE": str(kept / COVERAGE)}
        subprocess.run(command, cwd=tree, env=environment, check=False)
        (kept / TESTS).write_text(json.dumps(wanted))
    return _read(tree, kept)


def environment_of(tree: Path) -> dict[str, str]:
    """What a test of the tree, and every program that it starts, gets."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(tree)}


def _read(tree: Path, kept: Path) -> Reach:
    data = CoverageData(str(kept / COVERAGE))
    data.read()
    tests = {
        str(Path(file).relative_to(tree)): {
            line: frozenset(context.partition("|")[0] for context in contexts if context)
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    named = {test for lines in tests.values() for found in lines.values() for test in found}
    cases = {
        (case.get("classname"), case.get("name")): case for case in ElementTree.parse(kept / DURATIONS).iter("testcase")
    }
    known = {test: cases[_case(test)] for test in named if _case(test) in cases}
    seconds = {test: float(case.get("time") or 0) for test, case in known.items()}
    failing = {test for test, case in known.items() if {child.tag for child in case} & {"failure", "error"}}
    return Reach(tests, seconds, frozenset(failing))


def _case(test: str) -> tuple[str, str]:
    """What a report calls a test."""
    path, *classes, name = test.partition("[")[0].split("::")
    return ".".join([*Path(path).with_suffix("").parts, *classes]), name + test[len(test.partition("[")[0]) :]
