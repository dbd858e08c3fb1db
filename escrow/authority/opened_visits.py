"""What was opened of each part, in rows beside the transcript that they follow from. Spec: §3.10, §6.8.

A handle leads to a name and a number through the directory alone. What belongs to an assisted check-in opens it with
public keys alone, so these rows are as secret as identities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sql

from protocol.epochs import MAX_STAY

READ = 1000
"""How many rows are in memory at a time."""
metadata = sql.MetaData()
_parts = sql.Table(
    "opened_parts",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("begins", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("check_ins", sql.BigInteger, nullable=False),
    sql.Column("uncommitted", sql.BigInteger, nullable=False),
    sql.Column("set_aside", sql.JSON, nullable=False),
)
_visits = sql.Table(
    "opened_visits",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("begins", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("entered", sql.BigInteger),
    sql.Column("left", sql.BigInteger),
    sql.Column("why", sql.String(32)),
    sql.Column("point", sql.LargeBinary(32)),
    sql.Column("assisted", sql.LargeBinary),
    sql.Column("verified", sql.Boolean, nullable=False, default=False),
    sqlite_with_rowid=False,
)


class OpenedVisit(NamedTuple):
    """A visit that both parties admit: its pass (epoch and `u`), and entry and exit in Unix seconds.

    In a part that is closed for ever it is one that the authority admits.

    `why` is the name of the reason for which it was not opened, None if it was. `point` is then what it opened to: the
    handle, or the `S` of an assisted check-in, whose encoding is `assisted`; None if it leads to nobody. `verified`:
    the entry in the directory was verified when the visit was opened, and held.
    """

    epoch: int
    u: bytes
    entered: int | None
    left: int | None
    why: str | None = None
    point: bytes | None = None
    assisted: bytes | None = None
    verified: bool = False


class OpenedPart(NamedTuple):
    """What was opened of a part: its visits, and the counts of the release as both parties judged it."""

    visits: tuple[OpenedVisit, ...]
    check_ins: int
    uncommitted: int
    set_aside: Counter[str]


class OpenedVisits:
    """These rows in the authority's database."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def counts(self, warrant_id: bytes) -> dict[int, OpenedPart]:
        """The counts of each part under a warrant (16-byte id) that has rows, by its beginning, without its visits."""
        query = sql.select(_parts).where(_parts.c.warrant == warrant_id)
        with self._engine.connect() as connection:
            return {
                row.begins: OpenedPart((), row.check_ins, row.uncommitted, Counter(row.set_aside))
                for row in connection.execute(query)
            }

    def of(self, warrant_id: bytes) -> Iterator[OpenedVisit]:
        """The visits under a warrant, each once, by epoch and `u`: one may be in two parts, its exit in the second."""
        query = sql.select(_visits).where(_visits.c.warrant == warrant_id)
        in_order = query.order_by(_visits.c.epoch, _visits.c.u, _visits.c.begins)
        with self._engine.connect() as connection:
            rows = map(_visit, connection.execution_options(yield_per=READ).execute(in_order))
            for _, same in groupby(rows, lambda row: (row.epoch, row.u)):
                yield _together(list(same))


def store_opened(connection: sql.Connection, warrant_id: bytes, begins: int, part: OpenedPart) -> None:
    """Keep what was opened of a part, instead of what was before."""
    place = {"warrant": warrant_id, "begins": begins}
    for table in (_parts, _visits):
        connection.execute(sql.delete(table).where(table.c.warrant == warrant_id, table.c.begins == begins))
    counts = {"check_ins": part.check_ins, "uncommitted": part.uncommitted, "set_aside": dict(part.set_aside)}
    connection.execute(sql.insert(_parts).values(**place, **counts))
    if part.visits:
        connection.execute(sql.insert(_visits), [{**place, **visit._asdict()} for visit in part.visits])


def forget_opened(connection: sql.Connection, warrant_id: bytes, after: int = -1) -> None:
    """Delete what was opened under a warrant, of the parts that begin after a time."""
    for table in (_parts, _visits):
        connection.execute(sql.delete(table).where(table.c.warrant == warrant_id, table.c.begins > after))


def _visit(row: sql.Row[Any]) -> OpenedVisit:
    return OpenedVisit(row.epoch, row.u, row.entered, row.left, row.why, row.point, row.assisted, row.verified)


def _together(shown: Collection[OpenedVisit]) -> OpenedVisit:
    """One visit of what several parts show of it: what was opened in one of them is opened."""
    opened = [visit for visit in shown if visit.why is None]
    *_, last = opened or shown
    if len(opened) < 2:
        return last
    entered, left = _first(visit.entered for visit in opened), _first(visit.left for visit in opened)
    if entered is not None and left is not None and not 0 <= left - entered <= MAX_STAY:
        left = None
    known = next((visit for visit in opened if visit.point is not None), last)
    return known._replace(entered=entered, left=left)


def _first(times: Iterable[int | None]) -> int | None:
    return min((time for time in times if time is not None), default=None)
