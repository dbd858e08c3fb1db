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
from click.testing import CliRunner, Result

from protocol.check_ins import CheckIn, Direction, sign_check_in
from protocol.commitments import commitment_digest
from protocol.epochs import Role
from protocol.primitives.signatures import SigningKey
from protocol.qr_text import to_qr_text
from protocol.warrants import Venue
from service.files import private_directory, write_private
from tests.support.databases import FOR_SERVERS, new_database
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, enrol, open_epoch
from tests.support.venues import only
from venue.__main__ import cli
from venue.domains import DOMAINS
from venue.home import VENUES, ServedVenue, VenueHome
from venue.membership import Membership
from venue.store import metadata

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:1"

MakeVenue = Callable[..., ServedVenue]


@pytest.fixture
def make_venue(tmp_path: Path, parties: Parties) -> MakeVenue:
    """Makes the home of the parties' venue, knowing `epochs`, with the parties' servers at `url`."""

    def make(epochs: Iterable[OpenEpoch] = (), url: str = NOBODY, settings: str = "") -> ServedVenue:
        path, domain = private_directory(tmp_path / "venue"), parties.domain
        (private_directory(path / DOMAINS) / "first.toml").write_text(
            f"number = {domain.number}\nutc_offset = {domain.utc_offset}\nallowance = {domain.allowance}\n"
            + "".join(
                f'[{role.name.lower()}]\nkey = "{bytes(domain.identity_key(role)).hex()}"\nurl = "{url}"\n'
                for role in Role
            )
        )
        (path / "settings.toml").write_text(settings)
        write_venue(path, parties.venue, parties.venue_key)
        home = VenueHome(path)
        for epoch in epochs:
            for role, statement in epoch.statements.items():
                next(iter(home.domains)).epochs.keep(role, epoch.key.epoch, statement)
        return ServedVenue(home, parties.venue.venue_id)

    return make


def write_venue(home: Path, record: Venue, key: SigningKey) -> None:
    """A venue's directory in a home."""
    directory = private_directory(private_directory(home / VENUES) / record.venue_id.hex())
    (directory / "venue.toml").write_text(f'name = "{record.name}"\nurl = "{record.url}"\n')
    write_private(private_directory(directory / "first") / "venue.key", bytes(key).hex().encode())


@pytest.fixture
def texts(today: OpenEpoch, visitor: Visitor) -> list[str]:
    """What the codes of a visitor's passes say."""
    return [to_qr_text(sign_check_in(today.key, owned, NOW, Direction.ENTRY)) for owned in visitor.passes]


@pytest.fixture(params=FOR_SERVERS)
def database(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The setting that names a new database, of each kind."""
    return f'database = "{new_database(request.param, tmp_path)}"\n'


@pytest.fixture
def venue(make_venue: MakeVenue, today: OpenEpoch, database: str) -> ServedVenue:
    """A venue that knows today's keys, on each kind of database."""
    return make_venue([today], settings=database)


@pytest.fixture(scope="session")
def present(parties: Parties) -> OpenEpoch:
    """The epoch of the real clock, for what runs in other processes."""
    return open_epoch(parties, parties.domain.epoch_at(int(time.time())))


@pytest.fixture(scope="session")
def guest(parties: Parties, present: OpenEpoch) -> Visitor:
    """A visitor of the real clock's epoch."""
    return enrol(parties, present, "이몽룡", "+821055555555")


def stored(venue: ServedVenue) -> dict[int, list[bytes]]:
    """The encoded check-ins of a venue in its database, by epoch, the earliest first."""
    table = metadata.tables["check_ins"]
    found: dict[int, list[bytes]] = {}
    own = sql.select(table).where(table.c.venue == venue.venue_id)
    with venue.home.engine.connect() as connection:
        for row in connection.execute(own.order_by(table.c.time, table.c.u, table.c.direction)):
            found.setdefault(row.epoch, []).append(row.encoded)
    return found


def keep(membership: Membership, check_in: CheckIn) -> None:
    """Store a check-in whatever it is, also an exit without an entry, as a venue may that does not look."""
    one = membership.store.spending(check_in)
    row = {**one.key._asdict(), "time": one.time, "encoded": one.encoded}
    with membership.engine.begin() as connection:
        connection.execute(sql.insert(metadata.tables["check_ins"]).values(row))


def commit(venue: ServedVenue, now: int) -> None:
    """Commit to a venue's check-ins in its one domain, as both parties acknowledge."""
    commit_in(only(venue), now)


def commit_in(membership: Membership, now: int) -> None:
    """The same in one of several."""
    made = membership.log.commit(membership.record, membership.signing_key, now)
    assert made is not None
    for role in Role:
        membership.log.acknowledge(made[0], role)


def known(venue: ServedVenue) -> dict[int, bytes]:
    """A venue's commitments as the parties of its one domain know them."""
    return known_in(only(venue))


def known_in(membership: Membership) -> dict[int, bytes]:
    """The same in one of several."""
    return {
        one.opening.time: commitment_digest(one.opening.salt, one.tree)
        for one in membership.log.commitments()
        if one.acknowledged
    }


def venue_command(home: Path, *arguments: str) -> list[str]:
    """The command line of the venue's program."""
    return [sys.executable, "-m", "venue", "--home", str(home), *arguments]


def run_venue(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the venue's program as a user does."""
    return subprocess.run(
        venue_command(home, *arguments), env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def invoke_venue(home: Path, *arguments: str) -> Result:
    """Run the venue's program in this process, which is faster."""
    return CliRunner().invoke(cli, ["--home", str(home), *arguments])


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
