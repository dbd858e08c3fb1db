"""The register of venues: who applied, and what this party's officer signed. Spec: §3.9."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sql

from protocol.epochs import Domain
from protocol.errors import WrongDomain
from protocol.signatures import SigningKey
from protocol.statements import sign_statement, statement_payload, verify_statement
from protocol.warrants import Venue, VenueApplication
from service.http import Problem
from service.storage import exclusive

metadata = sql.MetaData()
_venues = sql.Table(
    "venues",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class ListedVenue:
    """A venue in the register; `statement` is this party's signature, None while its officer has not approved."""

    record: Venue
    statement: bytes | None


class VenueRegister:
    """Venues that applied to a party. What a party has signed for a venue id stays."""

    def __init__(self, engine: sql.Engine, domain: Domain) -> None:
        self._engine, self._domain = engine, domain

    def apply(self, application: bytes) -> None:
        """Take a venue's signed application, or take it again.

        Raises `Malformed`, `InvalidSignature`, `WrongDomain`, or a 409 problem when the id belongs to another record.
        """
        record = _verify_application(application)
        if record.domain != self._domain.number:
            raise WrongDomain("the venue applies to another domain")
        if not (record.name + record.url).isprintable():
            raise Problem(422, "invalid-name", "a venue's name and URL have printable characters only")
        with exclusive(self._engine) as connection:
            row = connection.execute(sql.select(_venues).where(_venues.c.venue == record.venue)).one_or_none()
            if row is None:
                connection.execute(sql.insert(_venues).values(venue=record.venue, record=record.to_bytes()))
            elif row.record != record.to_bytes():
                raise Problem(409, "venue-exists", "another application has this venue id")

    def approve(self, venue: bytes, identity: SigningKey) -> bytes:
        """Sign a venue's record (the officer's decision) and return the statement; a 404 problem if it is unknown."""
        listed = self.get(venue)
        if listed.statement is not None:
            return listed.statement
        statement = sign_statement(listed.record, identity)
        with self._engine.begin() as connection:
            connection.execute(sql.update(_venues).where(_venues.c.venue == venue).values(statement=statement))
        return statement

    def get(self, venue: bytes) -> ListedVenue:
        """A venue by its 16-byte id; a 404 problem if it never applied."""
        with self._engine.begin() as connection:
            row = connection.execute(sql.select(_venues).where(_venues.c.venue == venue)).one_or_none()
        if row is None:
            raise Problem(404, "unknown-venue", "no such venue has applied")
        return ListedVenue(Venue.from_bytes(row.record), row.statement)

    def all(self) -> list[ListedVenue]:
        """Every venue that applied."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_venues)).all()
        return [ListedVenue(Venue.from_bytes(row.record), row.statement) for row in rows]


def _verify_application(application: bytes) -> Venue:
    """The record in an application, which must be signed with the very key that it names."""
    claimed = VenueApplication.from_bytes(statement_payload(application))
    verified = verify_statement(VenueApplication, application, claimed.venue.key)
    return verified.venue
