"""What officers compare and copy stands whole in one line, on a narrow terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import termios
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from escrow.authority.investigation import Investigation
from protocol.epochs import Role
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import sign_application
from service.http_client import new_session
from service.keys import fingerprint
from tests.support.programs import Program
from tests.support.running import run
from tests.support.servers import Door, World, run_world, warrant_for
from venue.domain_setup import add_domain
from venue.home import VenueHome
from venue.setup import add_venue, create_home

URL = "https://a-very-long-name-of-a-chain-of-clubs.example/" + "door/" * 30 + "itaewon"
DOOR = "the door to the street at the back of the second building"
NAME = "이태원 클럽 " * 7 + "본점"


def in_a_pipe(*command: str) -> str:
    """What a command prints where `less` or `grep` reads it."""
    leader, follower = os.pipe()
    return printed(leader, follower, f"/proc/{os.getpid()}/fd/{follower}", command)


def on_a_terminal(*command: str) -> str:
    """What a command writes on a terminal of 80 columns, which breaks lines where it likes, but cuts none."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    return printed(leader, follower, os.ttyname(follower), command)


def printed(leader: int, follower: int, output: str, command: Sequence[str]) -> str:
    """What a command writes into one end, read from the other."""
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "FORCE_COLOR"}}
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_all, leader)
        Program(Path(output), command, Path(os.devnull), environment=environment | {"TERM": "xterm"}).wait()
        os.close(follower)
        return reading.result().decode()


def read_all(leader: int) -> bytes:
    written = b""
    with suppress(OSError):  # how Linux tells that nobody writes any more on a terminal
        while part := os.read(leader, 65_536):
            written += part
    os.close(leader)
    return written


@dataclass
class Listed:
    """Two parties and a venue's home, and all that their lists must show."""

    world: World
    venues: Path
    expected: dict[tuple[str, ...], list[str]]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Listed:
    """A venue with a long name and URL, a change of its key, a warrant, and both parties' logs audited."""
    with run_world(tmp_path_factory.mktemp("officers")) as world:
        return make_lists(world)


def make_lists(world: World) -> Listed:
    door, key = Door(world, 1), SigningKey.generate()
    door.record = replace(door.record, name=NAME, url=URL)
    change = sign_application(replace(door.record, key=public_key(key)), key, door.key)
    warrant = warrant_for(door, world.now - 600, world.now + 600)

    async def story() -> None:
        await door.apply()
        for party in (world.operator, world.authority):
            party.venues.approve(door.record, party.identity)
        for role in Role:
            await world.post(role, "/v1/venues", change)
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            for party in (world.operator, world.authority):
                await party.peer.have_log_cosigned(session)

    run(story())
    venues = world.directory / "venues"
    ids = [create_home(venues, NAME, URL), add_venue(venues, "카페", "")]
    add_domain(venues, world.settings.to_toml(), "first")
    VenueHome(venues).reader_tokens.add(ids[0], DOOR, bytes(32), int(time.time()))
    expected: dict[tuple[str, ...], list[str]] = {
        ("venue", "--home", str(venues), "list"): [*(one.hex() for one in ids), NAME],
        ("venue", "--home", str(venues), "readers", "list", "--venue", ids[0].hex()): [DOOR],
    }
    keys = [fingerprint(door.record.key), fingerprint(public_key(key))]
    for role in Role:
        officer = ("escrow", role.name.lower(), "--home", str(world.home(role)))
        expected[*officer, "venues", "list"] = [door.record.venue_id.hex(), NAME, URL, *keys]
        expected[*officer, "warrants", "list"] = [warrant.warrant_id.hex(), NAME]
        expected[*officer, "status"] = [str(epoch) for epoch in world.operator.epochs.vault.epochs()]
    roots = [party.log.published() for party in (world.operator, world.authority)]
    audit = (
        "escrow",
        "audit",
        "--domain",
        str(venues / "domains" / "first.toml"),
        "--state",
        str(world.directory / "audit"),
    )
    shown = {medium: medium(*audit) for medium in (in_a_pipe, on_a_terminal)}  # while the servers run
    for text in shown.values():
        for published, url in zip(roots, (world.urls[Role.OPERATOR], world.urls[Role.AUTHORITY]), strict=True):
            assert published is not None
            assert has_in_one_line(text, published[1].checkpoint.root.hex())
            assert has_in_one_line(text, url)
    return Listed(world, venues, expected)


def has_in_one_line(text: str, value: str) -> bool:
    return any(value in line for line in text.splitlines())


@pytest.mark.parametrize("show", [in_a_pipe, on_a_terminal])
def test_ids_urls_and_fingerprints_are_whole(listed: Listed, show: Callable[..., str]) -> None:
    for command, values in listed.expected.items():
        text = show(*command)
        assert values
        assert [value for value in values if not has_in_one_line(text, value)] == [], command
