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
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("direction", sql.SmallInteger, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("epoch", sql.BigInteger, nullable=False, index=True),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
    sql.Column("position", sql.BigInteger),
    sql.Index("ix_check_ins_venue_position", "venue", "position"),
)
"""`position`: where a check-in stands in the venue's log; null until the venue has committed to it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """When a pass came in: its label's time in Unix seconds, and its epoch."""

    time: int
    epoch: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many passes came in and went out in one epoch."""

    epoch: int
    entries: int
    exits: int


class Store:
    """What one venue (16-byte id) keeps, and nothing of the other venues in the database.

    Any number of processes may share the database: a pass is spent once among them.
    """

    def __init__(self, engine: sql.Engine, venue_id: bytes) -> None:
        self._engine, self._venue_id = engine, venue_id
        self._own = check_ins.c.venue == venue_id

    def spend(self, check_in: AnyCheckIn) -> bool:
        """Keep a check-in, durably when this returns; False if its pass was spent in this direction before."""
        message = check_in.message
        row = {
            "venue": self._venue_id,
            "u": bytes(message.u),
            "direction": int(message.direction),
            "time": message.time,
            "epoch": check_in.epoch,
            "encoded": message.to_bytes(),
        }
        with self._engine.begin() as connection:
            return insert_once(connection, check_ins, row)

    def entry(self, u: bytes) -> Entry | None:
        """When the pass `u` (32 bytes) came in, if it did."""
        query = sql.select(check_ins.c.time, check_ins.c.epoch).where(
            self._own, check_ins.c.u == u, check_ins.c.direction == int(Direction.ENTRY)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Entry(row.time, row.epoch)

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


def delete_before(engine: sql.Engine, epoch: int) -> int:
    """Delete the check-ins of the epochs before `epoch`, of every venue; returns how many there were."""
    with engine.begin() as connection:
        return connection.execute(sql.delete(check_ins).where(check_ins.c.epoch < epoch)).rowcount
