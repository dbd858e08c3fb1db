"""The register of venues: who applied, what this party's officer signed, and which keys would change. Spec: §3.9."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sql

from escrow.desk.approvals import Approvals
from escrow.desk.records import Subject, of_venue
from escrow.errors import InvalidName, UnknownVenue, VenueExists
from protocol.epochs import Domain
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue, VenueApplication, is_agreed, verify_application
from service.storage import exclusive

metadata = sql.MetaData()
_venues = sql.Table(
    "venues",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary),
)
_changes = sql.Table(
    "venue_changes",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("key", sql.LargeBinary(32), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("agreed", sql.Boolean, nullable=False),
)


class ListedVenue(NamedTuple):
    """A venue in the register; `statement` is this party's signature, None while its officer has not approved."""

    record: Venue
    statement: bytes | None


class Change(NamedTuple):
    """A record with another key that somebody applied for under a known id.

    `agreed`: the holder of the key that is known has signed it. Otherwise the venue has lost that key, or a stranger
    asks.
    """

    record: Venue
    agreed: bool


class VenueRegister:
    """Venues that applied to a party. For each id one record counts: the last that the officer approved."""

    def __init__(self, engine: sql.Engine, domain: Domain, approvals: Approvals) -> None:
        self._engine, self._domain, self._approvals = engine, domain, approvals

    def apply(self, application: bytes) -> None:
        """Take a venue's signed application, or take it again; nothing is signed before the officer decides.

        Raises what `verify_application` and `is_agreed` raise, `InvalidName`, or `VenueExists` when the same id and
        key belong to another record.
        """
        verified = verify_application(self._domain, application)  # step 1
        record = verified.venue
        if not (record.name + record.url).isprintable():  # step 2
            raise InvalidName("a venue's name and URL have printable characters only")
        with self._alone(record.venue_id) as connection:
            row = connection.execute(sql.select(_venues).where(_venues.c.venue == record.venue_id)).one_or_none()
            if row is None:
                connection.execute(sql.insert(_venues).values(venue=record.venue_id, record=record.to_bytes()))
            elif row.record != record.to_bytes():
                self._take_change(connection, verified, Venue.from_bytes(row.record))

    def approve(self, venue_id: bytes, identity: SigningKey) -> bytes:
        """Sign a venue's record (the officer's decision) and return the statement.

        Raises `UnknownVenue`, or `NotApproved`.
        """
        listed = self.get(venue_id)
        if listed.statement is not None:
            return listed.statement
        return self._sign(listed.record, identity)

    def approve_change(self, change: Change, identity: SigningKey) -> bytes:
        """Sign a record with another key; raises `NotApproved`.

        The one before no longer counts here, nor do other changes of it.
        """
        return self._sign(change.record, identity)

    def refuse_change(self, change: Change) -> None:
        """Forget that somebody applied for a change, and let no vote on it count any more."""
        with self._alone(change.record.venue_id) as connection:
            self._drop_changes(connection, change.record.venue_id, _changes.c.key == bytes(change.record.key))

    def get(self, venue_id: bytes) -> ListedVenue:
        """A venue by its 16-byte id; raises `UnknownVenue` if it never applied."""
        for listed in self._select(_venues.c.venue == venue_id):
            return listed
        raise UnknownVenue(venue_id)

    def all(self) -> list[ListedVenue]:
        """Every venue that applied."""
        return self._select(sql.true())

    def changes(self, venue_id: bytes) -> list[Change]:
        """The changes of a venue's key that somebody applied for."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_changes).where(_changes.c.venue == venue_id)).all()
        return [Change(Venue.from_bytes(row.record), row.agreed) for row in rows]

    def counts(self, record: Venue) -> bool:
        """Whether a record is the one that this party's officer approved last for its id."""
        return any(
            listed.record == record and listed.statement for listed in self._select(_venues.c.venue == record.venue_id)
        )

    def _alone(self, venue_id: bytes) -> AbstractContextManager[sql.Connection]:
        """A transaction in which nobody else decides on a venue."""
        return exclusive(self._engine, "venue", venue_id)

    def subject(self, record: Venue) -> Subject:
        """What officers approve when they approve a record: it, in the place of what is approved now."""
        listed = self.get(record.venue_id)
        return of_venue(record, listed.record if listed.statement else None)

    def _sign(self, record: Venue, identity: SigningKey) -> bytes:
        before = self.get(record.venue_id)
        subject = of_venue(record, before.record if before.statement else None)
        self._approvals.demand(subject)
        statement = sign_statement(record, identity)
        values = {"record": record.to_bytes(), "statement": statement}
        with self._alone(record.venue_id) as connection:
            same = (_venues.c.venue == record.venue_id) & (_venues.c.record == before.record.to_bytes())
            same &= _venues.c.statement.is_(None) if before.statement is None else _venues.c.statement.is_not(None)
            if connection.scalar(sql.select(_venues.c.venue).where(same)) is not None:
                self._approvals.void(connection, subject)
                self._drop_changes(connection, record.venue_id, sql.true())
                connection.execute(sql.update(_venues).where(same).values(values))
                return statement
        return self._sign(
            record, identity
        )  # another record was approved meanwhile: to replace that is another decision

    def _take_change(self, connection: sql.Connection, application: VenueApplication, known: Venue) -> None:
        record = application.venue
        if record.key == known.key:  # step 3
            raise VenueExists(record.venue_id)
        row = {"venue": record.venue_id, "key": bytes(record.key), "record": record.to_bytes()}
        same = (_changes.c.venue == record.venue_id) & (_changes.c.key == bytes(record.key))
        self._drop_changes(connection, record.venue_id, same & (_changes.c.record != record.to_bytes()))
        connection.execute(sql.delete(_changes).where(same))
        connection.execute(sql.insert(_changes).values(**row, agreed=is_agreed(application, known)))

    def _drop_changes(self, connection: sql.Connection, venue_id: bytes, which: sql.ColumnElement[bool]) -> None:
        """Delete such changes of a venue. A vote on one is void: the same may be applied for again."""
        mine = (_changes.c.venue == venue_id) & which
        known = connection.execute(sql.select(_venues).where(_venues.c.venue == venue_id)).one()
        approved = Venue.from_bytes(known.record) if known.statement else None
        for record in connection.scalars(sql.select(_changes.c.record).where(mine)).all():
            self._approvals.void(connection, of_venue(Venue.from_bytes(record), approved))
        connection.execute(sql.delete(_changes).where(mine))

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ListedVenue]:
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_venues).where(condition)).all()
        return [ListedVenue(Venue.from_bytes(row.record), row.statement) for row in rows]
