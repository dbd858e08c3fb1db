"""The load that door staff make: they admit people who have no phone, by command."""

from __future__ import annotations

import asyncio
import itertools
import re

from tests.faults.commands import Commands, Failed
from tests.faults.oracle import Kind
from tests.faults.running_town import RunningTown

ADMITTED = re.compile(r"ADMITTED  .* under ([0-9a-f]{16})…")


class Staff:
    """Somebody at the venue's door. `admitted` counts whom they let in; `failure` is what the last attempt met with."""

    def __init__(self, running: RunningTown) -> None:
        self._running_town = running
        self._numbers = itertools.count()
        self.commands = Commands(running)
        self.admitted = 0
        self.failure = ""

    async def until(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            await self.admit()
            await self._running_town.pause(0.5)

    async def admit(self) -> bool:
        """Let somebody in; whether that was done."""
        typed = f"변학도\n+8210{60_000_000 + next(self._numbers)}\ny\n"
        home = str(self._running_town.town.places[0].home)
        try:
            said = await self.commands.run("venue", "--home", home, "admit", typed=typed)
        except Failed as failure:
            self.failure = str(failure).strip()[-200:]
            return False
        sealed = ADMITTED.search(said)
        if sealed is None:
            self._running_town.oracle.find(f"staff were not told that somebody was admitted: {said}")
            return False
        self._running_town.oracle.acknowledge(Kind.ASSISTED, bytes.fromhex(sealed[1]))
        self.admitted += 1
        return True
