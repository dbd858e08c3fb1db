"""A visitor who uses the command line, and whose every command may be killed."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from pathlib import Path

from lab.processes import ProcessFailed
from protocol.qr_text import from_qr_text
from service.files import write_private
from tests.faults.running_town import RunningTown
from tests.support.programs import Program
from venue.pictures import UnreadableImage, read_file

TRIES = 20


class Phone:
    """The newest of a row of wallets under `directory`; `link` is that of a venue's poster."""

    def __init__(self, running: RunningTown, directory: Path, link: str) -> None:
        self._running_town, self._directory, self._link = running, directory, link
        self._home: Path | None = None
        self._seconds = 0.5
        """How long a command takes that is not killed."""
        directory.mkdir()

    async def show(self, *, dies: bool = False) -> bool:
        """Open the screen, to the end or killed on the way; False if it showed nothing."""
        assert self._home is not None
        picture = self._home / f"{secrets.token_hex(4)}.png"
        status = await self._run("show", "--once", "--png", str(picture), dies=dies)
        try:
            (text,) = await asyncio.to_thread(read_file, picture)
        except (UnreadableImage, ValueError):
            return False
        self._running_town.oracle.show(from_qr_text(text).u)
        return status == 0

    async def check_in(self, *, dies: bool = False) -> bool:
        """Check in by the poster, to the end or killed on the way; False if that did not work."""
        return await self._run("check-in", self._link, "--yes", dies=dies) == 0

    async def check_out(self, *, dies: bool = False) -> bool:
        """Leave, to the end or killed on the way; False if that did not work.

        A door that let somebody out lets nobody out again: after a death who comes in anew leaves anew.
        """
        if dies:
            return await self._run("check-out", dies=True) == 0
        return await self.check_in() and await self._run("check-out") == 0

    async def get_ready(self) -> None:
        """Enrol and fetch passes, on a phone that dies on the way now and then; raises `ProcessFailed`."""
        home = self._home = self._directory / secrets.token_hex(4)
        home.mkdir()
        town = self._running_town.town
        (home / "domain.toml").write_text(town.settings.to_toml())
        (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\nat_once = true\n")
        write_private(home / "passphrase", secrets.token_hex(8).encode())
        number = f"+8210{70_000_000 + secrets.randbelow(10**7)}"
        code = str(town.operator / "outbox.txt")
        await self._until_done("enrol", "--phone", number, "--name", "전화기", "--code-file", code)
        await self._until_done("fetch", "--ahead", "0")

    async def _until_done(self, *command: str) -> None:
        for _ in range(TRIES):
            if await self._run(*command, dies=self._running_town.random.random() < 0.3) == 0:
                return
            await self._running_town.pause(0.2)
        raise ProcessFailed(f"{command[0]} never came to its end")

    async def _run(self, *command: str, dies: bool = False) -> int:
        """The exit status of a command; one that dies does so before it would have ended, mostly."""
        assert self._home is not None
        options = ("--home", str(self._home), "--passphrase-file", str(self._home / "passphrase"))
        began = time.monotonic()
        program = Program(self._running_town.town.directory / "phone.log", ("client", *options, *command))
        if dies:
            await self._running_town.pause(self._seconds)
            program.kill()
        status = await asyncio.to_thread(program.wait)
        if status == -signal.SIGKILL:
            self._running_town.faults += 1
        if status == 0:
            self._seconds = time.monotonic() - began
            self._look_for_leftovers()
        return status

    def _look_for_leftovers(self) -> None:
        assert self._home is not None
        if list(self._home.glob(".wallet.*")):
            self._running_town.oracle.find("a copy of a wallet outlives the write that a crash interrupted")
