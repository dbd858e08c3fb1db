"""A26: a web page makes the visitor's client check in by following a link."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from client.__main__ import main as client
from lab.town import Person, Place
from service.files import write_private
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


def test_a26_a_process_without_a_person_checks_in_nowhere(present_town: Town, club: Place, victim: Person) -> None:
    """The page's link starts the client as a program with no terminal, where nobody can answer.

    Happened: luca, July 2021. Answer: a client asks its user before it sends or burns anything (§3.8, §4.3).
    """
    before, wallet = list(present_town.traffic), victim.visitor.wallet()
    command = [sys.executable, "-m", "client", "--home", str(victim.home), "check-in", present_town.link(club)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SPLITPASS_PASSPHRASE": "passphrase"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 1
    assert present_town.traffic == before
    assert victim.visitor.wallet() == wallet


def test_a26_a_link_alone_sends_nothing(present_town: Town, club: Place, victim: Person, follow: Follow) -> None:
    """The page opens a venue's genuine link, with all that might stand for the visitor's consent; nobody answers the
    question, or somebody says no.

    Happened: as above. Answer: as above.
    """
    town, link = present_town, present_town.link(club)
    address, _, fragment = link.partition("#")
    before, wallet = list(town.traffic), victim.visitor.wallet()
    for tried, typed in (
        (link, ""),
        (link, "\n"),
        (link, "n\n"),
        (f"{address}?yes=1&confirm=true&--yes#{fragment}", "\n"),
    ):
        result = follow(tried, typed=typed)
        assert result.exit_code == 1
        assert f"Check in at {club.name} for 1 person?" in result.output
    assert town.traffic == before
    assert victim.visitor.wallet() == wallet

    assert follow(link, typed="y\n").exit_code == 0  # what remains: a user who agrees
    assert [seen.path for seen in town.traffic[len(before) :]] == ["/v1/check-ins"]


def test_a26_a_link_does_not_say_where_to_send_nor_who_asks(
    present_town: Town, club: Place, victim: Person, follow: Follow
) -> None:
    """The page's link leads to its own server under the genuine record, or carries a record that it made itself.

    Happened: as above. Answer: name, id and URL come from the record that both parties signed (§4.3).
    """
    town, link = present_town, present_town.link(club)
    fragment = link.partition("#")[2]
    asked = follow(f"http://127.0.0.1:9/friendly#{fragment}", typed="n\n")
    assert f"Check in at {club.name} for 1 person?" in asked.output
    before, wallet = list(town.traffic), victim.visitor.wallet()
    changed = fragment[:100] + ("A" if fragment[100] != "A" else "B") + fragment[101:]
    for forged in (
        f"{club.url}/#{changed}",
        f"{club.url}/#",
        f"splitpass:check-in#{fragment}",
        f"javascript:#{fragment}",
    ):
        result = follow("--yes", forged, typed="")
        assert result.exit_code == 1
        assert "no check-in by this link" in result.output
    assert town.traffic == before
    assert victim.visitor.wallet() == wallet
