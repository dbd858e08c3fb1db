"""The record of released passes: written before any share leaves. Spec: §3.10."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql

from escrow.errors import WarrantExhausted
from protocol.primitives.hashing import digest32
from service.storage import CHUNK, exclusive, insert_new, is_among

if TYPE_CHECKING:
    from protocol.opening import VerifiedShares
    from protocol.releases import VerifiedRelease
    from protocol.visits import Visit
    from protocol.warrants import Warrant

metadata = sql.MetaData()
_released = sql.Table(
    "released_passes",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("pass_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("given", sql.Boolean, nullable=False),
    sql.Column("named", sql.Boolean, nullable=False),
    sql.Index("ix_released_passes_pass", "epoch", "pass_digest"),
)
"""`given`: the pass got a share; else another venue had one of it. `named`: its label names the venue (scan mode)."""
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

    def __init__(self, engine: sql.Engine, check: Callable[[sql.Connection, bytes], None] | None = None) -> None:
        """With a `check` of a warrant's id that is made in the transaction of each record, and may raise."""
        self._engine, self._check = engine, check

    def record(self, release: VerifiedRelease, now: int, given: VerifiedShares | None = None) -> VerifiedRelease:
        """Commit a release at Unix time `now`, and return it with the passes that get a share.

        A pass that got one for another venue gets another only if one of the two labels names its venue. Every such
        pass is kept under this warrant, with a share or without. With the shares that the other party has `given`, only
        its passes get one.

        Raises `WarrantExhausted`, and nothing is committed, if the warrant would then have more than its maximum of
        records, and what the check raises.
        """
        warrant = release.warrant
        passes = _passes(release)
        with giving(self._engine) as connection:
            if self._check is not None:
                self._check(connection, warrant.warrant_id)
            rows = list(_rows(connection, passes))
            taken = {_key(row) for row in rows if row.venue != warrant.venue_id and row.given and not row.named}
            known = {_key(row): row.given for row in rows if row.warrant == warrant.warrant_id}
            shared, refused = set(), set()
            for key, (u, visit) in passes.items():
                if key in taken and not visit.names_venue:
                    refused.add(key)
                elif given is None or u in given.shares.get(key[0], {}):
                    shared.add(key)
            new = [key for key in shared if not known.get(key)]
            mine = _totals.c.warrant == warrant.warrant_id
            total = connection.scalar(sql.select(_totals.c.records).where(mine)) or 0
            if total + len(new) > warrant.max_records:
                raise WarrantExhausted(warrant.warrant_id, warrant.max_records)
            values = [
                {
                    "warrant": warrant.warrant_id,
                    "epoch": epoch,
                    "pass_digest": digest,
                    "venue": warrant.venue_id,
                    "time": now,
                    "given": (epoch, digest) in shared,
                    "named": passes[epoch, digest][1].names_venue,
                }
                for epoch, digest in [*new, *(refused - known.keys())]
            ]
            for epoch, digest in known.keys() & set(new):  # a release before this one did not show the label
                same = (_released.c.epoch == epoch) & (_released.c.pass_digest == digest)
                connection.execute(sql.delete(_released).where(_released.c.warrant == warrant.warrant_id, same))
            if values:
                connection.execute(sql.insert(_released), values)
            if new:
                connection.execute(sql.delete(_totals).where(mine))
                connection.execute(sql.insert(_totals).values(warrant=warrant.warrant_id, records=total + len(new)))
        kept: dict[int, dict[bytes, Visit]] = {}
        for key in sorted(shared):
            u, visit = passes[key]
            kept.setdefault(key[0], {})[u] = visit
        return replace(release, visits=kept)

    def totals(self) -> dict[bytes, int]:
        """How many passes got a share under each warrant in all, by the warrants' ids."""
        with self._engine.begin() as connection:
            return {row.warrant: row.records for row in connection.execute(sql.select(_totals))}

    def given(self, release: VerifiedRelease) -> VerifiedRelease:
        """A release with the passes alone that got a share under its warrant."""
        warrant_id, passes = release.warrant.warrant_id, _passes(release)
        with self._engine.begin() as connection:
            known = {_key(row) for row in _rows(connection, passes) if row.given and row.warrant == warrant_id}
        kept: dict[int, dict[bytes, Visit]] = {}
        for key, (u, visit) in passes.items():
            if key in known:
                kept.setdefault(key[0], {})[u] = visit
        return replace(release, visits=kept)

    def elsewhere(self, venue_id: bytes, passes: Iterable[tuple[int, bytes]]) -> set[tuple[int, bytes]]:
        """Those of these passes, each an epoch and a `u`, that got a share for another venue than this."""
        keys = {(epoch, _digest(u)): (epoch, u) for epoch, u in passes}
        with self._engine.begin() as connection:
            return {keys[_key(row)] for row in _rows(connection, keys) if row.given and row.venue != venue_id}

    def keep_refused(self, warrant: Warrant, passes: Iterable[tuple[int, bytes]], now: int) -> None:
        """Keep under a warrant passes that got no share because another venue had one, unless they are kept already.

        They are found so at Unix time `now`, after their release was recorded. Each is an epoch and a `u`.
        """
        same = {"warrant": warrant.warrant_id, "venue": warrant.venue_id, "time": now, "given": False, "named": False}
        keys = sorted((epoch, _digest(u)) for epoch, u in passes)
        with giving(self._engine) as connection:
            insert_new(
                connection, _released, [{**same, "epoch": epoch, "pass_digest": digest} for epoch, digest in keys]
            )

    def forget_epochs(self, epochs: Iterable[int]) -> None:
        """Delete the record of epochs that can never be opened again."""
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_released).where(is_among(_released.c.epoch, epochs)))


def giving(engine: sql.Engine) -> AbstractContextManager[sql.Connection]:
    """A transaction in which nobody else gives shares, signs a notice, or takes back what either would be for.

    One lock for all warrants: two of them may have the same passes.
    """
    return exclusive(engine, "shares")


def has_given(connection: sql.Connection, warrant_id: bytes) -> bool:
    """Whether a share was given under a warrant (16-byte id), as one transaction sees it together with what it does."""
    return connection.scalar(sql.select(_totals.c.records).where(_totals.c.warrant == warrant_id)) is not None


def _passes(release: VerifiedRelease) -> dict[tuple[int, bytes], tuple[bytes, Visit]]:
    """Each pass and its visit, by what the ledger knows it by."""
    return {(epoch, _digest(u)): (u, visit) for epoch, visits in release.visits.items() for u, visit in visits.items()}


def _digest(u: bytes) -> bytes:
    return digest32("released-pass", u)


def _rows(connection: sql.Connection, passes: Collection[tuple[int, bytes]]) -> Iterator[sql.Row[Any]]:
    """What is kept of these passes, and of no others of their days: those may be many."""
    for epoch, group in groupby(sorted(passes), itemgetter(0)):
        digests = [digest for _, digest in group]
        for start in range(0, len(digests), CHUNK):
            among = _released.c.pass_digest.in_(digests[start : start + CHUNK])
            yield from connection.execute(sql.select(_released).where(_released.c.epoch == epoch, among))


def _key(row: sql.Row[Any]) -> tuple[int, bytes]:
    return row.epoch, row.pass_digest
