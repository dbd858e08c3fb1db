"""A door's reader as a process: it reads pictures in a folder and decides without a network."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

from client.errors import NoPassLeft
from client.papers import print_papers
from client.visits import open_entry
from lab.town import Person
from protocol.check_ins import CheckInMessage
from protocol.paper_passes import PaperPass
from service.qr import qr_png
from tests.faults.running_town import RunningTown
from venue.code_text import parse_code

NAME = "reader"


class Reader:
    """The process, people before it, and what it said. `refused` counts whom it did not let in."""

    def __init__(self, running: RunningTown, folder: Path) -> None:
        self._running_town, self._folder = running, folder
        self._log = running.town.directory / f"{NAME}.log"
        self._numbers = itertools.count()
        self._shown: dict[str, CheckInMessage | PaperPass] = {}
        self._waiting: set[str] = set()
        self._read = 0
        self.refused = 0
        folder.mkdir()

    def start(self, ahead: int = 0) -> None:
        """Run the process, with a clock that is so many seconds ahead; it begins with an empty folder."""
        for picture in self._folder.iterdir():
            picture.unlink()
        self._waiting.clear()
        home, folder = str(self._running_town.town.places[0].home), ("--folder", str(self._folder))
        if ahead:
            wrong = ("--home", home, f"--seconds={ahead}", "reader")
            self._running_town.servers.start(NAME, "tests.faults.shifted", *wrong, *folder)
        else:
            self._running_town.servers.start(NAME, "venue", "--home", home, "read", *folder)

    def is_at_work(self) -> bool:
        """Whether there is a code that it has not decided on."""
        self.listen()
        return bool(self._waiting)

    async def until(self, stop: asyncio.Event, somebody: Callable[[], Person | None]) -> None:
        """Show codes to it until `stop`, on phones and on paper, and listen to what it says."""
        while not stop.is_set():
            await self._running_town.pause(0.5)
            self.listen()
            person = somebody()
            if person is None:
                continue
            try:
                text = await asyncio.to_thread(self._code_of, person)
            except NoPassLeft:
                continue
            code, name = parse_code(text), f"{next(self._numbers)}.png"
            self._running_town.oracle.show(code.u)
            self._shown[name] = code
            unfinished = self._folder / f".{name}"
            unfinished.write_bytes(await asyncio.to_thread(qr_png, text))
            self._waiting.add(name)
            unfinished.rename(self._folder / name)

    def _code_of(self, person: Person) -> str:
        visitor = person.visitor
        if self._running_town.random.random() < 0.3:
            (paper,) = print_papers(visitor, self._running_town.town.today, 1)
            return paper
        return open_entry(visitor).text(visitor.clock())

    def listen(self) -> None:
        """Note whom the process let in since the last time."""
        lines = self._log.read_text().splitlines(keepends=True)[self._read :] if self._log.exists() else []
        for line in lines:
            if not line.endswith("\n"):
                break
            self._read += 1
            word, _, rest = line.partition(" ")
            name = rest.strip().partition(":")[0]
            self._waiting.discard(name)
            if word == "REFUSED":
                self.refused += 1
            if word == "ADMITTED":
                code = self._shown[name]
                if isinstance(code, PaperPass):
                    self._running_town.oracle.admit_paper(code.u)
                else:
                    self._running_town.oracle.admit(code)
