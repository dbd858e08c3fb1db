"""A venue's log: its check-ins in the order in which it committed to them, and its commitments. Spec: §3.9."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sql

from protocol.check_ins import Direction
from protocol.commitments import (
    CommitmentOpening,
    CommittedCheckIn,
    KeptCommitment,
    append_check_ins,
    check_in_digest,
    sign_again,
    sign_commitment,
)
from protocol.epochs import Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.signatures import SigningKey
from protocol.releases import ReleasedLeaf
from protocol.transparency.merkle import HASH_BYTES, CompactRange
from protocol.warrants import Venue, Warrant
from service.partitions import drop_partitions, keep_in_partitions, make_partitions
from service.storage import exclusive
from venue.store import check_ins

metadata = sql.MetaData()
_leaves = sql.Table(
    "leaves",
    metadata,
    sql.Column("domain", sql.SmallInteger, primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("position", sql.BigInteger, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("direction", sql.SmallInteger, nullable=False),
    sql.Column("digest", sql.LargeBinary(32), nullable=False),
    sql.Index("ix_leaves_position", "domain", "venue", "position"),
)
keep_in_partitions(_leaves)
_commitments = sql.Table(
    "commitments",
    metadata,
    sql.Column("domain", sql.SmallInteger, primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("salt", sql.LargeBinary(32), nullable=False),
    sql.Column("size", sql.BigInteger, nullable=False),
    sql.Column("frontier", sql.LargeBinary, nullable=False),
    sql.Column("operator", sql.Boolean, nullable=False, default=False),
    sql.Column("authority", sql.Boolean, nullable=False, default=False),
)
"""The last two say whether that party has acknowledged it."""


class Log:
    """The log of one venue (16-byte id) in one domain (its number), of that domain's check-ins alone.

    Any number of processes may commit: each check-in gets one position.
    """

    def __init__(self, engine: sql.Engine, domain: int, venue_id: bytes) -> None:
        self._engine, self._key = engine, {"domain": domain, "venue": venue_id}
        self._name = b"%d:%b" % (domain, venue_id)
        self._own, self._own_leaves, self._own_check_ins = (
            (table.c.domain == domain) & (table.c.venue == venue_id) for table in (_commitments, _leaves, check_ins)
        )

    def commit(self, record: Venue, key: SigningKey, now: int, every: int = 0) -> tuple[int, bytes] | None:
        """Append all check-ins that are new and sign a commitment to the log, durably, at Unix time `now`.

        Returns its time and statement; None if none is due (`is_due`).
        """
        new = sql.select(check_ins).where(self._own_check_ins, check_ins.c.position.is_(None))
        with exclusive(self._engine, "log", self._name) as connection:
            last = self._last(connection, now)
            if not _is_due(last, now, every):
                return None
            tree, time = self._tree(connection), now if last is None else max(now, last.time + 1)
            rows = connection.execute(new.order_by(check_ins.c.time, check_ins.c.u, check_ins.c.direction)).all()
            self._append(connection, tree.size, rows)
            tree = append_check_ins(tree, map(_committed, rows))
            opening, statement = sign_commitment(record, key, time, tree)
            connection.execute(
                sql.insert(_commitments).values(
                    **self._key,
                    time=time,
                    salt=opening.salt,
                    size=opening.size,
                    frontier=b"".join(tree.hashes),
                )
            )
        return time, statement

    def newest(self, now: int) -> int | None:
        """The time of the last commitment, at Unix time `now`; None if there is none."""
        with self._engine.connect() as connection:
            last = self._last(connection, now)
        return None if last is None else last.time

    def is_due(self, now: int, every: int) -> bool:
        """Whether the last commitment is at least `every` seconds old, or a party lacks it and takes it no more."""
        with self._engine.connect() as connection:
            return _is_due(self._last(connection, now), now, every)

    def unacknowledged(self, record: Venue, key: SigningKey, now: int) -> tuple[int, bytes, list[Role]] | None:
        """Time and statement of the last commitment, and which parties have not acknowledged it though they could.

        None if there is no such party at Unix time `now`.
        """
        with self._engine.connect() as connection:
            last = self._last(connection, now)
        if last is None or not _lacking(last) or abs(now - last.time) > REQUEST_TOLERANCE:
            return None
        opening = CommitmentOpening(last.time, last.salt, last.size)
        return last.time, sign_again(record, key, opening, _tree(last)), _lacking(last)

    def acknowledge(self, time: int, role: Role) -> None:
        """Note that a party has stored the commitment of a time."""
        with self._engine.begin() as connection:
            connection.execute(
                sql.update(_commitments)
                .where(self._own, _commitments.c.time == time)
                .values({role.name.lower(): sql.true()})
            )

    def commitments(self) -> list[KeptCommitment]:
        """The commitments that are kept, in the order of time."""
        query = sql.select(_commitments).where(self._own).order_by(_commitments.c.time)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            KeptCommitment(CommitmentOpening(row.time, row.salt, row.size), _tree(row), row.operator and row.authority)
            for row in rows
        ]

    def leaves(self, warrant: Warrant, first: int, ends: int, last: int) -> Iterator[ReleasedLeaf]:
        """The leaves from position `first` up to, not including, `last`, with the check-ins that the warrant covers.

        From position `ends` on, only with the exits of entries before it.
        """
        other = check_ins.alias()
        opposite = (
            (other.c.domain == check_ins.c.domain)
            & (other.c.epoch == check_ins.c.epoch)
            & (other.c.venue == check_ins.c.venue)
            & (other.c.u == check_ins.c.u)
            & (other.c.direction != check_ins.c.direction)
        )
        query = (
            sql.select(_leaves, check_ins.c.encoded, other.c.time.label("at"), other.c.position.label("paired"))
            .outerjoin(
                check_ins,
                self._own_check_ins
                & (check_ins.c.epoch == _leaves.c.epoch)
                & (check_ins.c.position == _leaves.c.position),
            )
            .outerjoin(other, opposite)
            .where(self._own_leaves, _leaves.c.position.between(first, last - 1))
            .order_by(_leaves.c.position)
        )
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # which has no statistics of a day that has just filled up
                connection.execute(sql.text("SET LOCAL enable_nestloop = off"))
            for row in connection.execution_options(yield_per=1000).execute(query):
                direction = Direction(row.direction)
                is_exit = direction is Direction.EXIT
                at = row.at if row.paired is not None and first <= row.paired < last else None  # else a range scan
                times = (at, row.time) if is_exit else (row.time, at)
                of_part = row.position < ends or (is_exit and at is not None and row.paired < ends)
                shown = row.encoded is not None and of_part and warrant.covers(*times)
                yield ReleasedLeaf(row.epoch, row.time, direction, row.encoded if shown else row.digest)

    def uncommitted(self, warrant: Warrant, size: int) -> int:
        """How many check-ins with a label in a warrant's window are not among the first `size` leaves."""
        position = check_ins.c.position
        query = sql.select(sql.func.count()).where(
            self._own_check_ins,
            check_ins.c.time >= warrant.begins,
            check_ins.c.time < warrant.ends,
            position.is_(None) | (position >= size),
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def cut_before(self, time: int) -> int:
        """Delete the commitments before the newest one of up to `time` that both parties have acknowledged.

        Returns the size of the log that this one is to: leaves before it are needed no more. It holds the tree's
        frontier, so that the log goes on without them.
        """
        earlier = [
            commitment
            for commitment in self.commitments()
            if commitment.acknowledged and commitment.opening.time <= time
        ]
        if not earlier:
            return 0
        start = earlier[-1].opening
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_commitments).where(self._own, _commitments.c.time < start.time))
        return start.size

    def _last(self, connection: sql.Connection, now: int) -> Any | None:
        """The last commitment. A time that is far ahead is of a clock that was wrong: no party took it."""
        in_time = self._own & (_commitments.c.time <= now + REQUEST_TOLERANCE)
        latest = sql.select(_commitments).where(in_time).order_by(_commitments.c.time.desc()).limit(1)
        return connection.execute(latest).one_or_none()

    def _tree(self, connection: sql.Connection) -> CompactRange:
        """The tree of all check-ins that have a position."""
        largest = sql.select(_commitments).where(self._own).order_by(_commitments.c.size.desc()).limit(1)
        row = connection.execute(largest).one_or_none()
        return CompactRange() if row is None else _tree(row)

    def _append(self, connection: sql.Connection, size: int, rows: Sequence[Any]) -> None:
        if not rows:
            return
        leaves = [
            {
                **self._key,
                "position": position,
                "epoch": row.epoch,
                "time": row.time,
                "direction": row.direction,
                "digest": check_in_digest(row.encoded),
            }
            for position, row in enumerate(rows, size)
        ]
        connection.execute(sql.insert(_leaves), leaves)
        place = (
            sql.update(check_ins)
            .where(
                self._own_check_ins,
                check_ins.c.epoch == sql.bindparam("of_epoch"),
                check_ins.c.u == sql.bindparam("of"),
                check_ins.c.direction == sql.bindparam("towards"),
            )
            .values(position=sql.bindparam("at"))
        )
        connection.execute(
            place,
            [
                {"of_epoch": row.epoch, "of": row.u, "towards": row.direction, "at": position}
                for position, row in enumerate(rows, size)
            ],
        )


def make_room(engine: sql.Engine, epochs: Iterable[int]) -> None:
    """Have the database ready for leaves of these epochs."""
    make_partitions(engine, _leaves, epochs)


def delete_leaves(engine: sql.Engine, domain: int, epoch: int, starts: Mapping[bytes, int]) -> None:
    """Delete the leaves of a domain before each venue's start, which its log was cut at (`Log.cut_before`).

    A day before `epoch` goes at once if all its leaves are among them.
    """

    def is_over(connection: sql.Connection, day: sql.TableClause) -> bool:
        ends = _ends_of_logs(connection, day)
        return all(of == domain and last < starts.get(venue, 0) for of, venue, last in ends)

    drop_partitions(engine, _leaves, lambda day: day < epoch, is_over)
    for venue, start in starts.items():
        own = (_leaves.c.domain == domain) & (_leaves.c.venue == venue)
        with engine.begin() as connection:
            connection.execute(sql.delete(_leaves).where(own, _leaves.c.position < start))


def forget_domain(engine: sql.Engine, domain: int) -> None:
    """Delete the logs of every venue in a domain (its number)."""
    with engine.begin() as connection:
        for table in (_leaves, _commitments):
            connection.execute(sql.delete(table).where(table.c.domain == domain))


def _ends_of_logs(connection: sql.Connection, day: sql.TableClause) -> Iterator[tuple[int, bytes, int]]:
    """Domain, venue and last position of each log that has leaves of a day: for each one look into an index."""
    log = sql.tuple_(day.c.domain, day.c.venue)
    query = sql.select(day.c.domain, day.c.venue, day.c.position)
    query = query.order_by(day.c.domain.desc(), day.c.venue.desc(), day.c.position.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    while row is not None:
        yield row.domain, row.venue, row.position
        reached = sql.tuple_(sql.literal(row.domain, day.c.domain.type), sql.literal(row.venue, day.c.venue.type))
        row = connection.execute(query.where(log < reached)).one_or_none()


def _is_due(last: Any | None, now: int, every: int) -> bool:
    if last is None or every == 0 or now - last.time >= every:
        return True
    return now - last.time > REQUEST_TOLERANCE and bool(_lacking(last))


def _lacking(commitment: Any) -> list[Role]:
    """The parties that have not acknowledged a commitment."""
    return [role for role in Role if not getattr(commitment, role.name.lower())]


def _committed(row: Any) -> CommittedCheckIn:
    return CommittedCheckIn(row.epoch, row.time, Direction(row.direction), check_in_digest(row.encoded))


def _tree(row: Any) -> CompactRange:
    frontier: bytes = row.frontier
    return CompactRange(row.size, tuple(frontier[i : i + HASH_BYTES] for i in range(0, len(frontier), HASH_BYTES)))
