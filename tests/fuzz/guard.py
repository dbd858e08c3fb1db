"""Fuzzing in a process of its own, watched from outside: an input that hangs or kills it is a finding with a name."""

from __future__ import annotations

import mmap
import multiprocessing
import signal
import struct
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzz.trial import Findings, tell_nobody

HANG_SECONDS = 60
"""How long one input may take on a busy machine. The slowest honest one takes some seconds."""
_HEAD = struct.Struct("<QQII")
"""How many inputs were tried, when the last one began (of `time.monotonic_ns`), and the lengths of what follows."""
_KEPT_BYTES = 2**25

_context = multiprocessing.get_context("fork")  # decoders are functions of functions, which nobody can send


class _Desk:
    """Memory that both processes see: the input that the fuzzing one is at."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEAD.size + _KEPT_BYTES)
        self._count = 0

    def lay(self, name: str, data: bytes) -> None:
        """Begin with an input; of one that is too long, only its beginning is kept."""
        self._count += 1
        encoded, kept = name.encode(), data[: _KEPT_BYTES - 1000]
        self._memory[_HEAD.size : _HEAD.size + len(encoded) + len(kept)] = encoded + kept
        self._memory[: _HEAD.size] = _HEAD.pack(self._count, time.monotonic_ns(), len(encoded), len(kept))

    def look(self) -> tuple[int, float, str, bytes]:
        """How many inputs there were; how many seconds ago the last one began, its decoder, and the input."""
        count, began, name_bytes, data_bytes = _HEAD.unpack(self._memory[: _HEAD.size])
        name = self._memory[_HEAD.size : _HEAD.size + name_bytes].decode(errors="replace")
        data = self._memory[_HEAD.size + name_bytes : _HEAD.size + name_bytes + data_bytes]
        return count, (time.monotonic_ns() - began) / 1e9 if count else 0.0, name, data


def run_guarded(findings: Findings, work: Callable[[Findings], None], hang_seconds: float = HANG_SECONDS) -> None:
    """Have a process of its own do some work that tries inputs, and add what it found.

    An input that takes longer than `hang_seconds`, or that the process does not survive, ends it: that is a finding.
    """
    desk = _Desk()
    receiver, sender = _context.Pipe(duplex=False)
    process = _context.Process(target=_work, args=(work, findings.directory, desk, sender), daemon=True)
    process.start()
    sender.close()
    early: list[tuple[str, Path]] = []
    try:
        while True:
            if not receiver.poll(1):
                _, seconds, name, data = desk.look()
                if seconds > hang_seconds:
                    fault = f"no end within {hang_seconds:g} s"
                    break
                continue
            try:
                said = receiver.recv()
            except EOFError:
                process.join()
                _, _, name, data = desk.look()
                fault = f"the process ended ({_how(process.exitcode)})"
                break
            if isinstance(said, Findings):
                findings.add(said)
                return
            early.append(said)
    finally:
        process.kill()
        process.join()
        receiver.close()
    findings.inputs += desk.look()[0]
    findings.crashes += len(early)
    findings.files.update(early)
    findings.crash(name, fault, data)


def _work(work: Callable[[Findings], None], directory: Path, desk: _Desk, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    findings = Findings(directory, begins=desk.lay, found=lambda finding, path: sender.send((finding, path)))
    work(findings)
    findings.begins = findings.found = tell_nobody
    sender.send(findings)


def _how(status: int | None) -> str:
    return signal.Signals(-status).name if status is not None and status < 0 else f"status {status}"
