"""The commands of §8.2 as they stand there, with the files of `containers/`: from nothing to a visit, and an end."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from client.enrolment import confirm_code, request_code
from client.passes import fetch_passes
from client.posters import fetch_poster
from client.visitor import Visitor
from client.visits import check_in
from protocol.http_messages import Decision
from service.http_client import call, new_session
from tests.containers.machine import Machine
from tests.spec.text import CHAPTERS, table
from venue.pictures import read_file

pytestmark = pytest.mark.long

FIRST_DAY = CHAPTERS["08-running-a-party.md"].partition("<!-- containers -->")[2].split("```")[1].removeprefix("sh\n")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Machine(tmp_path) as machine:
        yield machine


def test_the_first_day(machine: Machine, tmp_path: Path) -> None:
    with (machine.folder / "operator.toml").open("a") as settings:
        settings.write("minimum_accounts = 2\nmixing_seconds = 1\n")  # nobody else comes
    machine.sh(machine.transplant(FIRST_DAY))
    (served,) = (machine.engine / "venue" / "venues").iterdir()
    poster = f"http://127.0.0.1:{machine.ports['8403']}/v1/venues/{served.name}/poster.png"

    async def visit() -> Decision:
        async with new_session() as session:
            (tmp_path / "poster.png").write_bytes(await call(session, "GET", poster))
            (link,) = read_file(tmp_path / "poster.png")
            visitors = [await enrol(machine, session, phone) for phone in ("+821011111111", "+821022222222")]
            today = visitors[0].domain.epoch_at(visitors[0].clock())
            await asyncio.gather(*(fetch_passes(visitor, session, today) for visitor in visitors))
            venue = await fetch_poster(session, visitors[0].domain, link)
            return await check_in(visitors[0], session, venue)

    assert asyncio.run(visit()) is Decision.ADMITTED
    machine.sh("cd containers; docker compose down")
    assert "1 in, 0 out" in machine.sh("cd containers; docker compose run --rm venue status")
    told = tuple(name for row in table("homes") for name in row["in the home directory"].split(", "))
    for home in ("operator", "authority", "venue"):
        names = [file.name for file in (machine.engine / home).iterdir() if file.suffix != ".lock"]
        assert [name for name in names if not name.startswith(told)] == []


async def enrol(machine: Machine, session: ClientSession, phone: str) -> Visitor:
    """A visitor with this machine's `domain.toml`, and the code from the operator's outbox."""
    home = machine.checkout.parent / "visitors" / phone
    home.mkdir(parents=True)
    shutil.copy(machine.folder / "domain.toml", home)
    (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\n")
    visitor = Visitor(home, secrets.token_bytes(16), create=True)
    await request_code(visitor, session, phone)
    code = (machine.engine / "operator" / "outbox.txt").read_text("utf-8").split()[-1]
    await confirm_code(visitor, session, phone, "홍길동", code)
    return visitor
