"""One mutant after the other in a copy of the repository: the tests that reach it, until one fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from pathlib import Path

from tests.party_mutants.drawing import ROOT, Mutant
from tests.party_mutants.reaching import NO_CACHE, PLUGINS, Reach, environment_of

NOT_COPIED = ("mutants", ".venv", ".git", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__")
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
    """The end of a mutant, and of how many of the tests that reach it."""

    mutant: Mutant
    end: End
    tried: int
    reaching: int


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
        return Outcome(mutant, End.UNREACHED, 0, 0)
    sums = list(accumulate(reach.seconds.get(test, 0.0) for test in reaching))
    tried = max(1, sum(total <= seconds for total in sums))
    original = (tree / path).read_text("utf-8")
    _write(tree / path, mutant.code())
    try:
        end = _run(tree, reaching[:tried], START_SECONDS + TIMES * sums[tried - 1])
    finally:
        _write(tree / path, original)
    return Outcome(mutant, end, tried, len(reaching))


def _write(path: Path, code: str) -> None:
    """Change a file, and its time by a second: Python tells a compiled file by the second and the size."""
    modified = path.stat().st_mtime + 1
    path.write_text(code, "utf-8")
    os.utime(path, (modified, modified))


def _run(tree: Path, tests: list[str], limit: float) -> End:
    command = (sys.executable, "-m", "pytest", "-x", *NO_CACHE, *PLUGINS, *tests)
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=environment_of(tree),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return End.KILLED if process.wait(limit) else End.SURVIVED
    except subprocess.TimeoutExpired:
        return End.HUNG
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what a mutant has left running, too."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
