"""PostgreSQL keeps each epoch's rows in a partition, which is dropped without keeping anybody waiting for long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sql

from service import partitions
from service.partition_migration import put_into_partitions
from service.partitions import drop_partitions, keep_in_partitions, make_partitions
from service.storage import open_database
from tests.support.at_once import at_once
from tests.support.databases import KINDS, new_database

metadata, of_one_piece = sql.MetaData(), sql.MetaData()
visits, before = (
    sql.Table(
        "visits",
        of,
        sql.Column("epoch", sql.BigInteger, primary_key=True),
        sql.Column("number", sql.BigInteger, primary_key=True),
        sql.Column("content", sql.LargeBinary, nullable=False),
        sql.Index("ix_visits_number", "number"),
        sql.UniqueConstraint("epoch", "content", name="uq_visits_content"),
    )
    for of in (metadata, of_one_piece)
)
keep_in_partitions(visits)


@pytest.fixture
def engine(tmp_path: Path) -> sql.Engine:
    return open_database(new_database("postgresql", tmp_path), (), metadata)


def fill(engine: sql.Engine, *epochs: int) -> None:
    """Insert three rows of each epoch."""
    places = [(epoch, number) for epoch in epochs for number in range(3)]
    rows = [{"epoch": epoch, "number": number, "content": f"{epoch}:{number}".encode()} for epoch, number in places]
    with engine.begin() as connection:
        connection.execute(sql.insert(visits), rows)


def counts(engine: sql.Engine) -> dict[str, int]:
    """How many rows each partition has, by its name."""
    tree = sql.text("SELECT CAST(relid AS text) FROM pg_partition_tree('visits') WHERE isleaf ORDER BY 1")
    with engine.connect() as connection:
        names = connection.scalars(tree).all()
        count = sql.func.count()
        return {name: connection.scalar(sql.select(count).select_from(sql.table(name))) or 0 for name in names}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_taken_with_a_partition_and_without(kind: str, tmp_path: Path) -> None:
    engine = open_database(new_database(kind, tmp_path), (), metadata)
    make_partitions(engine, visits, [5])
    fill(engine, 5, 6)
    drop_partitions(engine, visits, lambda epoch: epoch in {5, 6})
    with engine.connect() as connection:
        left = connection.scalars(sql.select(visits.c.epoch).distinct().order_by(visits.c.epoch)).all()
    assert left == ([5, 6] if kind == "sqlite" else [6]), "what has no partition its owner deletes"
    engine.dispose()


def test_an_epochs_rows_are_in_its_partition(engine: sql.Engine) -> None:
    for _ in range(2):  # the second time there is nothing to do
        make_partitions(engine, visits, [5, 6])
    fill(engine, 5, 7)
    assert counts(engine) == {"visits_5": 3, "visits_6": 0, "visits_others": 3}


def test_an_epoch_that_has_rows_already_stays_where_it_is(engine: sql.Engine) -> None:
    fill(engine, 5)
    make_partitions(engine, visits, [5, 6])
    assert counts(engine) == {"visits_6": 0, "visits_others": 3}


def test_only_old_partitions_go_and_only_if_nothing_in_them_is_needed(engine: sql.Engine) -> None:
    make_partitions(engine, visits, [5, 6, 7])
    fill(engine, 5, 6, 7)
    drop_partitions(engine, visits, lambda epoch: epoch < 7, lambda _, day: day.name != "visits_6")
    assert counts(engine) == {"visits_6": 3, "visits_7": 3, "visits_others": 0}


def test_what_comes_while_a_partition_is_looked_at_keeps_it(engine: sql.Engine) -> None:
    """Until it is locked anybody can insert."""
    make_partitions(engine, visits, [5])

    def is_over(connection: sql.Connection, day: sql.TableClause) -> bool:
        seen = connection.scalar(sql.select(sql.func.count()).select_from(day))
        if not looked:
            fill(engine, 5)
        looked.append(seen)
        return seen == 0

    looked: list[int | None] = []
    drop_partitions(engine, visits, lambda _: True, is_over)
    assert looked == [0, 3]
    assert counts(engine) == {"visits_5": 3, "visits_others": 0}


def make(engine: sql.Engine) -> None:
    make_partitions(engine, visits, [6])


def drop(engine: sql.Engine) -> None:
    drop_partitions(engine, visits, lambda _: True)


@pytest.mark.parametrize(
    ("change", "then"), [(make, {"visits_5", "visits_6", "visits_others"}), (drop, {"visits_others"})]
)
def test_who_uses_a_table_for_long_is_not_waited_for(
    engine: sql.Engine, monkeypatch: pytest.MonkeyPatch, change: Callable[[sql.Engine], None], then: set[str]
) -> None:
    """The next turn makes or drops it."""
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.1)
    make_partitions(engine, visits, [5])
    with engine.connect() as reading:
        reading.execute(sql.select(visits)).all()
        change(engine)
        assert counts(engine).keys() == {"visits_5", "visits_others"}
        fill(engine, 5)
    change(engine)
    assert counts(engine).keys() == then


def test_another_error_is_none_of_waiting(engine: sql.Engine) -> None:
    make_partitions(engine, visits, [5])

    def fail(*_: object) -> bool:
        raise sql.exc.OperationalError("", {}, Exception())

    with pytest.raises(sql.exc.OperationalError):
        drop_partitions(engine, visits, lambda _: True, fail)


def test_processes_that_make_and_drop_at_once_do_it_once(engine: sql.Engine) -> None:
    for change in (lambda: make_partitions(engine, visits, range(5, 9)), lambda: drop(engine)):
        assert at_once(*[change] * 4) == [None] * 4
    assert counts(engine) == {"visits_others": 0}


def test_nothing_of_a_row_is_sampled_for_statistics(engine: sql.Engine) -> None:
    """Statistics are in files of another table, and stay there when a partition is dropped."""
    make_partitions(engine, visits, [5])
    fill(engine, 5, 6)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
        sampled = connection.execute(sql.text("SELECT tablename, attname FROM pg_stats WHERE tablename ~ '^visits'"))
        names = {(row.tablename, row.attname) for row in sampled}
    assert ("visits_5", "number") in names
    assert not [name for _, name in names if name == "content"]


def test_a_table_of_one_piece_is_put_into_partitions_with_its_rows(tmp_path: Path) -> None:
    url = new_database("postgresql", tmp_path)
    older = open_database(url, (), of_one_piece)
    fill(older, 5, 6)
    older.dispose()
    engine = open_database(url, (lambda operations: put_into_partitions(operations, "visits"),), metadata)
    assert counts(engine) == {"visits_5": 3, "visits_6": 3, "visits_others": 0}
    with engine.connect() as connection:
        assert len(set(connection.scalars(sql.select(visits.c.content)))) == 6
    with pytest.raises(sql.exc.IntegrityError):
        fill(engine, 5)
