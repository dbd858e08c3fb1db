"""When each reader was last heard of, what it still has, and whether it is on duty. Spec: §3.8, §3.9."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sql

from venue.reader_tokens import ReaderToken, readers, token_of

metadata = sql.MetaData()
_contacts = sql.Table(
    "reader_contacts",
    metadata,
    sql.Column("token_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("since", sql.BigInteger, nullable=False),
    sql.Column("heard", sql.BigInteger, nullable=False),
    sql.Column("on_duty", sql.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Contact:
    """What a reader said last.

    `since`: until when it has its answers. `heard`: when it said so. Both in Unix seconds, by the server's clock.
    """

    since: int
    heard: int
    on_duty: bool


class Contacts:
    """The readers of all venues of a server that have delivered something, or said that they are there."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def of(self, reader: ReaderToken) -> Contact | None:
        """A reader's contact, if it has made one."""
        with self._engine.connect() as connection:
            return _contact(connection, reader.digest)

    def on_duty(self, venue_id: bytes) -> list[tuple[ReaderToken, Contact]]:
        """The readers of a venue that say they may be admitting people, without those that were revoked."""
        query = (
            sql.select(readers, _contacts.c.since, _contacts.c.heard, _contacts.c.on_duty)
            .join(_contacts, _contacts.c.token_digest == readers.c.token_digest)
            .where(readers.c.venue == venue_id, readers.c.revoked.is_(None), _contacts.c.on_duty)
            .order_by(readers.c.added)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [(token_of(row), Contact(row.since, row.heard, row.on_duty)) for row in rows]


def note_contact(connection: sql.Connection, reader: bytes, contact: Contact) -> None:
    """Note what a reader (its token's digest, 32 bytes) says. No other transaction may do this for the reader now.

    Its `since` goes back only if it was of a time that has not come yet, by a clock that was wrong.
    """
    before = _contact(connection, reader)
    since = contact.since if before is None else max(contact.since, min(before.since, contact.heard))
    row = {"since": since, "heard": contact.heard, "on_duty": contact.on_duty}
    if before is None:
        connection.execute(sql.insert(_contacts).values(token_digest=reader, **row))
    else:
        connection.execute(sql.update(_contacts).where(_contacts.c.token_digest == reader).values(**row))


def _contact(connection: sql.Connection, digest: bytes) -> Contact | None:
    row = connection.execute(sql.select(_contacts).where(_contacts.c.token_digest == digest)).one_or_none()
    return None if row is None else Contact(row.since, row.heard, row.on_duty)
