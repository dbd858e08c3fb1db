"""`python -m lab.measured FILE COMMAND`: `python -m COMMAND`, and in FILE the most bytes and all seconds that it took.

The bytes are of memory at a time, the seconds of all cores. The system's own count of a child's memory includes what
its parent had when it was forked.
"""

from __future__ import annotations

import atexit
import runpy
import sys
import time
from pathlib import Path


def peak_memory() -> int:
    """The most physical memory that this process had at a time, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    _, file, *command = sys.argv
    atexit.register(lambda: Path(file).write_text(f"{peak_memory()} {time.process_time()}\n"))
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
