"""The record of released passes: written before any share leaves. Spec: §3.10."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sql

from escrow.errors import WarrantExhausted
from protocol.primitives.hashing import digest32
from protocol.releases import VerifiedRelease
from service.storage import exclusive, is_among

metadata = sql.MetaData()
_released = sql.Table(
    "released_passes",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False, index=True),
    sql.Column("pass_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
_totals = sql.Table(
    "released_totals",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("records", sql.BigInteger, nullable=False),
)
"""How many passes were released under each warrant in all: it outlives the erasure of their epochs."""


class ReleaseLedger:
    """Which passes were released, under which warrant and for which venue.

    A pass is an epoch and a `u`, as everywhere: one `u` can come in two epochs. It is kept as a digest of `u`.
    """

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def record(self, release: VerifiedRelease, now: int) -> VerifiedRelease:
        """Commit a release at Unix time `now`, and return it without the passes released for other venues.

        Raises `WarrantExhausted`, and nothing is committed, if the warrant would then have more than its maximum of
        records.
        """
        warrant = release.warrant
        digests = {(epoch, u): _digest(u) for epoch, visits in release.visits.items() for u in visits}
        with exclusive(self._engine) as connection:
            rows = connection.execute(sql.select(_released).where(_released.c.epoch.in_(list(release.visits)))).all()
            elsewhere = {(row.epoch, row.pass_digest) for row in rows if row.venue != warrant.venue_id}
            known = {(row.epoch, row.pass_digest) for row in rows if row.warrant == warrant.warrant_id}
            kept = {
                epoch: {u: visit for u, visit in visits.items() if (epoch, digests[epoch, u]) not in elsewhere}
                for epoch, visits in release.visits.items()
            }
            new = [
                {
                    "warrant": warrant.warrant_id,
                    "epoch": epoch,
                    "pass_digest": digests[epoch, u],
                    "venue": warrant.venue_id,
                    "time": now,
                }
                for epoch, visits in kept.items()
                for u in visits
                if (epoch, digests[epoch, u]) not in known
            ]
            mine = _totals.c.warrant == warrant.warrant_id
            total = connection.scalar(sql.select(_totals.c.records).where(mine)) or 0
            if total + len(new) > warrant.max_records:
                raise WarrantExhausted(warrant.warrant_id, warrant.max_records)
            if new:
                connection.execute(sql.insert(_released), new)
                connection.execute(sql.delete(_totals).where(mine))
                connection.execute(sql.insert(_totals).values(warrant=warrant.warrant_id, records=total + len(new)))
        set_aside = release.set_aside.copy()
        set_aside["ReleasedElsewhere"] += len(digests) - sum(map(len, kept.values()))
        kept = {epoch: visits for epoch, visits in kept.items() if visits}
        return replace(release, visits=kept, set_aside=+set_aside)

    def forget_epochs(self, epochs: Iterable[int]) -> None:
        """Delete the record of epochs that can never be opened again."""
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_released).where(is_among(_released.c.epoch, epochs)))


def _digest(u: bytes) -> bytes:
    return digest32("released-pass", u)
