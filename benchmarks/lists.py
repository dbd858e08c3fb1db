"""Searching ten million digests of notices for a visitor's own passes, as a phone does after long absence."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nacl import bindings as sodium
from nacl.utils import random as random_bytes

from benchmarks.session import Session
from protocol.notices import MAX_DIGESTS, noticed_visit, sign_notice, verify_notice

LISTS = 10
PASSES = 200
"""What a visitor of seven venues a day has used in four weeks."""
WEB = Path(__file__).parents[1] / "client" / "web"


@dataclass(frozen=True)
class SearchResult:
    """Seconds to verify and search all lists. The floor: hashing their bytes, and a digest for each pass and list."""

    program: str
    digests: int
    megabytes: float
    passes: int
    seconds: float
    floor_seconds: float


def measure_searches(session: Session) -> Iterator[SearchResult]:
    """Measure it in Python and, where there is Node.js, in JavaScript."""
    parties = session.parties
    passes = [random_bytes(32) for _ in range(PASSES)]
    noticed = [passes[0], *(random_bytes(32) for _ in range(MAX_DIGESTS // 2))]
    statement = sign_notice(parties.domain, 1, session.now, "advice", noticed, parties.authority)
    digests, megabytes = LISTS * MAX_DIGESTS, LISTS * len(statement) / 1e6

    def search() -> None:
        notice = verify_notice(parties.domain, statement)
        assert [notice.concerns(u) for u in passes] == [True] + [False] * (PASSES - 1)

    def floor() -> None:
        sodium.crypto_hash_sha512(statement)
        for u in passes:
            noticed_visit(1, u)

    yield SearchResult("Python", digests, megabytes, PASSES, _seconds(search), _seconds(floor))
    node = shutil.which("node")
    if node and (WEB / "node_modules").exists():
        values = {"domain": parties.domain.to_bytes().hex(), "passes": [u.hex() for u in passes], "lists": LISTS}
        run = subprocess.run(  # noqa: S603 - our own program
            [node, "test/search.js", json.dumps(values)], cwd=WEB, input=statement, stdout=subprocess.PIPE, check=True
        )
        measured = json.loads(run.stdout)
        assert measured["found"] == 1
        yield SearchResult("JavaScript", digests, megabytes, PASSES, measured["seconds"], measured["floor"])


def _seconds(search_one: Callable[[], None]) -> float:
    begin = time.thread_time()
    for _ in range(LISTS):
        search_one()
    return time.thread_time() - begin
