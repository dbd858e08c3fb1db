"""A door's reader as a process: it reads pictures in a folder and decides without a network."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

from client.errors import NoPassLeft
from client.visits import open_entry
from lab.faults.scene import Scene
from lab.town import Person
from protocol.checkins import CheckInMessage
from protocol.qrtext import from_qr_text
from service.qr import qr_png

NAME = "reader"


class Reader:
    """The process, people before it, and what it said."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene, self._folder = scene, folder
        self._log = scene.town.directory / f"{NAME}.log"
        self._numbers = itertools.count()
        self._shown: dict[str, CheckInMessage] = {}
        self._read = 0
        folder.mkdir()

    def start(self) -> None:
        """Run the process; it begins with an empty folder."""
        for picture in self._folder.iterdir():
            picture.unlink()
        home = str(self._scene.town.places[0].home)
        self._scene.servers.start(NAME, "venue", "--home", home, "read", "--folder", str(self._folder))

    async def until(self, stop: asyncio.Event, somebody: Callable[[], Awaitable[Person]]) -> None:
        """Show codes to it until `stop`, and listen to what it says."""
        while not stop.is_set():
            person = await somebody()
            try:
                screen = await asyncio.to_thread(open_entry, person.visitor)
            except NoPassLeft:
                continue
            self._scene.oracle.show(screen.stored.u)
            text, name = screen.text(person.visitor.clock()), f"{next(self._numbers)}.png"
            self._shown[name] = from_qr_text(text)
            unfinished = self._folder / f".{name}"
            unfinished.write_bytes(await asyncio.to_thread(qr_png, text))
            unfinished.rename(self._folder / name)
            await self._scene.pause(0.5)
            self.listen()

    def listen(self) -> None:
        """Note whom the process let in since the last time."""
        lines = self._log.read_text().splitlines(keepends=True)[self._read :]
        for line in lines:
            if not line.endswith("\n"):
                break
            self._read += 1
            if line.startswith("ADMITTED"):
                self._scene.oracle.admit(self._shown[line.split()[1].rstrip(":")])
