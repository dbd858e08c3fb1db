"""By which commitments a release was first judged: the same judgement is repeated ever after. Spec: §3.10."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sql

from service.storage import exclusive, insert_once

if TYPE_CHECKING:
    from protocol.releases import Judgement
    from protocol.warrants import Warrant

metadata = sql.MetaData()
_judgements = sql.Table(
    "judgements",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("release", sql.LargeBinary(32), primary_key=True),
    sql.Column("judgement", sql.LargeBinary, nullable=False),
    sql.Column("ends", sql.BigInteger, nullable=False),
)


class Judgements:
    """The first judgement of each release under each warrant. A register of commitments may have grown since."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def get(self, warrant_id: bytes, release: bytes) -> Judgement | None:
        """The judgement of a release (its digest, 32 bytes) under a warrant (its id, 16 bytes), if there was one."""
        with self._engine.begin() as connection:
            return _find(connection, warrant_id, release)

    def first(self, warrant: Warrant, release: bytes, judgement: Judgement) -> Judgement:
        """Store a judgement durably and return it, or the one that was first."""
        row = {"warrant": warrant.warrant_id, "release": release, "judgement": judgement.to_bytes()}
        with self._engine.begin() as connection:
            insert_once(connection, _judgements, row | {"ends": warrant.ends})
            return _find(connection, warrant.warrant_id, release) or judgement

    def forget_ended(self, is_over: Callable[[int], bool]) -> None:
        """Delete those of windows whose end, in Unix time, is over: nothing can be given for them any more."""
        with exclusive(self._engine, "judgements") as connection:
            ends = connection.scalars(sql.select(_judgements.c.ends).distinct()).all()
            over = [end for end in ends if is_over(end)]
            connection.execute(sql.delete(_judgements).where(_judgements.c.ends.in_(over)))


def _find(connection: sql.Connection, warrant_id: bytes, release: bytes) -> Judgement | None:
    same = (_judgements.c.warrant == warrant_id) & (_judgements.c.release == release)
    encoded = connection.scalar(sql.select(_judgements.c.judgement).where(same))
    from protocol.releases import Judgement

    return None if encoded is None else Judgement.from_bytes(encoded)
