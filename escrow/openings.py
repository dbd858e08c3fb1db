"""The records of openings, from before the shares leave until they are disclosed. Spec: §3.13.

They survive the erasure of the epochs that they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sql

from service.storage import exclusive

if TYPE_CHECKING:
    from protocol.disclosures import DisclosedOpening, OpeningRecord
    from protocol.releases import VerifiedRelease
    from protocol.transparency.log_entries import SharesReleased

metadata = sql.MetaData()
_openings = sql.Table(
    "openings",
    metadata,
    sql.Column("commitment", sql.LargeBinary(32), primary_key=True),
    sql.Column("warrant", sql.LargeBinary(16), nullable=False, index=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("discloses", sql.BigInteger, nullable=False),
    sql.Column("disclosure", sql.BigInteger),
)
"""`disclosure` is the number under which the record was disclosed, null until then."""


class Openings:
    """What a party gave shares for, as it will be disclosed."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def record(self, release: VerifiedRelease) -> OpeningRecord:
        """Commit the record of giving shares for the visits of a release, of which there is at least one.

        If they were given before, it is the record of that time.
        """
        from protocol.disclosures import record_opening

        warrant = release.warrant
        passes = [u for visits in release.visits.values() for u in visits]
        record = record_opening(warrant, release.digest, passes)
        with exclusive(self._engine, "openings", warrant.warrant_id) as connection:
            for known in _records(connection, warrant.warrant_id):
                if known.release == record.release and set(known.digests) >= set(record.digests):
                    return known
            connection.execute(
                sql.insert(_openings).values(
                    commitment=record.commitment,
                    warrant=warrant.warrant_id,
                    record=record.to_bytes(),
                    discloses=warrant.discloses,
                )
            )
        return record

    def has(self, warrant_id: bytes, release: bytes) -> bool:
        """Whether shares for a release (its digest, 32 bytes) are on record under a warrant (its id, 16 bytes)."""
        with self._engine.begin() as connection:
            return any(record.release == release for record in _records(connection, warrant_id))

    def due(self, connection: sql.Connection, now: int) -> Iterator[tuple[OpeningRecord, SharesReleased]]:
        """The records whose embargo is over at Unix time `now`, and that are not disclosed, with their log entries."""
        from protocol.disclosures import OpeningRecord

        is_due = (_openings.c.discloses <= now) & _openings.c.disclosure.is_(None)
        for row in connection.execute(sql.select(_openings).where(is_due).order_by(_openings.c.commitment)).all():
            record = OpeningRecord.from_bytes(row.record)
            yield record, shares_released(record, row.discloses)

    def mark_disclosed(self, connection: sql.Connection, openings: Iterable[DisclosedOpening], number: int) -> None:
        """Note the number of the disclosure that holds these openings."""
        commitments = [opening.record.commitment for opening in openings]
        connection.execute(
            sql.update(_openings).where(_openings.c.commitment.in_(commitments)).values(disclosure=number)
        )


def _records(connection: sql.Connection, warrant_id: bytes) -> Iterator[OpeningRecord]:
    """The records under a warrant, one in memory at a time: together they have a digest of each of its visits."""
    from protocol.disclosures import OpeningRecord

    query = sql.select(_openings.c.record).where(_openings.c.warrant == warrant_id)
    with connection.execute(query.execution_options(yield_per=1)) as rows:
        for row in rows:
            yield OpeningRecord.from_bytes(row.record)


def shares_released(record: OpeningRecord, discloses: int) -> SharesReleased:
    """What the log says of an opening that is disclosed from a Unix time on."""
    from protocol.transparency.log_entries import SharesReleased

    return SharesReleased(len(record.digests), discloses, record.commitment)
