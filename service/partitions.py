"""Tables that PostgreSQL keeps in a partition for each epoch, so that a day goes with its files. Spec: §6.4.

Rows of an epoch without a partition are in one for all others. SQLite knows no partitions: nothing is done there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sql

from service.storage import exclusive

LOCK_SECONDS = 2
"""How long a table is waited for, and others wait behind that: longer than a vacuum takes to give way."""
LOCK_NOT_AVAILABLE = "55P03"
"""What PostgreSQL calls it when that was not long enough."""


def keep_in_partitions(table: sql.Table) -> None:
    """Have PostgreSQL make a table in partitions by its column `epoch`, which is in each of its keys."""
    sql.event.listen(table, "before_create", _part_by_epoch)
    sql.event.listen(table, "after_create", _make_others)


def make_partitions(engine: sql.Engine, table: sql.Table, epochs: Iterable[int]) -> None:
    """Make the partitions of these epochs that are not there.

    None is made while others use the table for long, or of an epoch that has rows already: they stay where they are.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        missing = set(epochs) - _epochs(connection, table)
    others = _part(table, "others")
    for epoch in sorted(missing):
        with _given_up_soon(engine, table) as connection:
            _keep_everybody_out(connection, table)
            of_epoch = sql.select(sql.exists().where(others.c.epoch == epoch))
            if epoch in _epochs(connection, table) or connection.scalar(of_epoch):
                continue
            name = _part(table, epoch).name
            connection.execute(sql.text(f"CREATE TABLE {name} PARTITION OF {table.name} FOR VALUES IN ({epoch})"))
            _keep_out_of_statistics(connection, table, name)


def drop_partitions(
    engine: sql.Engine,
    table: sql.Table,
    is_old: Callable[[int], bool],
    is_over: Callable[[sql.Connection, sql.TableClause], bool] = lambda *_: True,
) -> None:
    """Drop the partitions of old epochs of whose rows, if there are any, none is needed any more (`is_over`).

    None is dropped while others use the table for long. What is left the caller deletes row by row.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        old = sorted(filter(is_old, _epochs(connection, table)))
    for epoch in old:
        part = _part(table, epoch)
        with _given_up_soon(engine, table) as connection:
            if epoch in _epochs(connection, table) and is_over(connection, part):  # looked at before it is locked
                _keep_everybody_out(connection, table)
                if is_over(connection, part):
                    connection.execute(sql.text(f"DROP TABLE {part.name}"))


def without_changes(engine: sql.Engine, table: sql.Table) -> AbstractContextManager[sql.Connection]:
    """A transaction during which no partition of a table is made or dropped, and that overlaps no other such one."""
    return exclusive(engine, "partitions", table.name.encode())


@contextmanager
def _given_up_soon(engine: sql.Engine, table: sql.Table) -> Iterator[sql.Connection]:
    """A transaction that is rolled back, without an error, when a lock cannot be had soon: another turn will."""
    try:
        with without_changes(engine, table) as connection:
            connection.execute(sql.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            yield connection
    except sql.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise


def _keep_everybody_out(connection: sql.Connection, table: sql.Table) -> None:
    """Until the end of the transaction. Who uses a partition holds a lock on the whole table."""
    connection.execute(sql.text(f"LOCK TABLE ONLY {table.name} IN ACCESS EXCLUSIVE MODE"))


def _part_by_epoch(table: sql.Table, connection: sql.Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":  # to name its options loads all that it has, which takes long
        table.dialect_options["postgresql"]["partition_by"] = "LIST (epoch)"


def _make_others(table: sql.Table, connection: sql.Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sql.text(f"CREATE TABLE {_part(table, 'others').name} PARTITION OF {table.name} DEFAULT"))
        _keep_out_of_statistics(connection, table, table.name)


def _keep_out_of_statistics(connection: sql.Connection, table: sql.Table, name: str) -> None:
    """Have no samples of what is deleted later in the planner's statistics, which are in another table's files."""
    for column in table.columns:
        if isinstance(column.type, sql.LargeBinary):
            connection.execute(sql.text(f"ALTER TABLE {name} ALTER COLUMN {column.name} SET STATISTICS 0"))


def _epochs(connection: sql.Connection, table: sql.Table) -> set[int]:
    """The epochs that have a partition, by the partitions' names."""
    query = sql.text(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
        "WHERE inhparent = CAST(:name AS regclass)"
    )
    names = connection.scalars(query, {"name": table.name})
    numbers = (name.removeprefix(f"{table.name}_") for name in names)
    return {int(number) for number in numbers if number.isdecimal()}


def _part(table: sql.Table, which: int | str) -> sql.TableClause:
    """One partition by itself."""
    return sql.table(f"{table.name}_{which}", *(sql.column(column.name, column.type) for column in table.columns))
