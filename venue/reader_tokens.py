"""The credentials of the readers at the doors: what a reader shows to the server is stored as a digest. Spec: §5.5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from protocol.primitives.hashing import digest32
from service.errors import ConfigurationError
from service.storage import exclusive

MAX_NAME = 64

metadata = sql.MetaData()
readers = sql.Table(
    "readers",
    metadata,
    sql.Column("token_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), nullable=False),
    sql.Column("door", sql.String(MAX_NAME), nullable=False),
    sql.Column("added", sql.BigInteger, nullable=False),
    sql.Column("revoked", sql.BigInteger),
)


@dataclass(frozen=True, slots=True)
class ReaderToken:
    """A reader at a door of a venue (16-byte id); when it was added and revoked, in Unix seconds.

    `digest` (32 bytes) stands for its token.
    """

    digest: bytes
    venue_id: bytes
    door: str
    added: int
    revoked: int | None


class ReaderTokens:
    """The readers of all venues of a server. A token is looked up by its digest, so that no comparison tells of it."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def add(self, venue_id: bytes, door: str, token: bytes, now: int) -> None:
        """Admit a reader with a random token of 32 bytes.

        Raises `ConfigurationError` if the name will not do or the venue has a reader of this name already.
        """
        with exclusive(self._engine, "readers", venue_id) as connection:
            demand_new(connection, venue_id, door)
            row = {"token_digest": token_digest(token), "venue": venue_id, "door": door, "added": now}
            connection.execute(sql.insert(readers).values(row))

    def find(self, token: bytes) -> ReaderToken | None:
        """The reader that has this token, also one that was revoked."""
        return self.find_all([token])[0]

    def find_all(self, tokens: Sequence[bytes]) -> list[ReaderToken | None]:
        """The reader of each of these tokens."""
        digests = [token_digest(token) for token in tokens]
        found = {reader.digest: reader for reader in self._select(readers.c.token_digest.in_(set(digests)))}
        return [found.get(digest) for digest in digests]

    def all(self, venue_id: bytes) -> list[ReaderToken]:
        """A venue's readers, also those that were revoked, the first first."""
        return self._select(readers.c.venue == venue_id)

    def revoke(self, venue_id: bytes, door: str, now: int) -> None:
        """End a reader's credential, for good and at once; raises `ConfigurationError` if there is no such reader."""
        with self._engine.begin() as connection:
            revoked = connection.execute(sql.update(readers).where(_active(venue_id, door)).values(revoked=now))
        if revoked.rowcount == 0:
            raise ConfigurationError(f"there is no reader of this name ({door})")

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ReaderToken]:
        with self._engine.connect() as connection:
            rows = connection.execute(sql.select(readers).where(condition).order_by(readers.c.added)).all()
        return [token_of(row) for row in rows]


def demand_new(connection: sql.Connection, venue_id: bytes, door: str) -> None:
    """Raise `ConfigurationError` if the name will not do or the venue has a reader of this name already."""
    if not (door.isprintable() and 0 < len(door) <= MAX_NAME):
        raise ConfigurationError(f"a door's name has 1 to {MAX_NAME} printable characters")
    if connection.execute(sql.select(readers).where(_active(venue_id, door))).first() is not None:
        raise ConfigurationError(f"there is a reader of this name ({door}); revoke it first")


def token_of(row: sql.Row[Any]) -> ReaderToken:
    """The reader of a row of the table."""
    return ReaderToken(row.token_digest, row.venue, row.door, row.added, row.revoked)


def token_digest(token: bytes) -> bytes:
    """What stands for a reader's token (32 bytes) in the database, 32 bytes."""
    return digest32("venue/reader", token)


def _active(venue_id: bytes, door: str) -> sql.ColumnElement[bool]:
    return (readers.c.venue == venue_id) & (readers.c.door == door) & readers.c.revoked.is_(None)
