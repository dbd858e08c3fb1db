"""What the full tiles of a log say, in a file beside them: a start reads only what came after. Spec: §6.4."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sql

from escrow.log.contents import Contents
from protocol.transparency.log_entries import LogEntry
from protocol.transparency.merkle import HASH_BYTES, CompactRange
from service.storage import exclusive, open_database, sqlite_url

metadata = sql.MetaData()
_places = sql.Table(
    "places",
    metadata,
    sql.Column("fact", sql.LargeBinary(32), primary_key=True),
    sql.Column("place", sql.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_marked = sql.Table(
    "marked",
    metadata,
    sql.Column("kind", sql.SmallInteger, primary_key=True),
    sql.Column("about", sql.BigInteger, primary_key=True),
    sql.Column("place", sql.BigInteger, nullable=False),
    sql.Column("entry", sql.LargeBinary, nullable=False),
)
_tree = sql.Table(
    "tree",
    metadata,
    sql.Column("size", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("hashes", sql.LargeBinary, nullable=False),
)


class LogIndex:
    """The index of a log, in an SQLite file that is made when the first tile is full.

    It holds nothing that the tiles do not. Whoever uses it has the log's lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sql.Engine | None = None

    def read(self) -> Contents:
        """What it knows: the log up to the end of a full tile, or nothing."""
        known = Contents()
        if self._path.exists():
            with self._engine().connect() as connection:
                known.tree = _read_tree(connection)
                for row in connection.execute(sql.select(_marked).order_by(_marked.c.place)):
                    known.note(row.place, LogEntry.from_bytes(row.entry))
        return known

    def place_of(self, fact: bytes) -> int | None:
        """Where the entry with a `fact_digest` is, if it is in a tile that is known."""
        if not self._path.exists():
            return None
        with self._engine().connect() as connection:
            place: int | None = connection.scalar(sql.select(_places.c.place).where(_places.c.fact == fact))
        return place

    def begin(self) -> AbstractContextManager[sql.Connection]:
        """A transaction for `save`."""
        return exclusive(self._engine(), "index")

    def save(self, connection: sql.Connection, known: Contents) -> None:
        """Take what is known at the end of a full tile, from which it is then no longer `recent`."""
        if _read_tree(connection).size < known.tree.size:  # else another process was first
            places = [{"fact": fact, "place": place} for fact, place in known.recent.items()]
            connection.execute(sql.insert(_places).prefix_with("OR IGNORE"), places)
            for (kind, about), (place, entry) in known.marked.items():
                same = (_marked.c.kind == kind.value) & (_marked.c.about == about)
                connection.execute(sql.delete(_marked).where(same))
                row = {"kind": kind.value, "about": about, "place": place, "entry": entry}
                connection.execute(sql.insert(_marked).values(row))
            connection.execute(sql.delete(_tree))
            row = {"size": known.tree.size, "hashes": b"".join(known.tree.hashes)}
            connection.execute(sql.insert(_tree).values(row))
        known.recent.clear()
        known.marked.clear()

    def _engine(self) -> sql.Engine:
        if self._opened is None:
            self._opened = open_database(sqlite_url(self._path), (), metadata)
        return self._opened


def _read_tree(connection: sql.Connection) -> CompactRange:
    for row in connection.execute(sql.select(_tree)):
        hashes: bytes = row.hashes
        return CompactRange(row.size, tuple(hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)))
    return CompactRange()
