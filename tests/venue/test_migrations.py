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
from service.storage import open_database
from tests.support.databases import KINDS, new_database
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.venue.conftest import MakeVenue, stored, write_venue
from venue.store import DayCount, Entry

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
        assert venue.store.days() == [DayCount(today.key.epoch, 2, 1)]
        assert stored(venue) == {today.key.epoch: before}
    assert venue.store.entry(visitor.passes[1].public.u) == Entry(NOW, today.key.epoch)
    shown = [sign_check_in(today.key, owned, NOW, Direction.ENTRY) for owned in visitor.passes]
    assert [venue.gate.decide(one, NOW) for one in shown] == [Decision.ALREADY_SPENT] * 2 + [Decision.ADMITTED]
    left = sign_check_in(today.key, visitor.passes[1], NOW + 15, Direction.EXIT)
    assert venue.gate.decide(left, NOW + 15) is Decision.ADMITTED


def test_several_venues_cannot_all_have_them(
    make_venue: MakeVenue, database: str, parties: Parties, today: OpenEpoch
) -> None:
    venue, key = make_venue([today], settings=f'database = "{database}"\n'), SigningKey.generate()
    write_venue(venue.home.path, Venue(parties.domain.number, token_bytes(16), "카페", "", public_key(key)), key)
    with pytest.raises(ConfigurationError, match="single venue"):
        venue.store.days()
    assert open_database(database, (), of_one_venue)
