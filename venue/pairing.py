"""How a page at a door becomes a reader: by the secret of a link, once and soon. Spec: §5.5."""

from __future__ import annotations

import secrets

import sqlalchemy as sql

from protocol.primitives.hashing import digest32
from service.errors import ConfigurationError
from service.storage import exclusive
from venue.contacts import Contact, note_contact
from venue.errors import PairingExpired, PairingUsed
from venue.reader_tokens import MAX_NAME, demand_new, readers, token_digest

PAIRING_SECONDS = 900
"""For how long a link may be used."""
SECRET_BYTES = 16

metadata = sql.MetaData()
_pairings = sql.Table(
    "pairings",
    metadata,
    sql.Column("secret_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), nullable=False),
    sql.Column("door", sql.String(MAX_NAME), nullable=False),
    sql.Column("ends", sql.BigInteger, nullable=False),
    sql.Column("token_digest", sql.LargeBinary(32)),
)
"""`token_digest`: of the reader that used the link; null until one has."""


class Pairings:
    """The links to the doors of a server's venues that were given out and are not over yet."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def offer(self, venue_id: bytes, door: str, now: int) -> bytes:
        """The secret of a new link, 16 bytes, which is stored as a digest; the link before for this door is void.

        Raises `ConfigurationError` as `ReaderTokens.add`.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        before = (_pairings.c.venue == venue_id) & (_pairings.c.door == door)
        row = {"secret_digest": _digest(secret), "venue": venue_id, "door": door, "ends": now + PAIRING_SECONDS}
        with exclusive(self._engine, "readers", venue_id) as connection:
            demand_new(connection, venue_id, door)
            connection.execute(sql.delete(_pairings).where(before | (_pairings.c.ends < now)))
            connection.execute(sql.insert(_pairings).values(row))
        return secret

    def use(self, secret: bytes, token: bytes, now: int) -> None:
        """Admit a reader with the token (32 bytes) that it has drawn, durably when this returns.

        The reader draws it, so that an answer that was lost locks nobody out: the same secret and token may come again,
        and another token gets nothing. Raises `PairingUsed` or `PairingExpired`.
        """
        digest, own = _digest(secret), token_digest(token)
        of_link = sql.select(_pairings).where(_pairings.c.secret_digest == digest)
        with self._engine.connect() as connection:
            known = connection.execute(of_link).one_or_none()
        if known is None:
            raise PairingExpired
        with exclusive(self._engine, "readers", known.venue) as connection:
            found = connection.execute(of_link).one_or_none()
            if found is None or found.ends < now:  # step 1
                raise PairingExpired
            if found.token_digest == own:  # step 2
                return
            taken = connection.execute(sql.select(readers).where(readers.c.token_digest == own)).first()
            if found.token_digest is not None or taken is not None:  # step 3
                raise PairingUsed
            try:
                demand_new(connection, found.venue, found.door)  # step 4
            except ConfigurationError:  # added meanwhile in another way
                raise PairingExpired from None
            row = {"token_digest": own, "venue": found.venue, "door": found.door, "added": now}
            connection.execute(sql.insert(readers).values(row))  # step 5
            note_contact(connection, own, Contact(now, now, on_duty=False))
            used = sql.update(_pairings).where(_pairings.c.secret_digest == digest)
            connection.execute(used.values(token_digest=own))


def forget_old(engine: sql.Engine, now: int) -> None:
    """Delete the links that are over at Unix time `now`."""
    with engine.begin() as connection:
        connection.execute(sql.delete(_pairings).where(_pairings.c.ends < now))


def _digest(secret: bytes) -> bytes:
    return digest32("venue/pairing", secret)
