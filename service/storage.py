"""A database by URL: SQLite by default, one code path for every other. Spec: §6.4."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from filelock import FileLock

BUSY_SECONDS = 30


def open_database(url: str, *tables: sql.MetaData) -> sql.Engine:
    """An engine for `url` with all these tables. What a transaction commits survives a crash."""
    engine = sql.create_engine(url, hide_parameters=True)  # errors must not show personal data
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _configure_sqlite)
        sql.event.listen(engine, "begin", _begin_immediate)
    with _alone(engine):
        for metadata in tables:
            metadata.create_all(engine)
    return engine


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # this module begins transactions, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sql.Connection) -> None:
    """Take the write lock first: a transaction that reads and then writes cannot fail halfway."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _alone(engine: sql.Engine) -> AbstractContextManager[object]:
    """Keeps other processes from creating the same SQLite file at once, which SQLite answers with an error."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return nullcontext()
    path = Path(engine.url.database)
    return FileLock(f"{path}.lock") if path.parent.is_dir() else nullcontext()
