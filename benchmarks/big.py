"""Erasing a day of check-ins from PostgreSQL: row by row, and with the partition that it is kept in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import sqlalchemy as sql
from nacl.utils import random as random_bytes

from benchmarks.postgresql import postgresql
from benchmarks.section import Effort, Result, Section, Table
from service.storage import open_database
from venue import store

ROWS = {Effort.QUICK: 10_000, Effort.USUAL: 2_500_000, Effort.FULL: 2_500_000}
"""Rows of each of the two days."""
DROPPED, ROW_BY_ROW, PRESENT = 20_000, 20_001, 20_002
"""The day with a partition, the one without, and the one at whose doors people are let in meanwhile."""
ENCODED_BYTES = 203
_FILL = sql.text(
    "INSERT INTO check_ins SELECT 1, :epoch, substring(sha256(int8send(number % 500)), 1, 16), "
    "sha256(int8send(:epoch) || int8send(number)), 1, :epoch * 86400, substring("
    "(SELECT string_agg(sha256(int8send(:epoch) || int8send(number) || int4send(part)), '') "
    "FROM generate_series(1, 7) AS part), 1, :encoded) FROM generate_series(1, :rows) AS number"
)
"""Rows of real sizes, which cannot be compressed, of 500 venues, in no order of their keys."""


def measure(effort: Effort) -> Result:
    """Fill two days, and erase one after the other while a door goes on: first what leaves nothing to vacuum."""
    with postgresql() as url:
        engine = open_database(url, (), store.metadata)
        store.make_room(engine, [DROPPED, PRESENT])
        for day in (DROPPED, ROW_BY_ROW):
            with engine.begin() as connection:
                connection.execute(_FILL, {"epoch": day, "encoded": ENCODED_BYTES, "rows": ROWS[effort]})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sql.text("VACUUM ANALYZE"))  # as a day is that was written weeks ago
            connection.execute(sql.text("CHECKPOINT"))
        measured = {name: _erase(engine, day) for name, day in (("dropped", DROPPED), ("deleted", ROW_BY_ROW))}
        assert store.kept(engine, 1)[0] == sum(one.pop("let_in") for one in measured.values())
        engine.dispose()
    return {"rows_a_day": ROWS[effort], **measured}


def _erase(engine: sql.Engine, day: int) -> Result:
    """Seconds and bytes that it takes, and how long a door waited at most meanwhile for one row."""
    before, waits, over = _sizes(engine), list[float](), threading.Event()
    door = threading.Thread(target=_let_in, args=(engine, waits, over.is_set))
    door.start()
    begin = time.perf_counter()
    store.delete_before(engine, 1, day + 1)
    seconds = time.perf_counter() - begin
    over.set()
    door.join()
    after = _sizes(engine)
    return {
        "seconds": seconds,
        "log_megabytes": (after[0] - before[0]) / 1e6,
        "freed_megabytes": (before[1] - after[1]) / 1e6,
        "door_waited_milliseconds": max(waits) * 1e3,
        "let_in": len(waits),
    }


def _let_in(engine: sql.Engine, waits: list[float], is_over: Callable[[], bool]) -> None:
    """Insert rows one after the other, once at least, and note how long each took."""
    while not (waits and is_over()):
        begin = time.perf_counter()
        row = {"domain": 1, "epoch": PRESENT, "venue": bytes(16), "u": random_bytes(32), "direction": 1, "time": 1}
        with engine.begin() as connection:
            connection.execute(sql.insert(store.check_ins), {**row, "encoded": random_bytes(ENCODED_BYTES)})
        waits.append(time.perf_counter() - begin)


def _sizes(engine: sql.Engine) -> tuple[int, int]:
    """Bytes that were ever written to the log, and bytes of the database's files."""
    query = sql.text("SELECT pg_current_wal_insert_lsn() - '0/0', pg_database_size(current_database())")
    with engine.connect() as connection:
        log, files = connection.execute(query).one()
    return int(log), int(files)


def tables(result: Result) -> Sequence[Table]:
    """One line a way."""
    rows = [
        (
            name,
            f"{result[of]['seconds']:.2f}",
            f"{result[of]['log_megabytes']:.1f}",
            str(round(result[of]["freed_megabytes"])),
            f"{result[of]['door_waited_milliseconds']:.0f}",
        )
        for name, of in (("its partition", "dropped"), ("row by row", "deleted"))
    ]
    columns = ("what is deleted", "seconds", "log, MB", "freed, MB", "a door waited at most, ms")
    return [Table(f"A day of {result['rows_a_day']:,} check-ins", columns, rows)]


SECTION = Section(
    "big",
    "Erasing a day",
    "Two days of check-ins on PostgreSQL, of which the second is in no partition of its own, erased one after the "
    "other by a venue's own code. Meanwhile a door stores one check-in after the other. What is deleted row by row "
    "stays in its file until a vacuum.",
    measure,
    tables,
)
