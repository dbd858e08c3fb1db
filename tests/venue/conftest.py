"""A venue's home on disk: real keys, real epoch statements, no network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import sqlalchemy as sql

from protocol.epochs import Role
from service.files import private_directory, write_private
from service.keys import create_secret
from tests.databases import KINDS, new_database
from tests.parties import OpenEpoch, Parties, Visitor, enrol, open_epoch
from venue.home import VenueHome
from venue.store import metadata

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:1"

MakeHome = Callable[..., VenueHome]


@pytest.fixture
def make_home(tmp_path: Path, parties: Parties) -> MakeHome:
    """Makes the home of the parties' venue, knowing `epochs`, with the parties' servers at `url`."""

    def make(epochs: Iterable[OpenEpoch] = (), url: str = NOBODY, settings: str = "") -> VenueHome:
        path = private_directory(tmp_path / "venue")
        domain, venue = parties.domain, parties.venue
        (path / "domain.toml").write_text(
            f"number = {domain.number}\nutc_offset = {domain.utc_offset}\nallowance = {domain.allowance}\n"
            + "".join(
                f'[{role.name.lower()}]\nkey = "{bytes(domain.identity_key(role)).hex()}"\nurl = "{url}"\n'
                for role in Role
            )
        )
        (path / "settings.toml").write_text(
            f'venue = "{venue.venue.hex()}"\nname = "{venue.name}"\nurl = "{venue.url}"\n{settings}'
        )
        if not (path / "venue.key").exists():
            write_private(path / "venue.key", bytes(parties.venue_key).hex().encode())
            create_secret(path / "reader.token")
        home = VenueHome(path)
        for epoch in epochs:
            for role, statement in epoch.statements.items():
                home.epochs.keep(role, epoch.key.epoch, statement)
        return home

    return make


@pytest.fixture(params=KINDS)
def home(make_home: MakeHome, today: OpenEpoch, tmp_path: Path, request: pytest.FixtureRequest) -> VenueHome:
    """A venue that knows today's keys, on each kind of database."""
    return make_home([today], settings=f'database = "{new_database(request.param, tmp_path)}"\n')


@pytest.fixture(scope="session")
def present(parties: Parties) -> OpenEpoch:
    """The epoch of the real clock, for what runs in other processes."""
    return open_epoch(parties, parties.domain.epoch_at(int(time.time())))


@pytest.fixture(scope="session")
def guest(parties: Parties, present: OpenEpoch) -> Visitor:
    """A visitor of the real clock's epoch."""
    return enrol(parties, present, "이몽룡", "+821055555555")


def stored(home: VenueHome) -> dict[int, list[bytes]]:
    """The encoded check-ins in a venue's database, by epoch, the earliest first."""
    table = metadata.tables["check_ins"]
    found: dict[int, list[bytes]] = {}
    with home.engine.connect() as connection:
        for row in connection.execute(sql.select(table).order_by(table.c.time, table.c.direction)):
            found.setdefault(row.epoch, []).append(row.encoded)
    return found


def venue_command(home: Path, *arguments: str) -> list[str]:
    """The command line of the venue's program."""
    return [sys.executable, "-m", "venue", "--home", str(home), *arguments]


def run_venue(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the venue's program as a user does."""
    return subprocess.run(
        venue_command(home, *arguments), env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
