"""Databases that an earlier version of the program made, brought to the present one. Spec: §6.4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sql

from service.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.operations import Operations

Step: TypeAlias = "Callable[[Operations], None]"
"""Changes existing tables, and the rows in them, from one version to the next. It need not make new tables."""

_metadata = sql.MetaData()
_versions = sql.Table("schema_version", _metadata, sql.Column("version", sql.Integer, primary_key=True))


def migrate(connection: sql.Connection, steps: Sequence[Step], tables: Sequence[sql.MetaData]) -> None:
    """Give the database these tables, all within the connection's transaction.

    The version of a database is the number of `steps` that are behind it. Raises `ConfigurationError`, and nothing is
    changed, if a newer version of the program made it.
    """
    existing = set(sql.inspect(connection).get_table_names())
    version = _version(connection, existing, len(steps), tables)
    if version > len(steps):
        raise ConfigurationError(
            f"the database has version {version} and this program knows {len(steps)}; install the newer program"
        )
    if version < len(steps):
        _take(steps[version:], connection)
    for metadata in (_metadata, *tables):
        if version < len(steps) or not existing.issuperset(metadata.tables):
            metadata.create_all(connection)
    if version < len(steps) or _versions.name not in existing:
        connection.execute(sql.delete(_versions))
        connection.execute(sql.insert(_versions).values(version=len(steps)))


def is_current(connection: sql.Connection, steps: Sequence[Step], tables: Sequence[sql.MetaData]) -> bool:
    """Whether a database is of the program's version and lacks no table: then `migrate` would do nothing."""
    existing = set(sql.inspect(connection).get_table_names())
    named = _metadata.tables.keys() | {name for metadata in tables for name in metadata.tables}
    return existing >= named and _version(connection, existing, len(steps), tables) == len(steps)


def demand_version(connection: sql.Connection, steps: Sequence[Step], tables: Sequence[sql.MetaData]) -> None:
    """Raise `ConfigurationError` for a database that only reading cannot bring to the version of the program."""
    version = _version(connection, set(sql.inspect(connection).get_table_names()), len(steps), tables)
    if version != len(steps):
        raise ConfigurationError(
            f"the database has version {version}, this program knows {len(steps)}, and it cannot be written here"
        )


def _take(steps: Sequence[Step], connection: sql.Connection) -> None:
    from alembic.migration import MigrationContext  # most databases are of the present version and need no migration
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for step in steps:
        step(operations)


def _version(connection: sql.Connection, existing: set[str], latest: int, tables: Sequence[sql.MetaData]) -> int:
    """The version that a database says; 0 for one that is older than such notes, the latest for an empty one."""
    if _versions.name in existing:
        version: int = connection.execute(sql.select(_versions.c.version)).scalar_one()
        return version
    return 0 if any(existing & set(metadata.tables) for metadata in tables) else latest
