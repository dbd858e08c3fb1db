"""The credentials of the readers at the doors: what a reader shows to the server is stored as a digest. Spec: §5.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from protocol.primitives.hashing import digest32
from service.errors import ConfigurationError
from service.storage import exclusive

MAX_NAME = 64

metadata = sql.MetaData()
_readers = sql.Table(
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
    """A reader at a door of a venue (16-byte id); when it was added and revoked, in Unix seconds."""

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
        if not (door.isprintable() and 0 < len(door) <= MAX_NAME):
            raise ConfigurationError(f"a door's name has 1 to {MAX_NAME} printable characters")
        row = {"token_digest": _token_digest(token), "venue": venue_id, "door": door, "added": now}
        with exclusive(self._engine, "readers", venue_id) as connection:
            if connection.execute(sql.select(_readers).where(_active(venue_id, door))).first() is not None:
                raise ConfigurationError(f"there is a reader of this name ({door}); revoke it first")
            connection.execute(sql.insert(_readers).values(row))

    def find(self, token: bytes) -> ReaderToken | None:
        """The reader that has this token, also one that was revoked."""
        for reader in self._select(_readers.c.token_digest == _token_digest(token)):
            return reader
        return None

    def all(self, venue_id: bytes) -> list[ReaderToken]:
        """A venue's readers, also those that were revoked, the first first."""
        return self._select(_readers.c.venue == venue_id)

    def revoke(self, venue_id: bytes, door: str, now: int) -> None:
        """End a reader's credential, for good and at once; raises `ConfigurationError` if there is no such reader."""
        with self._engine.begin() as connection:
            revoked = connection.execute(sql.update(_readers).where(_active(venue_id, door)).values(revoked=now))
        if revoked.rowcount == 0:
            raise ConfigurationError(f"there is no reader of this name ({door})")

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ReaderToken]:
        with self._engine.connect() as connection:
            rows = connection.execute(sql.select(_readers).where(condition).order_by(_readers.c.added)).all()
        return [_token_of(row) for row in rows]


def _active(venue_id: bytes, door: str) -> sql.ColumnElement[bool]:
    return (_readers.c.venue == venue_id) & (_readers.c.door == door) & _readers.c.revoked.is_(None)


def _token_of(row: sql.Row[Any]) -> ReaderToken:
    return ReaderToken(row.venue, row.door, row.added, row.revoked)


def _token_digest(token: bytes) -> bytes:
    return digest32("venue/reader", token)
