"""Servers of one venue that share a database are killed at random: nothing is lost, and no pass is admitted twice."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession

from lab.processes import Servers, free_ports
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.http_messages import Decision, DoorAnswer
from service.http_client import call, new_session
from service.problems import Problem, Unreachable
from tests.support.databases import KINDS, new_database
from tests.support.domain import OpenEpoch, Parties, enrol
from tests.venue.conftest import MakeVenue, stored
from venue.home import VenueHome

SERVERS, VISITORS, KILLS = 3, 60, 12


class Doors:
    """The servers, and whom each of them has admitted."""

    def __init__(self, directory: Path) -> None:
        self._servers, self._directory = Servers(directory), directory
        self.ports = free_ports(SERVERS)
        self.admitted = list[CheckInMessage]()
        self.answered = set[CheckInMessage]()

    def start(self, number: int) -> None:
        """Start a server, in the shared home with a port of its own."""
        settings = self._directory / "venue" / "settings.toml"
        shared = [line for line in settings.read_text().splitlines() if not line.startswith("port")]
        settings.write_text("\n".join([f"port = {self.ports[number]}", *shared, ""]))
        self._servers.start(f"door-{number}", "venue", "--home", str(self._directory / "venue"), "serve")

    async def up(self, session: ClientSession, number: int) -> None:
        """Wait until a server answers."""
        await self._servers.wait_ready(session, f"door-{number}", f"http://127.0.0.1:{self.ports[number]}")

    async def kill_some(self, session: ClientSession) -> None:
        """Kill one after the other in the middle of its work, and start it again."""
        for _ in range(KILLS):
            number = random.randrange(SERVERS)
            await asyncio.sleep(random.uniform(0.05, 0.3))
            self._servers[f"door-{number}"].kill()
            await asyncio.to_thread(self._servers[f"door-{number}"].wait)
            self.start(number)
            await self.up(session, number)

    async def send(self, session: ClientSession, shown: CheckInMessage) -> None:
        """Show a code at one door after the other until the venue has answered it, and then at another one."""
        while shown not in self.answered or random.random() < 0.5:
            port = random.choice(self.ports)
            with suppress(Unreachable, Problem):
                answer = await call(session, "POST", f"http://127.0.0.1:{port}/v1/check-ins", shown)
                self.answered.add(shown)
                if DoorAnswer.from_bytes(answer).decision is Decision.ADMITTED:
                    self.admitted.append(shown)
            await asyncio.sleep(random.uniform(0, 0.1))

    async def run(self, everybody: list[CheckInMessage]) -> None:
        """Have everybody come, again and again, while servers are killed."""
        with self._servers:
            async with new_session() as session:
                for number in range(SERVERS):
                    self.start(number)
                    await self.up(session, number)
                killing = asyncio.create_task(self.kill_some(session))
                while not killing.done() or not self.answered.issuperset(everybody):
                    await asyncio.gather(*(self.send(session, shown) for shown in everybody))
                await killing


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_three_servers_that_are_killed_lose_and_double_nothing(
    make_venue: MakeVenue, parties: Parties, present: OpenEpoch, tmp_path: Path, kind: str
) -> None:
    now, database = int(time.time()), new_database(kind, tmp_path)
    venue = make_venue([present], settings=f'tolerance = 600\ndatabase = "{database}"\n')
    visitors = [enrol(parties, present, "이몽룡", f"+8210{number:08}") for number in range(VISITORS // 3)]
    passes = [owned for visitor in visitors for owned in visitor.passes]
    shown = [sign_check_in(present.key, owned, now, Direction.ENTRY, parties.venue.venue_id) for owned in passes]
    doors = Doors(tmp_path)
    asyncio.run(doors.run(shown))
    assert len(doors.admitted) == len(set(doors.admitted))
    (again,) = VenueHome(venue.home.path).venues
    kept = stored(again)[present.key.epoch]
    assert sorted(kept) == sorted(message.to_bytes() for message in shown)
