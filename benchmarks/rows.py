"""What a row of each large table takes of PostgreSQL's disk, and of its write-ahead log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sql
from nacl.utils import random as random_bytes

from benchmarks.postgresql import postgresql
from benchmarks.section import Effort, Result, Section, Table
from benchmarks.session import Session, make_session
from escrow import commitments
from escrow.authority import directory
from escrow.operator import accounts
from protocol.commitments import sign_commitment
from protocol.transparency.merkle import CompactRange
from service.storage import open_database
from venue import store

ROWS = {Effort.QUICK: 2_000, Effort.USUAL: 20_000, Effort.FULL: 200_000}
AT_ONCE = 100
"""Rows a transaction: what a server under load writes together."""
PEOPLE = 1_000

Row = dict[str, object]


def _check_in(session: Session, number: int) -> Row:
    message = session.check_ins[number % len(session.check_ins)]
    return {
        "domain": 1,
        "epoch": session.parties.epoch,
        "venue": (number % 500).to_bytes(16, "big"),
        "u": random_bytes(32),
        "direction": 1,
        "time": session.now,
        "encoded": random_bytes(len(message.to_bytes())),
    }


def _entry(session: Session, _number: int) -> Row:
    entry = session.visitors[0].entry.to_bytes()
    return {"epoch": session.parties.epoch, "entry_index": random_bytes(32), "entry": random_bytes(len(entry))}


def _handle(session: Session, number: int) -> Row:
    entry = session.visitors[0].entry.to_bytes()
    return {
        "epoch": number // PEOPLE,
        "account": (number % PEOPLE).to_bytes(16, "big"),
        "handle": random_bytes(32),
        "record": random_bytes(len(session.visitors[0].record.to_bytes()) + 80),
        "entry": random_bytes(len(entry)),
        "deposited": True,
        "requests": 1,
    }


def _commitment(session: Session, number: int) -> Row:
    _, statement = sign_commitment(session.log.venue, session.log.key, session.now, CompactRange(), random_bytes)
    return {"venue": (number % PEOPLE).to_bytes(16, "big"), "time": number // PEOPLE, "statement": statement}


def _account(_session: Session, number: int) -> Row:
    return {
        "account": number.to_bytes(16, "big"),
        "phone": f"+8210{number:08}",
        "name": "홍길동",
        "verified_at": 1_780_000_000,
    }


Make = Callable[[Session, int], Row]
TABLES: dict[str, tuple[sql.MetaData, Make]] = {
    "accounts": (accounts.metadata, _account),
    "handles": (accounts.metadata, _handle),
    "directory": (directory.metadata, _entry),
    "venue_commitments": (commitments.metadata, _commitment),
    "check_ins": (store.metadata, _check_in),
}


def measure(effort: Effort) -> Result:
    """Fill each table, and look how much its files and the write-ahead log have grown."""
    rows, session, measured = ROWS[effort], make_session(), {}
    with postgresql() as url:
        engine = open_database(url, (), *(metadata for metadata, _ in TABLES.values()))
        for name, (metadata, make) in TABLES.items():
            measured[name] = _fill(engine, metadata.tables[name], [make(session, number) for number in range(rows)])
        engine.dispose()
    return measured


def _fill(engine: sql.Engine, table: sql.Table, rows: Sequence[Row]) -> Result:
    before = _sizes(engine, table)
    for start in range(0, len(rows), AT_ONCE):
        with engine.begin() as connection:
            connection.execute(sql.insert(table), rows[start : start + AT_ONCE])
    after = _sizes(engine, table)
    size, written = ((last - first) / len(rows) for first, last in zip(before, after, strict=True))
    return {"rows": len(rows), "bytes_a_row": size, "log_bytes_a_row": written}


def _sizes(engine: sql.Engine, table: sql.Table) -> tuple[int, int]:
    """Bytes of a table with its indexes and partitions, and of all that was ever written to the log."""
    query = sql.text(
        "SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(:name)), "
        "pg_total_relation_size(CAST(:name AS regclass)), pg_current_wal_insert_lsn() - '0/0'"
    )
    with engine.connect() as connection:
        partitions, whole, written = connection.execute(query, {"name": table.name}).one()
    return int(partitions or whole), int(written)


def tables(result: Result) -> Sequence[Table]:
    """One line a table."""
    rows = [
        (name, str(one["rows"]), f"{one['bytes_a_row']:.0f}", f"{one['log_bytes_a_row']:.0f}")
        for name, one in result.items()
    ]
    return [Table("Rows", ("table", "rows", "bytes a row, with indexes", "write-ahead log, bytes a row"), rows)]


SECTION = Section(
    "rows",
    "Rows",
    f"Each large table on PostgreSQL, filled with rows of real sizes, {AT_ONCE} a transaction.",
    measure,
    tables,
)
