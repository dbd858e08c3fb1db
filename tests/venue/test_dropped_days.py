"""A day whose retention is over leaves nothing in a file, and a log that goes on without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from protocol.epochs import EPOCH_SECONDS
from tests.escrow.test_vault import everything_in
from tests.support import databases
from tests.support.databases import KINDS, new_database, start_postgresql
from tests.support.domain import TODAY, Parties, Released
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, known, stored
from tests.venue.test_log import admit
from venue import log, store
from venue.home import ServedVenue
from venue.log import delete_leaves
from venue.release import open_log

DAYS = 28
HOUR = 3600


@pytest.fixture(params=KINDS)
def place(
    request: pytest.FixtureRequest, make_venue: MakeVenue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ServedVenue, Path]]:
    """A venue, and the directory in which its database writes; PostgreSQL removes the log that it needs no more."""
    directory = tmp_path
    if request.param == "postgresql":
        url, directory = start_postgresql(wal_recycle="off")
        monkeypatch.setattr(databases, "postgresql_url", lambda: url)
    venue = make_venue(settings=f'database = "{new_database(request.param, tmp_path)}"\n')
    yield venue, directory
    venue.home.engine.dispose()


def written(venue: ServedVenue, directory: Path) -> list[bytes]:
    """Every file of the database, with what it has in memory, and with no more of its log than it needs."""
    if venue.home.engine.dialect.name == "postgresql":
        with venue.home.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("SELECT pg_switch_wal()")
            connection.exec_driver_sql("CHECKPOINT")
    return list(everything_in(directory))


def leaves_of(venue: ServedVenue) -> list[bytes]:
    """The digests of the leaves, the earliest first."""
    with venue.home.engine.connect() as connection:
        return list(connection.scalars(sql.text("SELECT digest FROM leaves ORDER BY position")))


def parts(venue: ServedVenue) -> set[str]:
    """The partitions of PostgreSQL's tables."""
    query = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE relkind = 'r'"
    with venue.home.engine.connect() as connection:
        return set(connection.scalars(sql.text(query)))


def test_a_day_that_is_over_is_in_no_file(place: tuple[ServedVenue, Path], parties: Parties) -> None:
    """Check-ins and leaves. The last commitment to it stays, from which the log goes on."""
    venue, directory = place
    begins = parties.domain.epoch_begins(TODAY)
    venue.home.make_room(begins)
    passes = []
    for day in range(4):
        passes.append(admit(venue, begins + day * EPOCH_SECONDS + HOUR))
        commit(venue, begins + day * EPOCH_SECONDS + 2 * HOUR)
    check_ins, digests = stored(venue), leaves_of(venue)
    (first,), (last,) = check_ins[TODAY], check_ins[TODAY + 3]
    before = written(venue, directory)
    assert all(any(value in data for data in before) for value in (first, digests[0], last, digests[3]))
    venue.home.delete_expired(only(venue).pinned, begins + (3 + DAYS) * EPOCH_SECONDS)
    assert list(stored(venue)) == [TODAY + 3]
    after = written(venue, directory)
    assert not [data for data in after if first in data or passes[0] in data or digests[0] in data]
    assert any(last in data for data in after)
    if venue.home.engine.dialect.name == "postgresql":
        assert {f"check_ins_{TODAY + day}" in parts(venue) for day in range(3)} == {False}
        assert {f"check_ins_{TODAY + 3}", "leaves_others", "check_ins_others"} <= parts(venue)
        assert f"leaves_{TODAY}" not in parts(venue)
    oldest, *_ = only(venue).log.commitments()
    assert oldest.opening.size >= 1
    admit(venue, begins + 3 * EPOCH_SECONDS + 3 * HOUR)
    commit(venue, begins + 3 * EPOCH_SECONDS + 4 * HOUR)
    assert only(venue).log.commitments()[-1].opening.size == 5
    now = begins + 3 * EPOCH_SECONDS
    warrant = parties.warrant(now, now + 5 * HOUR, later=EPOCH_SECONDS)
    released = Released(open_log(only(venue), warrant), known(venue))
    assert parties.verify(warrant, {}, released).visits == {}


@pytest.mark.parametrize("kept", ["leaf", "venue", "domain"])
def test_a_day_of_leaves_stays_while_one_of_them_is_needed(make_venue: MakeVenue, tmp_path: Path, kept: str) -> None:
    """Of this venue after the cut, of one that is not cut, or of another domain: what is over goes row by row."""
    venue = make_venue(settings=f'database = "{new_database("postgresql", tmp_path)}"\n')
    engine, own, other = venue.home.engine, bytes([1]) * 16, bytes([2]) * 16
    log.make_room(engine, [TODAY])
    needed = {"leaf": (255, own, 2), "venue": (255, other, 0), "domain": (7, own, 0)}[kept]
    rows = [
        {"domain": domain, "venue": of, "position": position, "epoch": TODAY, "time": 1, "direction": 1, "digest": own}
        for domain, of, position in ((255, own, 0), (255, own, 1), needed)
    ]
    with engine.begin() as connection:
        connection.execute(sql.insert(log.metadata.tables["leaves"]), rows)

    def left() -> list[tuple[int, bytes, int]]:
        with engine.connect() as connection:
            found = connection.execute(sql.text("SELECT domain, venue, position FROM leaves"))
            return [(row.domain, bytes(row.venue), row.position) for row in found]

    delete_leaves(engine, 255, TODAY + 1, {own: 2})
    assert left() == [needed]
    assert f"leaves_{TODAY}" in parts(venue)
    delete_leaves(engine, needed[0], TODAY + 1, {needed[1]: 3})
    assert left() == []
    assert f"leaves_{TODAY}" not in parts(venue)
    engine.dispose()


def test_a_day_of_two_domains_goes_with_the_one_that_keeps_it_longer(make_venue: MakeVenue, tmp_path: Path) -> None:
    venue = make_venue(settings=f'database = "{new_database("postgresql", tmp_path)}"\n')
    engine = venue.home.engine
    store.make_room(engine, [TODAY])
    row = {"epoch": TODAY, "venue": bytes(16), "u": bytes(32), "direction": 1, "time": 1, "encoded": b"code"}
    with engine.begin() as connection:
        connection.execute(sql.insert(store.check_ins), [{**row, "domain": domain} for domain in (7, 255)])
    for domain, left, is_there in ((7, [0, 1], True), (255, [0, 0], False)):
        store.delete_before(engine, domain, TODAY + 1)
        assert [store.kept(engine, one)[0] for one in (7, 255)] == left
        assert (f"check_ins_{TODAY}" in parts(venue)) is is_there
    engine.dispose()


def test_a_home_has_room_for_today_and_the_days_ahead(make_venue: MakeVenue, parties: Parties, tmp_path: Path) -> None:
    venue = make_venue(settings=f'database = "{new_database("postgresql", tmp_path)}"\n')
    venue.home.make_room(parties.domain.epoch_begins(TODAY))
    wanted = only(venue).pinned.wanted_epochs(parties.domain.epoch_begins(TODAY))
    assert {f"{table}_{epoch}" for table in ("check_ins", "leaves") for epoch in (*wanted[1:], "others")} == parts(
        venue
    )
    venue.home.engine.dispose()
