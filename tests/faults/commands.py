"""Commands of officers and staff, each a process of its own that may be killed on its way."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import tempfile
import time
from pathlib import Path

from tests.faults.running_town import RunningTown
from tests.support.programs import Program

DEADLY_SECONDS = 0.3
"""How long a command that is to die may live."""
NO_ROOM = os.strerror(errno.ENOSPC)


class Failed(Exception):
    """A command did not end well; what it printed all the same."""


class Commands:
    """Runs commands. While `deadly`, half of them are killed; while `paused`, none begins.

    `without_room` counts those that said that the disk is full.
    """

    def __init__(self, running: RunningTown) -> None:
        self._running_town = running
        self._running = 0
        self.deadly = False
        self.paused = False
        self.without_room = 0

    async def pause(self) -> None:
        """Let no command begin until `paused` is unset, and wait for those that run."""
        self.paused = True
        await self._running_town.happens(lambda: self._running == 0)

    async def run(self, *command: str, typed: str = "", must_end: bool = True) -> str:
        """What `python -m COMMAND` prints when this is typed; raises `Failed` unless it ends well or need not."""
        while self.paused:
            await asyncio.sleep(0.05)
        self._running += 1
        try:
            return await asyncio.to_thread(self._run, command, typed, must_end)
        finally:
            self._running -= 1

    def _run(self, command: tuple[str, ...], typed: str, must_end: bool) -> str:
        with tempfile.TemporaryDirectory() as directory:
            output, errors = Path(directory, "output"), Path(directory, "errors")
            program = Program(output, command, errors, typed=typed)
            if self.deadly and self._running_town.random.random() < 0.5:
                time.sleep(self._running_town.random.uniform(0, DEADLY_SECONDS))
                program.kill()
            status = program.wait()
            if status == -signal.SIGKILL:
                self._running_town.faults += 1
            said, complained = (path.read_text() if path.exists() else "" for path in (output, errors))
        if NO_ROOM in complained:
            self.without_room += 1
        if "Traceback" in complained:
            self._running_town.oracle.find(
                f"{' '.join(command[3:])} ended with a traceback: {complained.splitlines()[-1]}"
            )
        if status != 0 and must_end:
            raise Failed(complained)
        return said.strip()
