"""Searching ten million digests of notices for a visitor's own passes, as a phone does after long absence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nacl.utils import random as random_bytes

from benchmarks.session import Session
from conformance.vectors.joint_notices import publish_notice
from protocol.epochs import Role
from protocol.notices import MAX_DIGESTS

LISTS = 10
PASSES = 200
"""What a visitor of seven venues a day has used in four weeks."""
BUDGET_SECONDS = 6.0
BUDGET_MEGABYTES = 256.0
"""A phone's budget (spec §7.1): half a minute of a processor five times slower, and what a browser's page may use."""
ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"


@dataclass(frozen=True)
class SearchResult:
    """What a process that does nothing else takes to verify and search all lists, one after the other.

    The floors: hashing the lists' bytes, and a digest for each pass and list; the program before it has any list, and
    one list.
    """

    program: str
    digests: int
    megabytes: float
    passes: int
    seconds: float
    floor_seconds: float
    peak_megabytes: float
    floor_megabytes: float


def measure_searches(session: Session) -> Iterator[SearchResult]:
    """Measure it in Python and, where there is Node.js, in JavaScript."""
    parties = session.parties
    passes = [random_bytes(32) for _ in range(PASSES)]
    noticed = [passes[0], *(random_bytes(32) for _ in range(MAX_DIGESTS // 2))]
    keys = {Role.OPERATOR: parties.operator, Role.AUTHORITY: parties.authority}
    statement = publish_notice(parties.domain, keys, 1, session.now, "advice", noticed)
    values = {"domain": parties.domain.to_bytes().hex(), "passes": [u.hex() for u in passes], "lists": LISTS}
    programs = {"Python": (ROOT, [sys.executable, "-m", "benchmarks.search"])}
    node = shutil.which("node")
    if node and (WEB / "node_modules").exists():
        programs["JavaScript"] = WEB, [node, "test/search.js"]
    for name, (directory, command) in programs.items():
        run = subprocess.run(  # noqa: S603 - our own programs
            [*command, json.dumps(values)], cwd=directory, input=statement, stdout=subprocess.PIPE, check=True
        )
        measured = json.loads(run.stdout)
        assert measured.pop("found") == 1
        yield SearchResult(name, LISTS * MAX_DIGESTS, LISTS * len(statement) / 1e6, PASSES, **measured)
