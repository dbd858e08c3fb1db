"""A table of one piece, put into partitions by a step of a migration. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql

if TYPE_CHECKING:
    from alembic.operations import Operations


def put_into_partitions(operations: Operations, name: str) -> None:
    """Have PostgreSQL keep a table, if it is there, in a partition for each epoch, and one for all others.

    Rows, keys and indexes stay. Nothing is sampled for statistics of columns that hold bytes.
    """
    connection = operations.get_bind()
    inspector = sql.inspect(connection)
    if connection.dialect.name != "postgresql" or not inspector.has_table(name):
        return
    columns = [column["name"] for column in inspector.get_columns(name)]
    of_bytes = [column["name"] for column in inspector.get_columns(name) if str(column["type"]) == "BYTEA"]
    key, foreign = inspector.get_pk_constraint(name), inspector.get_foreign_keys(name)
    unique = inspector.get_unique_constraints(name)
    indexes = [index for index in inspector.get_indexes(name) if "duplicates_constraint" not in index]
    before = f"{name}_before"
    operations.rename_table(name, before)
    operations.execute(f"CREATE TABLE {name} (LIKE {before} INCLUDING DEFAULTS) PARTITION BY LIST (epoch)")
    operations.execute(f"CREATE TABLE {name}_others PARTITION OF {name} DEFAULT")
    rows = sql.table(before, *map(sql.column, columns))
    for epoch in connection.scalars(sql.select(rows.c.epoch).distinct()).all():
        operations.execute(f"CREATE TABLE {name}_{epoch} PARTITION OF {name} FOR VALUES IN ({epoch})")
    for column in of_bytes:
        operations.execute(f"ALTER TABLE {name} ALTER COLUMN {column} SET STATISTICS 0")
    table = sql.table(name, *map(sql.column, columns))
    operations.execute(sql.insert(table).from_select(columns, sql.select(*rows.c)))
    operations.drop_table(before)
    operations.create_primary_key(f"{name}_pkey", name, key["constrained_columns"])
    for one in unique:
        operations.create_unique_constraint(one["name"], name, one["column_names"])
    for link in foreign:
        of, to = link["constrained_columns"], link["referred_columns"]
        operations.create_foreign_key(link["name"], name, link["referred_table"], of, to)
    for index in indexes:
        operations.create_index(index["name"], name, [column for column in index["column_names"] if column])
