"""What the benchmark of doors sends is admitted, once, by a venue's server and by the plain one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from benchmarks import door_section
from benchmarks.door import make_home, prepare
from benchmarks.plain_door import create_plain_app
from benchmarks.section import Effort
from benchmarks.session import make_session
from protocol.check_ins import Direction
from protocol.http_messages import Decision, DoorAnswer
from service.http_client import call, new_session
from venue.home import VenueHome
from venue.server import create_venue_app


def test_prepared_check_ins_are_admitted(tmp_path: Path) -> None:
    session, check_ins = make_session(), tmp_path / "check-ins"
    prepare(session, check_ins, 3)
    bodies = [bytes.fromhex(line) for line in check_ins.read_text().splitlines()]
    make_home(session, tmp_path / "home", 8403, f"sqlite:///{tmp_path / 'venue.db'}")

    async def run() -> None:
        for app in (create_venue_app(VenueHome(tmp_path / "home")), create_plain_app(str(tmp_path / "plain.db"))):
            async with TestServer(app) as server, new_session() as http:
                url = str(server.make_url("/v1/check-ins"))
                answers = [await call(http, "POST", url, body) for body in (*bodies, bodies[0])]
            admitted = DoorAnswer(Decision.ADMITTED, Direction.ENTRY)
            assert [*map(DoorAnswer.from_bytes, answers)] == [admitted] * 3 + [DoorAnswer(Decision.ALREADY_SPENT)]

    asyncio.run(run())


def test_without_the_load_generator_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (table,) = door_section.tables(door_section.measure(Effort.QUICK))
    assert "apt-get install wrk" in table.markdown()
