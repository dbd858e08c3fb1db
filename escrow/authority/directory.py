"""The sealed directory: write-once entries that the authority cannot read. Spec: §3.6."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.errors import ErasedEpoch
from service.partitions import drop_partitions, keep_in_partitions, make_partitions
from service.storage import insert_new, is_among

if TYPE_CHECKING:
    from protocol.handles import DirectoryEntry

metadata = sql.MetaData()
_entries = sql.Table(
    "directory",
    metadata,
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("entry_index", sql.LargeBinary(32), primary_key=True),
    sql.Column("entry", sql.LargeBinary, nullable=False),
)
keep_in_partitions(_entries)


class Directory:
    """The authority's directory entries, by epoch and index."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def find(self, epoch: int, index: bytes) -> DirectoryEntry | None:
        """The entry of an epoch under a 32-byte index."""
        from protocol.handles import DirectoryEntry

        with self._engine.begin() as connection:
            encoded = connection.scalar(sql.select(_entries.c.entry).where(_is_at(epoch, index)))
        return None if encoded is None else DirectoryEntry.from_bytes(encoded)

    def find_all(self, places: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], DirectoryEntry]:
        """The entries that are there of these, each by its epoch and 32-byte index."""
        with self._engine.begin() as connection:
            return _find(connection, places)

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for the entries of these epochs."""
        make_partitions(self._engine, _entries, epochs)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete the entries of these epochs."""
        drop_partitions(self._engine, _entries, lambda epoch: epoch in epochs)
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_entries).where(is_among(_entries.c.epoch, epochs)))


def deposit(connection: sql.Connection, entries: Sequence[DirectoryEntry]) -> list[bool | ErasedEpoch]:
    """Store entries, or the same ones again, in a transaction of the caller's.

    Gives whether each is there: it is not if another has its epoch and index. It is `ErasedEpoch` if the epoch's
    entries are deleted at this moment.
    """
    first = {(entry.epoch, entry.index): entry for entry in reversed(entries)}
    rows = [
        {"epoch": epoch, "entry_index": index, "entry": entry.to_bytes()}
        for (epoch, index), entry in sorted(first.items(), key=itemgetter(0))
    ]
    new = insert_new(connection, _entries, rows)
    known = _find(connection, (place for place in first if place not in new))
    known |= {place: entry for place, entry in first.items() if place in new}
    return [_compared(entry, known.get((entry.epoch, entry.index))) for entry in entries]


def _compared(entry: DirectoryEntry, known: DirectoryEntry | None) -> bool | ErasedEpoch:
    if known is None:  # it was erased meanwhile
        return ErasedEpoch(entry.epoch)
    return known == entry


def _find(connection: sql.Connection, places: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], DirectoryEntry]:
    from protocol.handles import DirectoryEntry

    indexes = defaultdict[int, list[bytes]](list)
    for epoch, index in places:
        indexes[epoch].append(index)
    found = {}
    for epoch, of_epoch in indexes.items():
        among = (_entries.c.epoch == epoch) & _entries.c.entry_index.in_(of_epoch)
        for row in connection.execute(sql.select(_entries).where(among)):
            found[row.epoch, row.entry_index] = DirectoryEntry.from_bytes(row.entry)
    return found


def _is_at(epoch: int, index: bytes) -> sql.ColumnElement[bool]:
    return (_entries.c.epoch == epoch) & (_entries.c.entry_index == index)
