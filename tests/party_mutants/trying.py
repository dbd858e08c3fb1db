"""One mutant after the other in a copy of the repository: the tests that reach it, until one fails."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryFile

from tests.party_mutants.drawing import ROOT, Mutant
from tests.party_mutants.reaching import NO_CACHE, PLUGINS, Reach, environment_of

NOT_COPIED = ("mutants", ".venv", ".git", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__")
FIRST_SECONDS = 2.0
"""Of tests that are tried by themselves first: most mutants need no more, and fewer files are collected."""
START_SECONDS = 60
"""How long pytest may take to begin, on a machine that does other things as well."""
TIMES = 4
"""How many times as long as without the mutant its tests may take, before it counts as hanging."""


class End(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "hung"
    SURVIVED = "survived"
    UNREACHED = "not reached by any test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a mutant, after how many of the tests that reach it, and what pytest said of the one that failed."""

    name: str
    end: End
    tried: int = 0
    reaching: int = 0
    said: str = ""

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed, or did not end."""
        return self.end in {End.KILLED, End.HUNG}


def copy_tree(tree: Path) -> None:
    """The repository as it is, without what was made there."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    (tree / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")


def try_mutant(tree: Path, mutant: Mutant, reach: Reach, seconds: float) -> Outcome:
    """Break the copy, run the fastest tests that reach the change for so many seconds together, and mend it."""
    path = str(mutant.path.relative_to(ROOT))
    reaching = reach.of(path, mutant.first, mutant.last)
    if not reaching:
        return Outcome(mutant.name, End.UNREACHED)
    sums = list(accumulate(reach.seconds.get(test, 0.0) for test in reaching))
    first, until = (max(1, sum(total <= limit for total in sums)) for limit in (min(FIRST_SECONDS, seconds), seconds))
    original = (tree / path).read_text("utf-8")
    _write(tree / path, mutant.code())
    try:
        end, said = _run(tree, reaching[:first], START_SECONDS + TIMES * sums[first - 1])
        if end is End.SURVIVED:
            end, said = _run_surely(tree, reaching[first:until], START_SECONDS + TIMES * sums[until - 1])
    finally:
        _write(tree / path, original)
    return Outcome(mutant.name, end, until, len(reaching), said)


def _write(path: Path, code: str) -> None:
    """Change a file, and its time by a second: Python tells a compiled file by the second and the size."""
    modified = path.stat().st_mtime + 1
    path.write_text(code, "utf-8")
    os.utime(path, (modified, modified))


def _run(tree: Path, tests: list[str], limit: float) -> tuple[End, str]:
    """What became of a mutant, and why. That pytest does not find a test, for instance, is not that one fails."""
    command = (sys.executable, "-m", "pytest", "-x", "--tb=no", *NO_CACHE, *PLUGINS, *tests)
    with TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment_of(tree),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            return End.HUNG, ""
        finally:
            _end(process)
        output.seek(0)
        said = output.read()
    if failed := re.search("^(FAILED|ERROR|ImportError while loading conftest) .*", said, re.MULTILINE):
        return End.KILLED, failed[0]
    return End.SURVIVED, said[-300:] if status else ""


def _run_surely(tree: Path, tests: list[str], limit: float) -> tuple[End, str]:
    """As `_run`, but for a test that fails once and then, by itself, no more: it has noticed nothing."""
    while tests:
        end, said = _run(tree, tests, limit)
        failed = next((number for number, test in enumerate(tests) if f" {test} " in f"{said} "), None)
        if failed is None or _run(tree, [tests[failed]], limit)[0] is not End.SURVIVED:
            return end, said
        tests = tests[failed + 1 :]
    return End.SURVIVED, ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what a mutant has left running, too."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
