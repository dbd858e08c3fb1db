"""The sealed directory: write-once entries that the authority cannot read. Spec: §3.6."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sql

from escrow.authority.errors import EntryExists
from protocol.handles import DirectoryEntry
from service.storage import exclusive, is_among

metadata = sql.MetaData()
_entries = sql.Table(
    "directory",
    metadata,
    sql.Column("entry_index", sql.LargeBinary(32), primary_key=True),
    sql.Column("epoch", sql.BigInteger, nullable=False, index=True),
    sql.Column("entry", sql.LargeBinary, nullable=False),
)


class Directory:
    """The authority's directory entries, by index."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def deposit(self, entry: DirectoryEntry) -> None:
        """Store an entry durably, or the same one again; raises `EntryExists` for another under the same index."""
        encoded = entry.to_bytes()
        with exclusive(self._engine) as connection:
            known = connection.scalar(sql.select(_entries.c.entry).where(_entries.c.entry_index == entry.index))
            if known is None:
                connection.execute(
                    sql.insert(_entries).values(entry_index=entry.index, epoch=entry.epoch, entry=encoded)
                )
            elif known != encoded:
                raise EntryExists(entry.index)

    def find(self, index: bytes) -> DirectoryEntry | None:
        """The entry under a 32-byte index."""
        with self._engine.begin() as connection:
            encoded = connection.scalar(sql.select(_entries.c.entry).where(_entries.c.entry_index == index))
        return None if encoded is None else DirectoryEntry.from_bytes(encoded)

    def forget_epochs(self, epochs: Iterable[int]) -> None:
        """Delete the entries of these epochs."""
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_entries).where(is_among(_entries.c.epoch, epochs)))
