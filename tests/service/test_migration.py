"""A database that an older program made is brought up to date once, whole or not at all, and keeps its rows."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sql
from alembic.operations import Operations

from service.errors import ConfigurationError
from service.storage import exclusive, open_database
from tests.support.databases import KINDS, new_database

first = sql.MetaData()
sql.Table("guests", first, sql.Column("number", sql.Integer, primary_key=True), sql.Column("name", sql.String(20)))

second = sql.MetaData()
guests = sql.Table(
    "guests",
    second,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("name", sql.String(20)),
    sql.Column("door", sql.String(20), nullable=False),
)
sql.Table("doors", second, sql.Column("door", sql.String(20), primary_key=True))
parking = sql.MetaData()
sql.Table("places", parking, sql.Column("number", sql.Integer, primary_key=True))


def add_doors(operations: Operations) -> None:
    with operations.batch_alter_table("guests") as table:
        table.add_column(sql.Column("door", sql.String(20), nullable=False, server_default="front"))


def fail(operations: Operations) -> None:
    operations.execute("DELETE FROM guests")
    raise RuntimeError("in the middle of a step")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the first version with one row, made before there were notes of versions."""
    address = new_database(request.param, tmp_path)
    engine = open_database(address, (), first)
    with engine.begin() as connection:
        connection.execute(sql.text("INSERT INTO guests VALUES (1, '홍길동')"))
        connection.execute(sql.text("DROP TABLE schema_version"))
    engine.dispose()
    return address


def rows(engine: sql.Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sql.text(statement))]


def test_an_old_database_gets_the_new_columns_and_tables_and_keeps_its_rows(url: str) -> None:
    engine = open_database(url, (add_doors,), second)
    assert rows(engine, "SELECT * FROM guests") == [(1, "홍길동", "front")]
    assert rows(engine, "SELECT * FROM doors") == []
    assert rows(open_database(url, (add_doors,), second), "SELECT * FROM schema_version") == [(1,)]


def test_a_database_that_is_up_to_date_is_only_read(url: str) -> None:
    engine = open_database(url, (add_doors,), second)
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        said.append(statement)

    sql.event.listen(sql.Engine, "before_cursor_execute", hear)
    try:
        with exclusive(engine, "schema"):
            said.clear()
            open_database(url, (add_doors,), second)
    finally:
        sql.event.remove(sql.Engine, "before_cursor_execute", hear)
    words = {word for statement in said for word in statement.split()}
    assert "SELECT" in words
    assert not {"CREATE", "DELETE", "INSERT", "UPDATE", "IMMEDIATE"} & words


def test_a_table_that_is_missing_is_made_without_a_step(url: str) -> None:
    open_database(url, (), first)
    engine = open_database(url, (), first, parking)
    assert rows(engine, "SELECT * FROM places") == []
    assert rows(engine, "SELECT * FROM guests") == [(1, "홍길동")]


def test_an_empty_database_takes_no_steps(tmp_path: Path) -> None:
    engine = open_database(new_database("sqlite", tmp_path), (fail,), second)
    assert rows(engine, "SELECT * FROM schema_version") == [(1,)]


def test_processes_that_start_at_once_take_a_step_once(url: str) -> None:
    faults: list[Exception] = []

    def start() -> None:
        try:
            open_database(url, (add_doors,), second)
        except Exception as error:  # noqa: BLE001  shown below
            faults.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert rows(open_database(url, (add_doors,), second), "SELECT * FROM guests") == [(1, "홍길동", "front")]


def test_a_step_that_fails_leaves_everything_as_it_was(url: str) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        open_database(url, (add_doors, fail), second)
    assert rows(open_database(url, (), first), "SELECT * FROM guests") == [(1, "홍길동")]


def test_an_older_program_refuses_a_newer_database_and_leaves_it(url: str) -> None:
    open_database(url, (add_doors,), second)
    with pytest.raises(ConfigurationError, match="version 1 and this program knows 0"):
        open_database(url, (), first)
    assert rows(open_database(url, (add_doors,), second), "SELECT * FROM guests") == [(1, "홍길동", "front")]
