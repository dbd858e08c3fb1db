"""Searching notices in a process that does nothing else: `python -m benchmarks.search < statement`, with JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nacl import bindings as sodium

from protocol.epochs import Domain
from protocol.notices import noticed_visit, verify_notice


def peak_megabytes() -> float:
    """The most memory that this process has ever had. Linux alone does not count its parent's."""
    try:
        (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def main(domain: str, passes: list[str], lists: int) -> dict[str, float]:
    """Search a notice `lists` times for passes; seconds of the processor, and megabytes at the most."""
    own, wanted = Domain.from_bytes(bytes.fromhex(domain)), [bytes.fromhex(u) for u in passes]
    before = peak_megabytes()
    statement = sys.stdin.buffer.read()
    found = 0

    def search() -> None:
        nonlocal found
        notice = verify_notice(own, statement)
        found = sum(map(notice.concerns, wanted))

    def floor() -> None:
        sodium.crypto_hash_sha512(statement)
        for u in wanted:
            noticed_visit(1, u)

    seconds = _seconds(search, lists)
    peak = peak_megabytes()
    return {
        "found": found,
        "seconds": seconds,
        "floor_seconds": _seconds(floor, lists),
        "peak_megabytes": peak,
        "floor_megabytes": before + len(statement) / 1e6,
    }


def _seconds(search_one: Callable[[], None], lists: int) -> float:
    begin = time.thread_time()
    for _ in range(lists):
        search_one()
    return time.thread_time() - begin


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(**json.loads(sys.argv[1]))))
