"""What appending to a log on a disk takes, waiting for the disk included, next to the waiting alone."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.session import Session
from escrow.log.log import TransparencyLog
from protocol.epochs import Role
from protocol.transparency.log_entries import SharesReleased

WRITTEN_BYTES = 4096
"""About what a tile of hashes has on average."""


@dataclass(frozen=True)
class AppendResult:
    """Medians. `syncs`: how often one append waits for the disk; `sync_milliseconds`: how long, by itself."""

    entries: int
    milliseconds: float
    syncs: int
    sync_milliseconds: float

    @property
    def floor_milliseconds(self) -> float:
        """The waiting alone."""
        return self.syncs * self.sync_milliseconds


def measure_appends(session: Session, entries: int) -> AppendResult:
    """Append to a log in a temporary directory, and sync a file there in between."""
    parties, times, syncs, waits = session.parties, list[float](), list[int](), list[float]()
    sync = os.fsync
    calls = 0

    def counting(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        sync(descriptor)

    with TemporaryDirectory() as directory:
        log = TransparencyLog(Path(directory) / "log", parties.domain, Role.OPERATOR, parties.operator)
        os.fsync = counting  # type: ignore[assignment]
        try:
            for number in range(entries + 1):
                calls, begin = 0, time.perf_counter()
                log.append(SharesReleased(number, session.now, number.to_bytes(32, "big")), session.now)
                times.append(time.perf_counter() - begin)
                syncs.append(calls)
                waits += _waits(Path(directory) / "file")
        finally:
            os.fsync = sync
    median = statistics.median
    return AppendResult(entries, 1e3 * median(times[1:]), int(median(syncs[1:])), 1e3 * statistics.mean(waits))


def _waits(path: Path) -> list[float]:
    """How long it takes to make a new file durable, and then its name."""
    waits = []
    with path.open("wb") as file:
        file.write(bytes(WRITTEN_BYTES))
        file.flush()
        waits.append(_wait(file.fileno()))
    path.replace(path.with_suffix(".new"))
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        waits.append(_wait(directory))
    finally:
        os.close(directory)
    return waits


def _wait(descriptor: int) -> float:
    begin = time.perf_counter()
    os.fsync(descriptor)
    return time.perf_counter() - begin
