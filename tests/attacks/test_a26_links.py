"""A26: a web page makes the visitor's client check in by following a link."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from client.__main__ import main as client
from lab.processes import free_ports
from lab.town import Person, Place
from service.files import write_private
from service.http import cbor_response, create_app
from tests.support.running import serving
from tests.support.town import Town

ROOT = Path(__file__).parents[2]
Follow = Callable[..., Result]


@pytest.fixture(scope="module")
def present_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of the machine's own time, for a client that runs as a process of its own."""
    town = Town(tmp_path_factory.mktemp("town"), int(time.time()))
    try:
        town.start_parties()
        yield town
    finally:
        town.stop()


@pytest.fixture(scope="module")
def club(present_town: Town) -> Place:
    return present_town.open_venue()


@pytest.fixture(scope="module")
def victim(present_town: Town) -> Person:
    """A visitor with the passes of today and tomorrow, should it be midnight soon."""
    people = [present_town.enrol() for _ in range(2)]
    for epoch in (present_town.world.today, present_town.world.today + 1):
        present_town.supply(*people, epoch=epoch)
    return people[0]


@pytest.fixture
def follow(present_town: Town, victim: Person) -> Follow:
    """What happens when the system hands a link to the visitor's client."""
    secret = present_town.directory / "passphrase"
    write_private(secret, b"passphrase")

    def invoke(*arguments: str, typed: str) -> Result:
        present_town.world.now = int(time.time())
        options = ["--home", str(victim.home), "--passphrase-file", str(secret)]
        return CliRunner().invoke(client, [*options, "check-in", *arguments], input=typed)

    return invoke


def passed(town: Town, before: int) -> list[str]:
    """What venues' servers were asked since then."""
    return [seen.path for seen in town.traffic[before:] if seen.server not in {"operator", "authority"}]


def test_a26_a_process_without_a_person_checks_in_nowhere(present_town: Town, club: Place, victim: Person) -> None:
    """The page's link starts the client as a program with no terminal, where nobody can answer.

    Happened: luca, July 2021. Answer: a client asks its user before it sends a check-in or burns anything (§3.8, §4.3).
    """
    before, wallet = len(present_town.traffic), victim.visitor.wallet()
    command = [sys.executable, "-m", "client", "--home", str(victim.home), "check-in", present_town.link(club)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SPLITPASS_PASSPHRASE": "passphrase"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 1
    assert passed(present_town, before) == [record_of(present_town, club)]
    assert victim.visitor.wallet() == wallet


def record_of(town: Town, club: Place) -> str:
    """Where the venue's server has its record."""
    return f"/v1/venues/{club.id.hex()}/{town.world.settings.number}"


def test_a26_a_link_alone_checks_in_nowhere(present_town: Town, club: Place, victim: Person, follow: Follow) -> None:
    """The page opens a venue's genuine link, with all that might stand for the visitor's consent; nobody answers the
    question, or somebody says no.

    Happened: as above. Answer: as above.
    """
    town, link = present_town, present_town.link(club)
    before, wallet = len(town.traffic), victim.visitor.wallet()
    host = club.url.removeprefix("http://")
    for typed in ("", "\n", "n\n"):
        result = follow(link, typed=typed)
        assert result.exit_code == 1
        assert f"Check in at {club.name} ({host}) for 1 person?" in result.output
    for tried in (f"{link}?yes=1&confirm=true&--yes", f"{link}#yes", f"{link}/yes"):
        assert "no check-in by this link" in follow(tried, typed="\n").output
    assert set(passed(town, before)) == {record_of(town, club)}
    assert victim.visitor.wallet() == wallet

    before = len(town.traffic)
    assert follow(link, typed="y\n").exit_code == 0  # what remains: a user who agrees
    assert passed(town, before) == [record_of(town, club), "/v1/check-ins"]


def test_a26_a_link_does_not_say_where_to_send_nor_who_asks(
    present_town: Town, club: Place, victim: Person, follow: Follow
) -> None:
    """The page's link leads to its own server, which has the genuine record, or one that it made itself, or sends the
    client on to the venue.

    Happened: as above. Answer: the record that both parties signed names this very link (§4.3).
    """
    town = present_town
    genuine = club.venue.memberships[0].registered.to_bytes()
    elsewhere, another = (port for port in free_ports(2))
    forged = genuine[:100] + bytes([genuine[100] ^ 1]) + genuine[101:]

    async def lie(request: web.Request) -> web.Response:
        if request.path.startswith("/sent/on"):
            return web.Response(status=307, headers={"Location": club.url + record_of(town, club)})
        return cbor_response(forged if request.path.startswith("/forged") else genuine)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.get("/{path:.*}", lie)]), elsewhere)]

    before, wallet = len(town.traffic), victim.visitor.wallet()
    with serving(apps):
        for path in ("", "/forged", "/sent/on"):
            result = follow("--yes", f"http://127.0.0.1:{elsewhere}{path}/v/{club.id.hex()}", typed="")
            assert result.exit_code == 1
            assert "Checked in" not in result.output
    for link in (f"http://127.0.0.1:{another}/v/{club.id.hex()}", f"splitpass:check-in/v/{club.id.hex()}"):
        assert follow("--yes", link, typed="").exit_code == 1
    assert passed(town, before) == []
    assert victim.visitor.wallet() == wallet


def test_a26_a_link_enrols_nobody(present_town: Town, club: Place, tmp_path: Path) -> None:
    """A poster's link reaches the client of somebody who has no wallet yet.

    Follows from the design. Answer: no enrolment begins from such a link (§4.3).
    """
    before = len(present_town.traffic)
    home = tmp_path / "new"
    home.mkdir()
    (home / "domain.toml").write_text(present_town.world.settings.to_toml())
    result = CliRunner().invoke(client, ["--home", str(home), "check-in", "--yes", present_town.link(club)])
    assert result.exit_code == 1
    assert passed(present_town, before) == []
    assert [path.name for path in home.iterdir()] == ["domain.toml"]
