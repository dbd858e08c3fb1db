"""What servers write into files, line by line while they write it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

POLL_SECONDS = 0.2


async def follow(file: Path) -> AsyncIterator[str]:
    """The whole lines that are appended to a file from now on, also to one that is not there yet; never ends."""
    position = file.stat().st_size if file.exists() else 0
    while True:
        if file.exists():
            with file.open("rb") as written:
                written.seek(position)
                *lines, rest = written.read().split(b"\n")
                position = written.tell() - len(rest)
            for line in lines:
                yield line.decode(errors="replace")
        await asyncio.sleep(POLL_SECONDS)
