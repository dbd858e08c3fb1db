"""The register of venues' commitments: what each venue said of its check-ins, when it said it. Spec: §5.2."""

from __future__ import annotations

import sqlalchemy as sql

from escrow.venues import VenueRegister
from protocol.commitments import VenueCommitment, verify_commitment
from protocol.errors import ConflictingStatements
from protocol.statements import statement_payload
from service.http import Problem
from service.storage import exclusive

metadata = sql.MetaData()
_commitments = sql.Table(
    "venue_commitments",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
)


class CommitmentRegister:
    """The commitments that a party received. With a release that does not fit them they are evidence."""

    def __init__(self, engine: sql.Engine, venues: VenueRegister) -> None:
        self._engine, self._venues = engine, venues

    def receive(self, statement: bytes, now: int) -> None:
        """Store a commitment durably, or the same one again, at Unix time `now`.

        Raises `Malformed`, `InvalidSignature`, `WrongDomain`, `ReplayedRequest`, `ConflictingStatements` for another
        one of the same time, or a 404 problem for a venue that this party has not approved.
        """
        venue = VenueCommitment.from_bytes(statement_payload(statement)).venue
        listed = self._venues.get(venue)
        if listed.statement is None:
            raise Problem(404, "venue-pending", "the officer has not approved this venue yet")
        message = verify_commitment(listed.record, statement, now)
        same = (_commitments.c.venue == venue) & (_commitments.c.time == message.time)
        with exclusive(self._engine) as connection:
            known = connection.scalar(sql.select(_commitments.c.statement).where(same))
            if known is None:
                connection.execute(sql.insert(_commitments).values(venue=venue, time=message.time, statement=statement))
            elif statement_payload(known) != statement_payload(statement):
                raise ConflictingStatements("the venue made two commitments at one time")

    def of(self, venue: bytes) -> dict[int, bytes]:
        """The commitments of a venue (16-byte id) by time."""
        query = sql.select(_commitments.c.statement).where(_commitments.c.venue == venue)
        with self._engine.begin() as connection:
            statements = connection.scalars(query).all()
        messages = [VenueCommitment.from_bytes(statement_payload(statement)) for statement in statements]
        return {message.time: message.commitment for message in messages}

    def newest(self, venue: bytes) -> int | None:
        """The time of a venue's last commitment."""
        query = sql.select(sql.func.max(_commitments.c.time)).where(_commitments.c.venue == venue)
        with self._engine.begin() as connection:
            time: int | None = connection.scalar(query)
        return time

    def delete_before(self, time: int) -> None:
        """Delete the commitments before `time`, but of each venue the last of these: releases may start from it."""
        newer = _commitments.alias()
        has_newer = sql.exists().where(
            newer.c.venue == _commitments.c.venue, newer.c.time > _commitments.c.time, newer.c.time < time
        )
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_commitments).where(_commitments.c.time < time, has_newer))
