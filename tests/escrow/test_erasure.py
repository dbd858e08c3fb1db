"""What is left of an erased epoch in everything that a party ever wrote (C7, A27)."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.errors import ErasedEpoch
from escrow.housekeeping import keep_house
from escrow.operator.operator import Operator
from escrow.party import Party
from protocol.epochs import Role
from service.cli import local_time
from tests.escrow.test_vault import everything_in
from tests.support import databases
from tests.support.contacts import contacts
from tests.support.databases import KINDS, start_postgresql
from tests.support.running import run
from tests.support.servers import World, carry_out, open_door, run_world, warrant_for

DAY = 86_400


@pytest.fixture(scope="module")
def own_server() -> tuple[sql.URL, Path]:
    """A PostgreSQL server whose files are of these tests alone. It removes the log that it needs no more (§8.4)."""
    return start_postgresql(wal_recycle="off")


@pytest.fixture(params=KINDS)
def places(
    request: pytest.FixtureRequest, tmp_path: Path, own_server: tuple[sql.URL, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[World, list[Path]]]:
    """A world, and the directories in which everything is that its parties write."""
    url, directory = own_server
    monkeypatch.setattr(databases, "postgresql_url", lambda: url)
    with run_world(tmp_path, request.param) as world:
        yield world, [tmp_path, directory] if request.param == "postgresql" else [tmp_path]


def open_one_visit(world: World) -> str:
    """A day on which a share was used; returns the phone of the visitor whose visit was opened."""
    with open_door(world) as door:

        async def story() -> str:
            (_, passes), *_ = await world.visitors_with_passes(2)
            await door.admit(passes[0])
            warrant = warrant_for(door, world.now - 600, world.now + 600)

            async def release_and_open(it: Investigation) -> OpeningResult:
                await it.request_release(warrant.warrant_id)
                return await it.open(warrant.warrant_id)

            (findings,) = await carry_out(world, warrant, release_and_open)
            assert isinstance(findings, OpeningResult)
            (contact,) = contacts(findings)
            return contact.record.phone

        return run(story())


def written(party: Party, places: list[Path]) -> list[bytes]:
    """Every file, with what a database still has in memory, and with no more of its log than it needs."""
    if party.engine.dialect.name == "postgresql":
        with party.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SELECT pg_switch_wal()")
            connection.exec_driver_sql("CHECKPOINT")
    return [data for place in places for data in everything_in(place)]


@pytest.mark.parametrize("role", Role)
def test_c7_erasure_leaves_no_secret_in_any_file(places: tuple[World, list[Path]], role: Role, tmp_path: Path) -> None:
    """Databases with their write-ahead logs, logs, vault and copies, after the share was used for an opening."""
    world, directories = places
    home, party = world.home(role), world.operator if role is Role.OPERATOR else world.authority
    (tmp_path / "elsewhere").mkdir()
    with (home / "settings.toml").open("a") as settings:
        settings.write(f'vault_copies = ["{tmp_path / "elsewhere"}"]\n')
    log = logging.FileHandler(tmp_path / "everything.log")
    logging.getLogger().addHandler(log)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        phone = open_one_visit(world)
        secret, sealed = party.epochs.secret(world.today), (home / "vault" / f"{world.today}.secret").read_bytes()
        with_copy = Operator(home) if role is Role.OPERATOR else Authority(home)
        assert not with_copy.epochs.vault.mirror().all
        before = written(party, directories)
        assert len([data for data in before if sealed in data]) == 2
        assert len([data for data in before if phone.encode() in data]) >= 2, "the outbox, and a database's files"
        assert world.officer(role, "erase", "--yes", str(world.today)).exit_code == 0
        with pytest.raises(ErasedEpoch, match="never be opened"):
            party.epochs.secret(world.today)
    finally:
        logging.getLogger().removeHandler(log)
        logging.getLogger().setLevel(level)
        log.close()
    assert (tmp_path / "everything.log").stat().st_size > 1000
    after = written(party, directories)
    for value in (bytes(secret.share), secret.pass_seed or bytes(secret.share), sealed):
        number = str(int.from_bytes(value, "little")).encode()
        for form in (value, value.hex().encode(), base64.b64encode(value), repr(value).encode(), number):
            assert not [data for data in after if form in data]


def test_c7_erasure_leaves_no_row_in_any_file(places: tuple[World, list[Path]]) -> None:
    """Of handles and directory, after the planner's statistics were made; those of the next day stay."""
    world, directories = places
    parties = {Role.OPERATOR: world.operator, Role.AUTHORITY: world.authority}
    for party in parties.values():
        party.passed.confirm()
        keep_house(party)
    first = world.today
    run(world.visitors_with_passes(2))
    world.now += DAY
    run(world.visitors_with_passes(2))
    rows = stored(world)
    of_first, of_next = ([value for epoch, value in rows if epoch == day] for day in (first, first + 1))
    assert len(of_first) == len(of_next) == 2 * 5
    for party in parties.values():
        with party.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    before = written(world.operator, directories)
    assert all(any(value in data for data in before) for value in (*of_first, *of_next))
    for role in Role:
        assert world.officer(role, "erase", "--yes", str(first)).exit_code == 0
    assert [value for _, value in stored(world)] == of_next
    after = written(world.operator, directories)
    assert not [value for value in of_first for data in after if value in data]
    assert all(any(value in data for data in after) for value in of_next)


def stored(world: World) -> list[tuple[int, bytes]]:
    """What the parties' databases have of each handle, with its epoch, in the order of epochs."""
    found = list[tuple[int, bytes]]()
    for engine, query in (
        (world.operator.engine, "SELECT epoch, handle, record, entry FROM handles"),
        (world.authority.engine, "SELECT epoch, entry_index, entry FROM directory"),
    ):
        with engine.connect() as connection:
            found += [
                (epoch, bytes(value)) for epoch, *values in connection.execute(sql.text(query)) for value in values
            ]
    return sorted(found)


def test_whoever_erases_an_epoch_is_asked_with_its_date(tmp_path: Path) -> None:
    world = World(tmp_path)
    day = local_time(world.settings.domain.epoch_begins(world.today + 500), world.settings.utc_offset)[:10]
    asked = world.officer(Role.OPERATOR, "erase", str(world.today + 500), typed="n\n")
    assert (asked.exit_code, f"epoch {world.today + 500}, which is {day}, for good?" in asked.output) == (1, True)
