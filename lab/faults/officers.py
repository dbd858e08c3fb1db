"""The load that officers make: warrants from the first signature to the opening, and erasures; all by command."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from lab.faults.oracle import Kind
from lab.faults.programs import Program
from lab.faults.scene import Scene
from lab.faults.town import EPOCHS_AHEAD, PARTIES
from service.cli import local_time

WINDOW_SECONDS = 45
TRIES = 3
FEW, MANY = 3, 5000
"""What a warrant may allow: fewer records than its window holds, and more."""


class Failed(Exception):
    """A command did not end well; what it printed all the same."""


class Officers:
    """Both parties' officers. While `deadly`, half of their commands are killed on the way."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.deadly = False

    async def until(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            try:
                await self._investigate(stop)
                if self._scene.random.random() < 0.3:
                    await self.erase(self._scene.random.choice(PARTIES))
            except Failed:
                await self._scene.pause(0.2)

    async def erase(self, party: str) -> None:
        """Erase the last epoch that a party still has; none is ever used."""
        vault, oracle = self._scene.town.directory / party / "vault", self._scene.oracle
        today = self._scene.town.today
        ahead = [today + days for days in range(EPOCHS_AHEAD, 4, -1)]
        epoch = next((one for one in ahead if (vault / f"{one}.secret").exists()), None)
        if epoch is None:
            return
        sealed = (vault / f"{epoch}.secret").read_bytes()
        await self._command(party, "erase", str(epoch), "--yes")
        oracle.erased[party, epoch] = sealed
        oracle.acknowledge(Kind.ERASURE, f"{party} {epoch}".encode())

    async def _investigate(self, stop: asyncio.Event) -> None:
        scene, now = self._scene, int(time.time())
        offset, most = scene.town.settings.utc_offset, scene.random.choice((FEW, MANY))
        window = ("--from", local_time(now - WINDOW_SECONDS, offset), "--until", local_time(now, offset))
        venue = scene.town.places[0].id.hex()
        law = ("--legal-reference", "감염병예방법 제76조의2", "--assumed-stay", "0", "--max-records", str(most))
        drawn = await self._command("authority", "warrants", "draw", "--venue", venue, *window, *law, must_end=False)
        if len(drawn) < 32:
            raise Failed(drawn)
        warrant = drawn[:32]
        scene.oracle.max_records[bytes.fromhex(warrant)] = most
        for party, step in (("operator", "countersign"), ("authority", "release"), ("authority", "open")):
            if stop.is_set():
                return
            await self._step(party, step, warrant)
        scene.oracle.acknowledge(Kind.OPENING, bytes.fromhex(warrant))

    async def _step(self, party: str, step: str, warrant: str) -> None:
        for attempt in range(TRIES):
            try:
                await self._command(party, "warrants", step, warrant)
            except Failed as failure:
                if "unknown-warrant" in str(failure):  # the proposal was lost on the way; asking again repeats it
                    await self._command("authority", "warrants", "release", warrant, must_end=False)
                elif "warrant-decided" in str(failure):  # by a command that was killed before it could say so
                    return
                elif attempt == TRIES - 1 or "warrant-exhausted" in str(failure):
                    raise
                await self._scene.pause(0.3)
            else:
                if step == "countersign":
                    self._scene.oracle.acknowledge(Kind.DECISION, bytes.fromhex(warrant))
                return

    async def _command(self, party: str, *command: str, must_end: bool = True) -> str:
        """What an officer's command prints; raises `Failed` unless it ends well or need not."""
        home = str(self._scene.town.directory / party)
        return await asyncio.to_thread(self._run, ("escrow", party, "--home", home, *command), must_end)

    def _run(self, command: tuple[str, ...], must_end: bool) -> str:
        with tempfile.TemporaryDirectory() as directory:
            output, errors = Path(directory, "output"), Path(directory, "errors")
            program = Program(output, command, errors)
            if self.deadly and self._scene.random.random() < 0.5:
                time.sleep(self._scene.random.uniform(0, 0.15))
                program.kill()
                self._scene.faults += 1
            status = program.wait()
            said, complained = (path.read_text() if path.exists() else "" for path in (output, errors))
        if "Traceback" in complained:
            self._scene.oracle.find(f"{' '.join(command[4:])} ended with a traceback: {complained.splitlines()[-1]}")
        if status != 0 and must_end:
            raise Failed(complained)
        return said.strip()
