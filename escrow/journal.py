"""The journal of a party's officers: who did what, and when. Spec: §6.4.

It tells of decisions and of no visitor. An entry is durable before the officer's command does what it says.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sql

from escrow.desk.records import MAX_NAME
from service.clock import Clock

metadata = sql.MetaData()
_journal = sql.Table(
    "journal",
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("officer", sql.String(MAX_NAME), nullable=False),
    sql.Column("action", sql.String(128), nullable=False),
    sql.Column("warrant", sql.LargeBinary(16), index=True),
    sql.Column("case_name", sql.String(64), index=True),
)


class JournalEntry(NamedTuple):
    """What an officer did at a Unix time; with the warrant's id (16 bytes) and the case's name, if it was about one."""

    time: int
    officer: str
    action: str
    warrant_id: bytes | None
    case: str | None


class Journal:
    """A party's journal. Entries are only ever added."""

    def __init__(self, engine: sql.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def note(self, officer: str, action: str, *, warrant_id: bytes | None = None, case: str | None = None) -> None:
        """Add an entry, durably."""
        row = {"time": self._clock(), "officer": officer, "action": action, "warrant": warrant_id, "case_name": case}
        with self._engine.begin() as connection:
            connection.execute(sql.insert(_journal).values(row))

    def entries(self, *, warrant_id: bytes | None = None, case: str | None = None) -> list[JournalEntry]:
        """The entries in their order; of a warrant or a case alone, if one is named."""
        query = sql.select(_journal).order_by(_journal.c.number)
        if warrant_id is not None:
            query = query.where(_journal.c.warrant == warrant_id)
        if case is not None:
            query = query.where(_journal.c.case_name == case)
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
        return [JournalEntry(row.time, row.officer, row.action, row.warrant, row.case_name) for row in rows]
