"""The load that officers make: warrants from the first signature to the opening, and erasures; all by command."""

from __future__ import annotations

import asyncio
import time

from service.cli import local_time
from tests.faults.commands import Commands, Failed
from tests.faults.oracle import Kind
from tests.faults.running_town import RunningTown
from tests.faults.town import EPOCHS_AHEAD, PARTIES

WINDOW_SECONDS = 45
TRIES = 3
FEW, MANY = 3, 5000
"""What a warrant may allow: fewer records than its window holds, and more."""


class Officers:
    """Both parties' officers, and the venue's owner, who commits to the check-ins before a warrant is drawn.

    `failure` is what the last probe met with.
    """

    def __init__(self, running: RunningTown) -> None:
        self._running_town = running
        self.commands = Commands(running)
        self.failure = ""

    async def until(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            try:
                await self.investigate(FEW if self._running_town.random.random() < 0.25 else MANY)
                if self._running_town.random.random() < 0.3:
                    await self.erase(self._running_town.random.choice(PARTIES))
            except Failed:
                await self._running_town.pause(0.2)

    async def erase(self, party: str) -> None:
        """Erase the last epoch that a party still has; none is ever used."""
        vault, oracle = self._running_town.town.directory / party / "vault", self._running_town.oracle
        today = self._running_town.town.today
        ahead = [today + days for days in range(EPOCHS_AHEAD, 4, -1)]
        epoch = next((one for one in ahead if (vault / f"{one}.secret").exists()), None)
        if epoch is None:
            return
        sealed = (vault / f"{epoch}.secret").read_bytes()
        await self._command(party, "erase", str(epoch), "--yes")
        oracle.erased[party, epoch] = sealed
        oracle.acknowledge(Kind.ERASURE, f"{party} {epoch}".encode())

    async def probe(self) -> bool:
        """Whether a warrant comes to its end just now, with shares of both parties."""
        try:
            warrant = await self.investigate(MANY)
        except Failed as failure:
            self.failure = str(failure).strip()[-200:]
            return False
        self.failure = "no shares"
        return self._running_town.oracle.has_shares("operator", warrant)

    async def investigate(self, most: int) -> bytes:
        """Carry out a warrant for the latest check-ins, for at most so many records; raises `Failed`."""
        running, place = self._running_town, self._running_town.town.places[0]
        await self.commands.run("venue", "--home", str(place.home), "commit")
        now, offset = int(time.time()), running.town.settings.utc_offset
        window = ("--from", local_time(now - WINDOW_SECONDS, offset), "--until", local_time(now + 1, offset))
        venue = place.id.hex()
        law = ("--legal-reference", "감염병예방법 제76조의2", "--assumed-stay", "0", "--max-records", str(most))
        drawn = await self._command(
            "authority", "warrants", "draw", "--yes", "--venue", venue, *window, *law, must_end=False
        )
        if len(drawn) < 32:
            raise Failed(drawn)
        warrant = drawn[:32]
        running.oracle.max_records[bytes.fromhex(warrant)] = most
        for party, step in (("operator", "countersign"), ("authority", "release"), ("authority", "open")):
            await self._step(party, step, warrant)
        running.oracle.acknowledge(Kind.OPENING, bytes.fromhex(warrant))
        return bytes.fromhex(warrant)

    async def _step(self, party: str, step: str, warrant: str) -> None:
        for attempt in range(TRIES):
            try:
                await self._command(party, "warrants", step, warrant)
            except Failed as failure:
                if "warrant-decided" in str(failure):  # by a command that was killed before it could say so
                    return
                if attempt == TRIES - 1 or "warrant-exhausted" in str(failure):
                    raise
                if "unknown-warrant" in str(failure):  # the proposal was lost on the way; asking again repeats it
                    await self._command("authority", "warrants", "release", warrant, must_end=False)
                await self._running_town.pause(0.3)
            else:
                if step == "countersign":
                    self._running_town.oracle.acknowledge(Kind.DECISION, bytes.fromhex(warrant))
                return

    async def _command(self, party: str, *command: str, must_end: bool = True) -> str:
        home = str(self._running_town.town.directory / party)
        return await self.commands.run("escrow", party, "--home", home, *command, must_end=must_end)
