"""The register of venues' commitments: what each venue said of its check-ins, when it said it. Spec: §5.2."""

from __future__ import annotations

from itertools import pairwise

import sqlalchemy as sql

from escrow.errors import VenuePending
from escrow.venues import VenueRegister
from protocol.primitives.errors import ConflictingStatements
from protocol.primitives.statements import statement_payload
from service.clock import HOUR
from service.refusals import TooManyRequests
from service.storage import exclusive

LONGEST_PAUSE = 2 * HOUR
"""So many seconds may lie between two commitments of a venue before an officer is told: one may have failed."""

metadata = sql.MetaData()
_commitments = sql.Table(
    "venue_commitments",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True, index=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
)
_conflicts = sql.Table(
    "conflicting_commitments",
    metadata,
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
)
"""Of every time with several commitments the second one. It and the first are evidence."""


class CommitmentRegister:
    """The commitments that a party received. With a release that does not fit them they are evidence.

    So is a second one of the same time, which is kept beside the first. Of a venue at most `per_hour` are taken in an
    hour: it could otherwise fill the database.
    """

    def __init__(self, engine: sql.Engine, venues: VenueRegister, per_hour: int) -> None:
        self._engine, self._venues, self._per_hour = engine, venues, per_hour

    def receive(self, statement: bytes, now: int) -> None:
        """Store a commitment durably, or the same one again, at Unix time `now`.

        Raises `Malformed`, `InvalidSignature`, `WrongDomain`, `ReplayedRequest`, `ConflictingStatements` for another
        one of the same time, `UnknownVenue`, `VenuePending`, or `TooManyRequests`.
        """
        from protocol.commitments import VenueCommitment, verify_commitment

        venue_id = VenueCommitment.from_bytes(statement_payload(statement)).venue_id
        listed = self._venues.get(venue_id)
        if listed.statement is None:  # step 1
            raise VenuePending(venue_id)
        message = verify_commitment(listed.record, statement, now)  # step 2
        same = (_commitments.c.venue == venue_id) & (_commitments.c.time == message.time)
        with exclusive(self._engine, "commitments", venue_id) as connection:
            known = connection.scalar(sql.select(_commitments.c.statement).where(same))
            if known is None:
                self._limit(connection, venue_id, now)  # step 4
                connection.execute(
                    sql.insert(_commitments).values(venue=venue_id, time=message.time, statement=statement)
                )
                known = statement
            is_same = statement_payload(known) == statement_payload(statement)
            # Step 3; at the end of this block all is durable, step 5.
            if not is_same and self._conflict(connection, venue_id, message.time) is None:
                connection.execute(
                    sql.insert(_conflicts).values(venue=venue_id, time=message.time, statement=statement)
                )
        if not is_same:
            raise ConflictingStatements("the venue made two commitments at one time", known, statement)

    def conflict(self, venue_id: bytes, time: int) -> bytes | None:
        """The second commitment of a venue (16-byte id) for one time, if there was one."""
        with self._engine.begin() as connection:
            return self._conflict(connection, venue_id, time)

    def of(self, venue_id: bytes) -> dict[int, bytes]:
        """The commitments of a venue (16-byte id) by time."""
        from protocol.commitments import VenueCommitment

        query = sql.select(_commitments.c.statement).where(_commitments.c.venue == venue_id)
        with self._engine.begin() as connection:
            statements = connection.scalars(query).all()
        messages = [VenueCommitment.from_bytes(statement_payload(statement)) for statement in statements]
        return {message.time: message.commitment for message in messages}

    def newest(self, venue_id: bytes) -> int | None:
        """The time of a venue's last commitment."""
        query = sql.select(sql.func.max(_commitments.c.time)).where(_commitments.c.venue == venue_id)
        with self._engine.begin() as connection:
            time: int | None = connection.scalar(query)
        return time

    def pauses(self, venue_id: bytes, begins: int, ends: int) -> list[tuple[int, int]]:
        """When a venue (16-byte id) did not commit for long, as far as the window touches it: from and to which time.

        0 stands for the time before its first commitment.
        """
        return [
            (before, after)
            for before, after in pairwise([0, *sorted(self.of(venue_id))])
            if after - before > LONGEST_PAUSE and before < ends and after > begins
        ]

    def delete_before(self, time: int) -> None:
        """Delete the commitments before `time`, but of each venue the last of these: releases may start from it."""
        old = _commitments.alias()
        last = sql.select(sql.func.max(old.c.time)).where(old.c.venue == _commitments.c.venue, old.c.time < time)
        with self._engine.begin() as connection:
            is_over = (_commitments.c.time < time) & (_commitments.c.time < last.scalar_subquery())
            connection.execute(sql.delete(_commitments).where(is_over))
            connection.execute(sql.delete(_conflicts).where(_conflicts.c.time < time))

    def _limit(self, connection: sql.Connection, venue_id: bytes, now: int) -> None:
        newest = (
            sql.select(_commitments.c.time).where(_commitments.c.venue == venue_id).order_by(_commitments.c.time.desc())
        )
        oldest: int | None = connection.scalar(newest.offset(self._per_hour - 1).limit(1))
        if oldest is not None and oldest > now - HOUR:
            wait = oldest + HOUR - now
            raise TooManyRequests("the venue commits too often", wait)

    def _conflict(self, connection: sql.Connection, venue_id: bytes, time: int) -> bytes | None:
        same = (_conflicts.c.venue == venue_id) & (_conflicts.c.time == time)
        statement: bytes | None = connection.scalar(sql.select(_conflicts.c.statement).where(same))
        return statement
