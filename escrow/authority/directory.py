"""The sealed directory: write-once entries that the authority cannot read. Spec: §3.6."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.authority.errors import EntryExists
from escrow.errors import ErasedEpoch
from service.partitions import drop_partitions, keep_in_partitions, make_partitions
from service.storage import insert_once, is_among

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

    def deposit(self, entry: DirectoryEntry) -> None:
        """Store an entry durably, or the same one again.

        Raises `EntryExists` for another of its epoch and index, or `ErasedEpoch` if the epoch's entries are deleted at
        this moment.
        """
        row = {"epoch": entry.epoch, "entry_index": entry.index, "entry": entry.to_bytes()}
        with self._engine.begin() as connection:
            if insert_once(connection, _entries, row):
                return
            known = connection.scalar(sql.select(_entries.c.entry).where(_is_at(entry.epoch, entry.index)))
        if known is None:  # it was erased meanwhile
            raise ErasedEpoch(entry.epoch)
        if known != row["entry"]:
            raise EntryExists(entry.index)

    def find(self, epoch: int, index: bytes) -> DirectoryEntry | None:
        """The entry of an epoch under a 32-byte index."""
        from protocol.handles import DirectoryEntry

        with self._engine.begin() as connection:
            encoded = connection.scalar(sql.select(_entries.c.entry).where(_is_at(epoch, index)))
        return None if encoded is None else DirectoryEntry.from_bytes(encoded)

    def find_all(self, places: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], DirectoryEntry]:
        """The entries that are there of these, each by its epoch and 32-byte index."""
        from protocol.handles import DirectoryEntry

        indexes: dict[int, list[bytes]] = {}
        for epoch, index in places:
            indexes.setdefault(epoch, []).append(index)
        found = {}
        with self._engine.begin() as connection:
            for epoch, of_epoch in indexes.items():
                among = (_entries.c.epoch == epoch) & _entries.c.entry_index.in_(of_epoch)
                for row in connection.execute(sql.select(_entries).where(among)):
                    found[row.epoch, row.entry_index] = DirectoryEntry.from_bytes(row.entry)
        return found

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for the entries of these epochs."""
        make_partitions(self._engine, _entries, epochs)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete the entries of these epochs."""
        drop_partitions(self._engine, _entries, lambda epoch: epoch in epochs)
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_entries).where(is_among(_entries.c.epoch, epochs)))


def _is_at(epoch: int, index: bytes) -> sql.ColumnElement[bool]:
    return (_entries.c.epoch == epoch) & (_entries.c.entry_index == index)
