"""What many wait for is one transaction, of whatever kinds it is, and spoils nothing of what others wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sql

from service.refusals import TooManyRequests
from service.storage import CHUNK, insert_new, is_deadlock, open_database, writing
from service.transactions import Transactions
from tests.support.databases import KINDS, new_database

metadata = sql.MetaData()
numbers = sql.Table("numbers", metadata, sql.Column("number", sql.BigInteger, primary_key=True))
TOO_LARGE = 2**64


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sql.Engine]:
    engine = open_database(new_database(request.param, tmp_path), (), metadata)
    yield engine
    engine.dispose()


def insert(connection: sql.Connection, items: Sequence[int]) -> list[bool]:
    new = insert_new(connection, numbers, [{"number": one} for one in sorted(set(items))])
    return [(one,) in new for one in items]


def insert_and_refuse(connection: sql.Connection, items: Sequence[int]) -> list[Exception]:
    insert(connection, items)
    return [TooManyRequests(str(one), 1) for one in items]


def count(connection: sql.Connection, items: Sequence[None]) -> list[int]:
    return [connection.scalar(sql.select(sql.func.count()).select_from(numbers)) or 0] * len(items)


def stored(engine: sql.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(sql.select(numbers).order_by(numbers.c.number)))


def test_of_more_rows_than_one_query_takes_the_new_ones_are_told(engine: sql.Engine) -> None:
    with engine.begin() as connection:
        known = range(0, 2 * CHUNK, 3)
        assert insert(connection, known) == [True] * len(known)
        told = insert(connection, range(2 * CHUNK + 1))
    assert told == [one not in known for one in range(2 * CHUNK + 1)]
    assert stored(engine) == [*range(2 * CHUNK + 1)]


def test_work_of_several_kinds_is_one_transaction(engine: sql.Engine) -> None:
    commits = list[sql.Connection]()
    sql.event.listen(engine, "commit", commits.append)

    async def run() -> list[object]:
        writer = Transactions("writer", writing(engine))
        joined = [writer.join(insert, 1), writer.join(count, None), writer.join(insert, 2)]
        return await asyncio.gather(*joined, writer.join(insert_and_refuse, 3), return_exceptions=True)

    *answers, refused = asyncio.run(run())
    assert answers == [True, 2, True]  # what is of one kind is done together, where the first of it is
    assert isinstance(refused, TooManyRequests)
    assert len(commits) == 1
    assert stored(engine) == [1, 2, 3]  # what was done for one that is refused stays


def test_what_the_database_does_not_take_spoils_itself_alone(engine: sql.Engine) -> None:
    async def run() -> list[bool | int | BaseException]:
        writer = Transactions("writer", writing(engine))
        joined = [writer.join(insert, one) for one in (1, TOO_LARGE, 2)]
        return await asyncio.gather(*joined, writer.join(count, None), return_exceptions=True)

    first, failed, last, counted = asyncio.run(run())
    assert (first, last, counted) == (True, True, 2)
    assert isinstance(failed, Exception)
    assert stored(engine) == [1, 2]


def test_two_processes_that_wait_for_each_other_spoil_nothing(tmp_path: Path) -> None:
    """PostgreSQL ends one of the two transactions; what was in it is then done one by one."""
    engine = open_database(new_database("postgresql", tmp_path), (), metadata)
    waiting = sql.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    ended = list[Exception]()

    def insert_in_order(connection: sql.Connection, items: Sequence[int]) -> list[bool]:
        try:
            return [insert(connection, [one])[0] for one in items]
        except sql.exc.OperationalError as error:
            ended.append(error)
            raise

    async def run() -> tuple[list[bool], list[object]]:
        writer = Transactions("writer", writing(engine))
        with engine.connect() as other:
            with other.begin():
                other.execute(sql.text("SET LOCAL deadlock_timeout = '1min'"))  # the writer's is ended
                insert(other, [2])
                tasks = [asyncio.create_task(writer.join(insert_in_order, one)) for one in (1, 2, 3)]
                while not await asyncio.to_thread(other.scalar, waiting):
                    pass
                others = await asyncio.to_thread(insert, other, [1])
            return others, list(await asyncio.gather(*tasks, return_exceptions=True))

    others, outcomes = asyncio.run(run())
    assert outcomes == [not others[0], False, True], "one of the two is first when the transaction has ended"
    assert [is_deadlock(error) for error in ended] == [True]
    assert stored(engine) == [1, 2, 3]
    engine.dispose()
