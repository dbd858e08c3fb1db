"""The check-ins of venues: ciphertexts with a time, and nothing that opens one. Spec: §6.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sql

from protocol.any_check_in import AnyCheckIn
from protocol.check_ins import Direction
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision
from service.partitions import drop_partitions, keep_in_partitions, make_partitions
from service.storage import insert_new, writing

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
keep_in_partitions(check_ins)


class Key(NamedTuple):
    """What a check-in is spent under, in the order of the table's primary key; `venue` has 16 bytes, `u` 32."""

    domain: int
    epoch: int
    venue: bytes
    u: bytes
    direction: int


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """A verified check-in that is to be spent in a store; made by `Store.spending`. `time` is its label's."""

    store: Store
    key: Key
    time: int
    encoded: bytes

    @property
    def is_exit(self) -> bool:
        """Whether somebody leaves."""
        return self.key.direction == Direction.EXIT

    @property
    def entry(self) -> Key:
        """The key of the entry with the same pass."""
        return self.key._replace(direction=int(Direction.ENTRY))


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
        self._engine, self._writing, self._domain, self._venue_id = engine, writing(engine), domain, venue_id
        self._own = (check_ins.c.domain == domain) & (check_ins.c.venue == venue_id)

    def spending(self, check_in: AnyCheckIn) -> Spending:
        """A verified check-in at this venue, as it is to be spent."""
        message = check_in.message
        key = Key(self._domain, check_in.epoch, self._venue_id, bytes(message.u), int(message.direction))
        return Spending(self, key, message.time, message.to_bytes())

    def spend(self, check_in: AnyCheckIn) -> bool:
        """Spend a verified check-in alone; whether it was admitted."""
        return self.decide(self.spending(check_in)) is Decision.ADMITTED

    def decide(self, spending: Spending) -> Decision:
        """What `spend_all` decides on one alone."""
        return spend_all(self._writing, [spending])[0]

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


def spend_all(engine: sql.Engine, spendings: Sequence[Spending]) -> list[Decision]:
    """Decide as `decide_all` does, in one transaction of an engine for `writing`, durable when this returns."""
    with engine.begin() as connection:
        return decide_all(connection, spendings)  # step 8: what is said is committed


def decide_all(connection: sql.Connection, spendings: Sequence[Spending]) -> list[Decision]:
    """Decide on verified check-ins of any venues and domains. Nobody is told before the transaction is committed.

    One whose pass was spent in this direction before, also by one before it here, is `ALREADY_SPENT`. An exit whose
    entry is neither there nor here is `NO_ENTRY`. The others are kept. Any number of processes may do this at once:
    all insert in one order, so that no two wait for each other.
    """
    exits = [spending for spending in spendings if spending.is_exit]
    new = _insert(connection, (spending for spending in spendings if not spending.is_exit))
    entered = _entered(connection, {spending.entry for spending in exits})
    outside = {exit_ for exit_ in exits if not _is_inside(exit_, entered)}  # step 6
    new |= _insert(connection, (exit_ for exit_ in exits if exit_ not in outside))  # step 7
    decisions = list[Decision]()
    for spending in spendings:
        if spending in outside:
            decisions.append(Decision.NO_ENTRY)
        else:
            decisions.append(Decision.ADMITTED if spending.key in new else Decision.ALREADY_SPENT)
            new.discard(spending.key)
    return decisions


def kept(engine: sql.Engine, domain: int) -> tuple[int, int | None]:
    """How many check-ins of a domain (its number) there are, of every venue, and the last one's epoch."""
    query = sql.select(sql.func.count(), sql.func.max(check_ins.c.epoch)).where(check_ins.c.domain == domain)
    with engine.connect() as connection:
        count, last = connection.execute(query).one()
    return count, last


def make_room(engine: sql.Engine, epochs: Iterable[int]) -> None:
    """Have the database ready for check-ins of these epochs."""
    make_partitions(engine, check_ins, epochs)


def delete_before(engine: sql.Engine, domain: int, epoch: int) -> None:
    """Delete a domain's check-ins of the epochs before `epoch`, of every venue."""

    def is_over(connection: sql.Connection, day: sql.TableClause) -> bool:
        """Whether a day has check-ins of no other domain, whose retention may be longer."""
        lowest, highest = connection.execute(sql.select(sql.func.min(day.c.domain), sql.func.max(day.c.domain))).one()
        return {lowest, highest} <= {domain, None}

    drop_partitions(engine, check_ins, lambda day: day < epoch, is_over)
    earlier = (check_ins.c.domain == domain) & (check_ins.c.epoch < epoch)
    with engine.begin() as connection:
        connection.execute(sql.delete(check_ins).where(earlier))


def _insert(connection: sql.Connection, spendings: Iterable[Spending]) -> set[tuple[object, ...]]:
    """Insert what is not there, the first one of each key; returns the keys of what was inserted."""
    first = dict[Key, Spending]()
    for spending in spendings:
        first.setdefault(spending.key, spending)
    rows = [{**key._asdict(), "time": one.time, "encoded": one.encoded} for key, one in sorted(first.items())]
    return insert_new(connection, check_ins, rows)


def _entered(connection: sql.Connection, entries: Set[Key]) -> dict[tuple[object, ...], int]:
    """The labels' times (Unix seconds) of the entries that are there.

    Those of one venue and epoch are looked up together: of whole keys in a list neither database uses its index.
    """
    times = dict[tuple[object, ...], int]()
    for (domain, epoch, venue), keys in groupby(sorted(entries), key=lambda key: key[:3]):
        query = sql.select(*check_ins.primary_key, check_ins.c.time).where(
            check_ins.c.domain == domain,
            check_ins.c.epoch == epoch,
            check_ins.c.venue == venue,
            check_ins.c.u.in_([key.u for key in keys]),
            check_ins.c.direction == int(Direction.ENTRY),
        )
        times |= {tuple(key): time for *key, time in connection.execute(query)}
    return times


def _is_inside(exit_: Spending, entered: Mapping[tuple[object, ...], int]) -> bool:
    """Whether the pass of an exit came in here, in the same epoch and not too long ago."""
    time = entered.get(exit_.entry)
    return time is not None and 0 <= exit_.time - time <= MAX_STAY
