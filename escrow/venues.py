"""The register of venues: who applied, what this party's officer signed, and which keys would change. Spec: §3.9."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sql

from escrow.desk.approvals import Approvals
from escrow.desk.records import of_venue
from escrow.errors import InvalidName, UnknownVenue, VenueExists
from protocol.epochs import Domain
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue, VenueApplication, Warrant, is_agreed, verify_application
from service.clock import Clock
from service.storage import exclusive

metadata = sql.MetaData()
_venues = sql.Table(
    "venues",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary),
    sql.Column("applied", sql.BigInteger, nullable=False),
    sql.Column("subject", sql.LargeBinary(32), index=True),
)
"""`applied`: when the record was applied for the last time. `subject`: what officers decide on, None once they have."""
_changes = sql.Table(
    "venue_changes",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("key", sql.LargeBinary(32), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("agreed", sql.Boolean, nullable=False),
    sql.Column("applied", sql.BigInteger, nullable=False),
    sql.Column("subject", sql.LargeBinary(32), index=True),
)


class ListedVenue(NamedTuple):
    """A venue in the register; `statement` is this party's signature, None while its officer has not approved."""

    record: Venue
    statement: bytes | None

    @property
    def approved(self) -> Venue | None:
        """The record, if it is approved."""
        return self.record if self.statement else None


class Change(NamedTuple):
    """A record with another key that somebody applied for under a known id.

    `agreed`: the holder of the key that is known has signed it. Otherwise the venue has lost that key, or a stranger
    asks.
    """

    record: Venue
    agreed: bool


class Application(NamedTuple):
    """What waits for officers: a record, and the approved one that it would replace.

    `agreed`: as of a change; None of what came first under its id.
    """

    record: Venue
    approved: Venue | None
    agreed: bool | None


class VenueRegister:
    """Venues that applied to a party. For each id one record counts: the last that the officer approved."""

    def __init__(self, engine: sql.Engine, domain: Domain, approvals: Approvals, clock: Clock) -> None:
        self._engine, self._domain, self._approvals, self._clock = engine, domain, approvals, clock

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
            mine = _venues.c.venue == record.venue_id
            row = connection.execute(sql.select(_venues).where(mine)).one_or_none()
            if row is None:
                connection.execute(sql.insert(_venues).values(venue=record.venue_id, **self._waiting(record, None)))
            elif row.record != record.to_bytes():
                self._take_change(connection, verified, ListedVenue(Venue.from_bytes(row.record), row.statement))
            elif row.statement is None:
                connection.execute(sql.update(_venues).where(mine).values(applied=self._clock()))

    def approve(self, record: Venue, identity: SigningKey) -> bytes:
        """Sign a venue's record (the officer's decision) and return the statement.

        One before it no longer counts here, nor do other applications. Raises `UnknownVenue`, or `NotApproved`.
        """
        before = self.get(record.venue_id)
        if before.statement is not None and before.record == record:
            return before.statement
        subject = of_venue(record, before.approved)
        self._approvals.demand(subject)
        statement = sign_statement(record, identity)
        with self._alone(record.venue_id) as connection:
            same = (_venues.c.venue == record.venue_id) & (_venues.c.record == before.record.to_bytes())
            same &= _venues.c.statement.is_(None) if before.statement is None else _venues.c.statement.is_not(None)
            values = {"record": record.to_bytes(), "statement": statement, "subject": None}
            if connection.execute(sql.update(_venues).where(same).values(values)).rowcount == 1:
                self._approvals.void(connection, subject.subject_id)
                self._drop_changes(connection, _changes.c.venue == record.venue_id)
                return statement
        return self.approve(record, identity)  # another record was approved meanwhile: that is another decision

    def refuse(self, record: Venue) -> None:
        """Forget that somebody applied for a record that is not approved, and let no vote on it count any more."""
        with self._alone(record.venue_id) as connection:
            same = (_changes.c.venue == record.venue_id) & (_changes.c.record == record.to_bytes())
            self._drop_changes(connection, same)
            self._drop_first(connection, record.venue_id, _venues.c.record == record.to_bytes())

    def forget_old(self, before: int) -> None:
        """Forget what was last applied for before a Unix time and is not approved."""
        first = sql.select(_venues.c.venue).where(_venues.c.statement.is_(None), _venues.c.applied < before)
        changes = sql.select(_changes.c.venue).where(_changes.c.applied < before)
        with self._engine.begin() as connection:
            venues = connection.scalars(first.union(changes)).all()
        for venue_id in venues:
            with self._alone(venue_id) as connection:
                old = (_changes.c.venue == venue_id) & (_changes.c.applied < before)
                self._drop_changes(connection, old)
                self._drop_first(connection, venue_id, _venues.c.applied < before)

    def get(self, venue_id: bytes) -> ListedVenue:
        """A venue by its 16-byte id; raises `UnknownVenue` if it never applied."""
        for listed in self._select(_venues.c.venue == venue_id):
            return listed
        raise UnknownVenue(venue_id)

    def all(self) -> list[ListedVenue]:
        """Every venue that applied."""
        return self._select(sql.true())

    def approved(self) -> list[Venue]:
        """Every record that counts here."""
        return [listed.record for listed in self._select(_venues.c.statement.is_not(None))]

    def names(self, warrants: Iterable[Warrant]) -> dict[bytes, str]:
        """What the venues of warrants are called, by their ids: those that this party's officer has approved."""
        approved = {record.venue_id: record.name for record in self.approved()}
        return {one.venue_id: approved.get(one.venue_id, "unknown venue") for one in warrants}

    def changes(self, venue_id: bytes) -> list[Change]:
        """The changes of a venue's key that somebody applied for."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_changes).where(_changes.c.venue == venue_id)).all()
        return [Change(Venue.from_bytes(row.record), row.agreed) for row in rows]

    def waiting(self, subject_id: bytes | None = None) -> list[Application]:
        """What officers have to decide on, the oldest first; or what has this subject alone."""
        first = sql.select(_venues).where(_venues.c.statement.is_(None)).order_by(_venues.c.applied)
        known = _venues.c.record.label("known"), _venues.c.statement
        changes = sql.select(_changes, *known).join(_venues, _venues.c.venue == _changes.c.venue)
        changes = changes.order_by(_changes.c.applied)
        if subject_id is not None:
            first, changes = (
                first.where(_venues.c.subject == subject_id),
                changes.where(_changes.c.subject == subject_id),
            )
        with self._engine.begin() as connection:
            rows, changed = connection.execute(first).all(), connection.execute(changes).all()
        return [
            *(Application(Venue.from_bytes(row.record), None, None) for row in rows),
            *(
                Application(
                    Venue.from_bytes(row.record),
                    ListedVenue(Venue.from_bytes(row.known), row.statement).approved,
                    row.agreed,
                )
                for row in changed
            ),
        ]

    def counts(self, record: Venue) -> bool:
        """Whether a record is the one that this party's officer approved last for its id."""
        return any(
            listed.record == record and listed.statement for listed in self._select(_venues.c.venue == record.venue_id)
        )

    def _alone(self, venue_id: bytes) -> AbstractContextManager[sql.Connection]:
        """A transaction in which nobody else decides on a venue."""
        return exclusive(self._engine, "venue", venue_id)

    def _take_change(self, connection: sql.Connection, application: VenueApplication, known: ListedVenue) -> None:
        record = application.venue
        if record.key == known.record.key:  # step 3
            raise VenueExists(record.venue_id)
        row = {"venue": record.venue_id, "key": bytes(record.key), "agreed": is_agreed(application, known.record)}
        same = (_changes.c.venue == record.venue_id) & (_changes.c.key == bytes(record.key))
        self._drop_changes(connection, same & (_changes.c.record != record.to_bytes()))
        connection.execute(sql.delete(_changes).where(same))
        connection.execute(sql.insert(_changes).values(**row, **self._waiting(record, known.approved)))

    def _waiting(self, record: Venue, approved: Venue | None) -> dict[str, object]:
        subject = of_venue(record, approved).subject_id
        return {"record": record.to_bytes(), "applied": self._clock(), "subject": subject}

    def _drop_changes(self, connection: sql.Connection, which: sql.ColumnElement[bool]) -> None:
        """Delete such changes. A vote on one is void: the same may be applied for again."""
        for subject_id in connection.scalars(sql.select(_changes.c.subject).where(which)).all():
            self._approvals.void(connection, subject_id)
        connection.execute(sql.delete(_changes).where(which))

    def _drop_first(self, connection: sql.Connection, venue_id: bytes, which: sql.ColumnElement[bool]) -> None:
        """Delete such a venue that was never approved. What was applied for next under its id takes its place."""
        mine = (_venues.c.venue == venue_id) & _venues.c.statement.is_(None) & which
        subject_id = connection.scalar(sql.select(_venues.c.subject).where(mine))
        if subject_id is None:
            return
        self._approvals.void(connection, subject_id)
        others = sql.select(_changes).where(_changes.c.venue == venue_id).order_by(_changes.c.applied)
        other = connection.execute(others.limit(1)).one_or_none()
        if other is None:
            connection.execute(sql.delete(_venues).where(mine))
            return
        values = {"record": other.record, "applied": other.applied, "subject": other.subject}
        connection.execute(sql.update(_venues).where(mine).values(values))
        same = (_changes.c.venue == venue_id) & (_changes.c.key == other.key)
        connection.execute(sql.delete(_changes).where(same))

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ListedVenue]:
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_venues).where(condition)).all()
        return [ListedVenue(Venue.from_bytes(row.record), row.statement) for row in rows]
