"""A visitor who uses the command line, and whose every command may be killed."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from lab.faults.programs import Program
from lab.faults.scene import Scene
from lab.processes import ProcessFailed
from protocol.qrtext import from_qr_text
from venue.reader import UnreadableImage, read_file

TRIES = 20


class Phone:
    """The newest of a row of wallets under `directory`, each used until it is out of passes."""

    def __init__(self, scene: Scene, directory: Path) -> None:
        self._scene, self._directory = scene, directory
        self._home: Path | None = None
        directory.mkdir()

    async def show(self) -> bool:
        """Open the screen, to the end; False if there is no pass left."""
        status, u = await self._show(None)
        if u is not None:
            self._look_for_leftovers()
        return status == 0 and u is not None

    async def show_and_die(self) -> None:
        """Open the screen, and be killed on the way."""
        await self._show(self._scene.random.uniform(0, 0.2))

    async def get_ready(self) -> None:
        """Enrol and fetch passes, on a phone that dies on the way now and then; raises `ProcessFailed`."""
        home = self._home = self._directory / secrets.token_hex(4)
        home.mkdir()
        town = self._scene.town
        (home / "domain.toml").write_text(town.settings.to_toml())
        (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\nretry_seconds = 0\n")
        (home / "passphrase").write_text(secrets.token_hex(8))
        number = f"+8210{70_000_000 + secrets.randbelow(10**7)}"
        code = str(town.operator / "outbox.txt")
        await self._until_done("enrol", "--phone", number, "--name", "전화기", "--code-file", code)
        await self._until_done("fetch", "--ahead", "0")

    async def _until_done(self, *command: str) -> None:
        for _ in range(TRIES):
            if self._scene.random.random() < 0.3:
                await self._run(self._scene.random.uniform(0, 0.5), *command)
            elif await self._run(None, *command) == 0:
                return
            await self._scene.pause(0.2)
        raise ProcessFailed(f"{command[0]} never came to its end")

    async def _show(self, dies_after: float | None) -> tuple[int, bytes | None]:
        assert self._home is not None
        picture = self._home / f"{secrets.token_hex(4)}.png"
        status = await self._run(dies_after, "show", "--once", "--png", str(picture))
        try:
            (text,) = await asyncio.to_thread(read_file, picture)
        except (UnreadableImage, ValueError):
            return status, None
        u = from_qr_text(text).u
        self._scene.oracle.show(u)
        return status, u

    async def _run(self, dies_after: float | None, *command: str) -> int:
        assert self._home is not None
        options = ("--home", str(self._home), "--passphrase-file", str(self._home / "passphrase"))
        program = Program(self._scene.town.directory / "phone.log", ("client", *options, *command))
        if dies_after is not None:
            await asyncio.sleep(dies_after)
            program.kill()
            self._scene.faults += 1
        return await asyncio.to_thread(program.wait)

    def _look_for_leftovers(self) -> None:
        assert self._home is not None
        if list(self._home.glob(".wallet.*")):
            self._scene.oracle.find("a copy of a wallet outlives the write that a crash interrupted")
