"""Which tests run which lines, and how long each test takes: by one run of each, which is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
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
READING = {"migrations.py": "tests/service/test_landed_migrations.py::test_what_has_landed_is_as_it_was"}
"""Tests that look at what files of this name say, and do not run them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The tests that run each line of each file, by its path in the tree, and the seconds that each test takes.

    `failing` are those that fail although nothing is broken; they notice nothing.
    """

    tests: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]
    failing: frozenset[str] = frozenset()

    def of(self, path: str, first: int, last: int) -> list[str]:
        """The tests that run any of these lines or, if none is known, the line before them; the fastest first.

        Also those that read the file.
        """
        lines = self.tests.get(path, {})
        found = frozenset[str]().union(*(lines.get(line, ()) for line in range(first, last + 1)))
        while not found and first > 1:  # a statement is known by its first line
            first -= 1
            found = lines.get(first, frozenset())
        if (name := Path(path).name) in READING:
            found |= {READING[name]}
        return sorted(found - self.failing, key=lambda test: (self.seconds.get(test, 0.0), test))


def run_all(tree: Path, kept: Path, tests: Iterable[str]) -> Reach:
    """Run the tests that are not long in these folders or files, but for files that a run of before is kept of."""
    wanted = {file: digest_of(tree / file) for test in tests for file in _files(tree, test)}
    runs = [json.loads((run / TESTS).read_text()) for run in _runs(kept)]
    if missing := sorted(file for file, digest in wanted.items() if digest not in {run.get(file) for run in runs}):
        run = kept / str(len(runs))
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(parents=True)
        (run / "settings").write_text("[run]\nbranch = false\n")
        measured = (f"--cov={package}" for package in PACKAGES)
        options = ("--cov-context=test", "--cov-report=", f"--cov-config={run / 'settings'}", "-m", "not long")
        report = (f"--junitxml={run / DURATIONS}", "-o", "junit_duration_report=total")
        command = (sys.executable, "-m", "pytest", *NO_CACHE, *PLUGINS, *measured, *options, *report, *missing)
        environment = {**environment_of(tree), "COVERAGE_FILE": str(run / COVERAGE)}
        subprocess.run(command, cwd=tree, env=environment, check=False)
        (run / TESTS).write_text(json.dumps({file: wanted[file] for file in missing}))
    return _merged(tree, kept, wanted)


def digest_of(*files: Path) -> str:
    """What tells whether files have changed."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _files(tree: Path, test: str) -> list[str]:
    found = sorted((tree / test).rglob("test_*.py")) if (tree / test).is_dir() else [tree / test]
    return [str(file.relative_to(tree)) for file in found]


def _runs(kept: Path) -> list[Path]:
    """Those that came to their end, in their order."""
    return sorted((found.parent for found in kept.glob(f"*/{TESTS}")), key=lambda run: int(run.name))


def _merged(tree: Path, kept: Path, wanted: dict[str, str]) -> Reach:
    """What the newest run of each file of tests has found."""
    lines: dict[str, dict[int, frozenset[str]]] = {}
    seconds: dict[str, float] = {}
    failing: set[str] = set()
    for run in _runs(kept):
        ran = json.loads((run / TESTS).read_text())
        files = {file for file, digest in ran.items() if wanted.get(file) == digest}
        found = _read(tree, run)
        for path, tests in found.tests.items():
            known = lines.setdefault(path, {})
            for line, reaching in tests.items():
                known[line] = known.get(line, frozenset()) | {t for t in reaching if t.partition("::")[0] in files}
        seconds |= found.seconds
        failing |= {test for test in found.failing if test.partition("::")[0] in files}
    return Reach(lines, seconds, frozenset(failing))


def environment_of(tree: Path) -> dict[str, str]:
    """What a test of the tree, and every program that it starts, gets."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(tree)}


def _read(tree: Path, run: Path) -> Reach:
    data = CoverageData(str(run / COVERAGE))
    data.read()
    tests = {
        str(Path(file).relative_to(tree)): {
            line: frozenset(context.rpartition("|")[0] for context in contexts if context)  # before the phase
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    named = {test for lines in tests.values() for found in lines.values() for test in found}
    cases = {
        (case.get("classname"), case.get("name")): case for case in ElementTree.parse(run / DURATIONS).iter("testcase")
    }
    known = {test: cases[_case(test)] for test in named if _case(test) in cases}
    seconds = {test: float(case.get("time") or 0) for test, case in known.items()}
    failing = {test for test, case in known.items() if {child.tag for child in case} & {"failure", "error"}}
    return Reach(tests, seconds, frozenset(failing))


def _case(test: str) -> tuple[str, str]:
    """What a report calls a test."""
    path, *classes, name = test.partition("[")[0].split("::")
    return ".".join([*Path(path).with_suffix("").parts, *classes]), name + test[len(test.partition("[")[0]) :]
