"""The check-ins of venues: ciphertexts with a time, and nothing that opens one. Spec: §6.4."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sql

from protocol.any_check_in import AnyCheckIn
from protocol.check_ins import Direction
from service.storage import insert_once

metadata = sql.MetaData()
check_ins = sql.Table(
    "check_ins",
    metadata,
    sql.Column("domain", sql.SmallInteger, primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("direction", sql.SmallInteger, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
    sql.Column("position", sql.BigInteger),
    sql.Index("ix_check_ins_position", "domain", "venue", "position"),
)
"""`position`: where a check-in stands in the venue's log of the domain; null until the venue has committed to it."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many passes came in and went out in one epoch."""

    epoch: int
    entries: int
    exits: int


class Store:
    """What one venue (16-byte id) keeps of one domain (its number), and nothing else in the database.

    Any number of processes may share the database: a pass is spent once among them.
    """

    def __init__(self, engine: sql.Engine, domain: int, venue_id: bytes) -> None:
        self._engine, self._domain, self._venue_id = engine, domain, venue_id
        self._own = (check_ins.c.domain == domain) & (check_ins.c.venue == venue_id)

    def spend(self, check_in: AnyCheckIn) -> bool:
        """Keep a check-in, durably when this returns; False if its pass was spent in this direction before."""
        with self._engine.begin() as connection:
            return insert_once(connection, check_ins, self._row(check_in))

    def _row(self, check_in: AnyCheckIn) -> dict[str, object]:
        message = check_in.message
        return {
            "domain": self._domain,
            "epoch": check_in.epoch,
            "venue": self._venue_id,
            "u": bytes(message.u),
            "direction": int(message.direction),
            "time": message.time,
            "encoded": message.to_bytes(),
        }

    def entered(self, epoch: int, u: bytes) -> int | None:
        """The label's time (Unix seconds) of the entry with the pass `u` (32 bytes) of an epoch, if it came in."""
        query = sql.select(check_ins.c.time).where(
            self._own,
            check_ins.c.epoch == epoch,
            check_ins.c.u == u,
            check_ins.c.direction == int(Direction.ENTRY),
        )
        with self._engine.connect() as connection:
            return connection.scalar(query)

    def days(self) -> list[DayCount]:
        """The counts of every epoch, in order."""
        exits = sql.func.sum(sql.case((check_ins.c.direction == int(Direction.EXIT), 1), else_=0))
        query = (
            sql.select(check_ins.c.epoch, sql.func.count().label("all"), exits.label("exits"))
            .where(self._own)
            .group_by(check_ins.c.epoch)
            .order_by(check_ins.c.epoch)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [DayCount(row.epoch, row.all - row.exits, row.exits) for row in rows]


def kept(engine: sql.Engine, domain: int) -> tuple[int, int | None]:
    """How many check-ins of a domain (its number) there are, of every venue, and the last one's epoch."""
    query = sql.select(sql.func.count(), sql.func.max(check_ins.c.epoch)).where(check_ins.c.domain == domain)
    with engine.connect() as connection:
        count, last = connection.execute(query).one()
    return count, last


def delete_before(engine: sql.Engine, domain: int, epoch: int) -> int:
    """Delete a domain's check-ins of the epochs before `epoch`, of every venue; returns how many there were."""
    earlier = (check_ins.c.domain == domain) & (check_ins.c.epoch < epoch)
    with engine.begin() as connection:
        return connection.execute(sql.delete(check_ins).where(earlier)).rowcount
