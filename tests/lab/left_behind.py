"""What still runs after a program has ended."""

from __future__ import annotations

from pathlib import Path


def processes_under(directory: Path) -> dict[int, str]:
    """The processes that work in a directory, with their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command:
            found[int(process.name)] = command
    return found
