"""A database that an earlier version of the program made keeps every check-in."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from protocol.check_ins import Direction, sign_check_in
from protocol.http_messages import Decision
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import Venue
from service import inbox
from service.errors import ConfigurationError
from service.migration import Step
from service.storage import open_database
from tests.support.databases import KINDS, new_database
from tests.support.domain import NOW, OpenEpoch, Parties, Released, Visitor, found_domain
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, known, stored, write_venue
from tests.venue.test_domains import text_of
from tests.venue.test_log import assert_consistent
from venue.domain_setup import add_domain
from venue.release import open_log
from venue.store import DayCount

NO_STEPS: tuple[Step, ...] = (lambda _operations: None,)
of_one_venue = sql.MetaData()
check_ins = sql.Table(
    "check_ins",
    of_one_venue,
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("direction", sql.SmallInteger, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False, index=True),
    sql.Column("epoch", sql.BigInteger, nullable=False, index=True),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
)


@pytest.fixture(params=KINDS)
def database(tmp_path: Path, today: OpenEpoch, visitor: Visitor, request: pytest.FixtureRequest) -> str:
    """A database of a single venue with two entries and an exit."""
    url = new_database(request.param, tmp_path)
    engine = open_database(url, (), of_one_venue, inbox.metadata)
    messages = [sign_check_in(today.key, owned, NOW, Direction.ENTRY) for owned in visitor.passes[:2]]
    messages.append(sign_check_in(today.key, visitor.passes[0], NOW + 15, Direction.EXIT))
    rows = [
        {"u": one.u, "direction": one.direction, "time": one.time, "epoch": today.key.epoch, "encoded": one.to_bytes()}
        for one in messages
    ]
    with engine.begin() as connection:
        connection.execute(sql.insert(check_ins), rows)
    engine.dispose()
    return url


def test_the_check_ins_of_a_single_venue_become_this_venues(
    make_venue: MakeVenue, database: str, today: OpenEpoch, visitor: Visitor
) -> None:
    with open_database(database, (), of_one_venue).begin() as connection:
        before = connection.scalars(sql.select(check_ins.c.encoded).order_by(check_ins.c.time, check_ins.c.u)).all()
    for _ in range(2):  # the second time there is nothing to do
        venue = make_venue([today], settings=f'database = "{database}"\n')
        assert only(venue).store.days() == [DayCount(today.key.epoch, 2, 1)]
        assert stored(venue) == {today.key.epoch: before}
    assert only(venue).store.entered(today.key.epoch, visitor.passes[1].public.u) == NOW
    shown = [sign_check_in(today.key, owned, NOW, Direction.ENTRY) for owned in visitor.passes]
    assert [venue.gate.decide(one, NOW) for one in shown] == [Decision.ALREADY_SPENT] * 2 + [Decision.ADMITTED]
    left = sign_check_in(today.key, visitor.passes[1], NOW + 15, Direction.EXIT)
    assert venue.gate.decide(left, NOW + 15) is Decision.ADMITTED


of_venues = sql.MetaData()
"""The tables as they were when a home pinned one domain."""
sql.Table(
    "check_ins",
    of_venues,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("direction", sql.SmallInteger, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("epoch", sql.BigInteger, nullable=False, index=True),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
    sql.Column("position", sql.BigInteger),
    sql.Index("ix_check_ins_venue_position", "venue", "position"),
)
sql.Table(
    "leaves",
    of_venues,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("position", sql.BigInteger, primary_key=True),
    sql.Column("epoch", sql.BigInteger, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("direction", sql.SmallInteger, nullable=False),
    sql.Column("digest", sql.LargeBinary(32), nullable=False),
)
sql.Table(
    "commitments",
    of_venues,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("salt", sql.LargeBinary(32), nullable=False),
    sql.Column("size", sql.BigInteger, nullable=False),
    sql.Column("frontier", sql.LargeBinary, nullable=False),
    sql.Column("operator", sql.Boolean, nullable=False, default=False),
    sql.Column("authority", sql.Boolean, nullable=False, default=False),
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_home_of_one_domain_has_is_this_domains(
    make_venue: MakeVenue, parties: Parties, today: OpenEpoch, visitor: Visitor, tmp_path: Path, kind: str
) -> None:
    """Check-ins, log and commitments: the next commitment continues the last, and a release opens both."""
    made = make_venue([today], settings=f'database = "{new_database(kind, tmp_path)}"\n')
    shown = [sign_check_in(today.key, owned, NOW, Direction.ENTRY) for owned in visitor.passes]
    assert made.gate.decide(shown[0], NOW) is Decision.ADMITTED
    commit(made, NOW + 900)
    assert made.gate.decide(shown[1], NOW) is Decision.ADMITTED
    url = new_database(kind, tmp_path)
    with open_database(url, NO_STEPS * 2, of_venues).begin() as older, made.home.engine.connect() as newer:
        for name, table in of_venues.tables.items():
            of = [column.name for column in table.columns]
            rows = newer.execute(sql.text(f"SELECT * FROM {name}")).mappings()
            older.execute(sql.insert(table), [{key: row[key] for key in of} for row in rows])
    for _ in range(2):  # the second time there is nothing to do
        venue = make_venue([today], settings=f'database = "{url}"\n')
        assert stored(venue) == stored(made)
    assert known(venue) == known(made)
    assert [venue.gate.decide(one, NOW) for one in shown] == [Decision.ALREADY_SPENT] * 2 + [Decision.ADMITTED]
    commit(venue, NOW + 1800)
    assert_consistent(venue)
    warrant = parties.warrant(NOW, NOW + 60, later=3600)
    released = Released(open_log(only(venue), warrant), known(venue))
    assert len(parties.verify(warrant, {today.key.epoch: today.key}, released).visits[today.key.epoch]) == 3
    inspector = sql.inspect(venue.home.engine)
    keys = {name: inspector.get_pk_constraint(name)["constrained_columns"] for name in of_venues.tables}
    positions = {"ix_check_ins_position", "ix_leaves_position"}
    assert {index["name"] for name in keys for index in inspector.get_indexes(name)} == positions
    assert keys == {
        "check_ins": ["domain", "epoch", "venue", "u", "direction"],
        "leaves": ["domain", "epoch", "venue", "position"],
        "commitments": ["domain", "venue", "time"],
    }


def test_several_domains_cannot_all_have_them(make_venue: MakeVenue, database: str, today: OpenEpoch) -> None:
    venue = make_venue([today], settings=f'database = "{database}"\n')
    others = text_of(found_domain(7))
    add_domain(venue.home.path, others, "second")
    with pytest.raises(ConfigurationError, match="single domain"):
        venue.memberships[0].store.days()
    assert open_database(database, (), of_one_venue)


def test_several_venues_cannot_all_have_them(
    make_venue: MakeVenue, database: str, parties: Parties, today: OpenEpoch
) -> None:
    venue, key = make_venue([today], settings=f'database = "{database}"\n'), SigningKey.generate()
    write_venue(venue.home.path, Venue(parties.domain.number, token_bytes(16), "카페", "", public_key(key)), key)
    with pytest.raises(ConfigurationError, match="single venue"):
        only(venue).store.days()
    assert open_database(database, (), of_one_venue)
