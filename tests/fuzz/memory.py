"""How much memory an input takes: what it adds to what the process had, and not to the most that it ever had."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

_SLACK = 32
"""Mebibytes by which the peak may lie above what is used, before it is set back."""
_CLEAR, _STATM = Path("/proc/self/clear_refs"), Path("/proc/self/statm")


class Memory:
    """The memory of this process. Where the peak cannot be set back, as outside Linux, only new peaks are seen.

    Use it in a process that was forked: one that was started inherits the peak of who started it.
    """

    def __init__(self) -> None:
        self._used = self._peak = 0

    def mark(self) -> None:
        """Measure from here."""
        self._used = _used_mebibytes()
        if _peak_mebibytes() > self._used + _SLACK:
            with suppress(OSError):
                _CLEAR.write_text("5")
        self._peak = _peak_mebibytes()

    def grown_mebibytes(self) -> int:
        """How much more than at the mark was used at once since then."""
        peak = _peak_mebibytes()
        return peak - self._used if peak > self._peak else 0


def _peak_mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _used_mebibytes() -> int:
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    except OSError:
        return _peak_mebibytes()
