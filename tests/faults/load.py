"""Everybody who uses the servers during a trial."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.officers import Officers
from tests.faults.phone import Phone
from tests.faults.reader import Reader
from tests.faults.running_town import RunningTown
from tests.faults.staff import Staff
from tests.faults.visitors import Visitors


class Load:
    """Visitors, officers, door staff, a reader, and a phone whose every use is a process of its own."""

    def __init__(self, running: RunningTown, directory: Path) -> None:
        self.running = running
        self.visitors = Visitors(running)
        self.officers = Officers(running)
        self.staff = Staff(running)
        self.reader = Reader(running, directory / "pictures")
        self.phone = Phone(running, directory / "phones", self.visitors.link)

    async def until(self, stop: asyncio.Event) -> None:
        """Use the servers until `stop`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.visitors.until(stop))
            group.create_task(self.officers.until(stop))
            group.create_task(self.staff.until(stop))
            group.create_task(self.reader.until(stop, self.visitors.somebody))

    async def probe(self) -> str | None:
        """Who achieves nothing just now, and what they met with; None if everybody achieves something."""
        if not await self.visitors.probe():
            return "visitors"
        if not await self.staff.admit():
            return f"staff ({self.staff.failure})"
        return None if await self.officers.probe() else f"officers ({self.officers.failure})"
