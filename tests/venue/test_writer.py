"""What many doors admit at once is stored together; each is told when it is durable, and none because of another."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sql
from aiohttp.test_utils import TestServer

from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision, DoorAnswer
from service import batches
from service.batches import MAX_BATCH
from service.http_client import call, new_session
from service.problems import Problem
from service.refusals import TryLater
from service.storage import is_storage_trouble, open_database, writing
from tests.support.databases import KINDS, new_database
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, enrol
from tests.support.venue_server import serving
from tests.venue.conftest import MakeVenue, stored
from tests.venue.test_store import check_in
from venue import store
from venue.home import ServedVenue
from venue.server import create_venue_app
from venue.store import Spending, Store, spend_all
from venue.writer import Writer

ADMITTED, SPENT, NO_ENTRY = Decision.ADMITTED, Decision.ALREADY_SPENT, Decision.NO_ENTRY
ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
MANY = 40

T = TypeVar("T")


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> sql.Engine:
    return open_database(new_database(request.param, tmp_path), (), store.metadata)


@pytest.fixture
def door(engine: sql.Engine) -> Store:
    return Store(engine, 255, bytes(16))


def entries(door: Store, count: int) -> list[Spending]:
    return [door.spending(check_in(number, NOW, 10)) for number in range(count)]


def committing(engine: sql.Engine) -> list[sql.Connection]:
    """The list to which the connection of every commit is added, just before it."""
    commits = list[sql.Connection]()
    sql.event.listen(engine, "commit", commits.append)
    return commits


@contextmanager
def held(engine: sql.Engine) -> Iterator[None]:
    """Nobody can write check-ins meanwhile."""
    with writing(engine).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sql.text("LOCK TABLE check_ins IN SHARE MODE"))
        yield


async def ended(*decisions: Awaitable[T]) -> Sequence[T | BaseException]:
    return await asyncio.gather(*decisions, return_exceptions=True)


async def until_taken(writer: Writer) -> None:
    """Wait until it is the turn of whoever came first."""
    while writer._working is None or writer._waiting:
        await asyncio.sleep(0.01)


async def until_waiting(writer: Writer, count: int) -> None:
    """Wait until so many wait behind those whose turn it is."""
    while len(writer._waiting) != count:
        await asyncio.sleep(0.01)


def test_what_waits_is_one_transaction(engine: sql.Engine, door: Store) -> None:
    commits = committing(engine)

    async def run() -> list[Decision]:
        writer = Writer(engine)
        with held(engine):
            first = asyncio.create_task(writer.spend(door.spending(check_in(MANY, NOW, 10))))
            await until_taken(writer)
            tasks = [asyncio.create_task(writer.spend(one)) for one in entries(door, MANY)]
            await until_waiting(writer, MANY)
        return await asyncio.gather(first, *tasks)

    assert asyncio.run(run()) == [ADMITTED] * (MANY + 1)
    assert len(commits) == 3  # the one that held the table, the first, and all others
    assert door.days()[0].entries == MANY + 1


def test_more_than_one_transaction_takes_go_one_after_the_other(engine: sql.Engine, door: Store) -> None:
    commits, count = committing(engine), MAX_BATCH + 1

    async def run() -> list[Decision]:
        writer = Writer(engine)
        return await asyncio.gather(*(writer.spend(replace(one, time=NOW)) for one in numbered(door, count)))

    assert asyncio.run(run()) == [ADMITTED] * count
    assert len(commits) == 2


def numbered(door: Store, count: int) -> list[Spending]:
    (one,) = entries(door, 1)
    return [replace(one, key=one.key._replace(u=number.to_bytes(32, "big"))) for number in range(count)]


def test_nobody_is_told_anything_before_the_commit(engine: sql.Engine, door: Store) -> None:
    told = list[list[bool]]()

    async def run() -> list[Decision]:
        one, other = entries(door, 2)
        leaving = door.spending(check_in(2, NOW, 10, EXIT))
        tasks = [asyncio.create_task(writer.spend(each)) for each in (one, one, other, leaving)]
        sql.event.listen(engine, "commit", lambda _: told.append([task.done() for task in tasks]))
        return await asyncio.gather(*tasks)

    writer = Writer(engine)
    assert asyncio.run(run()) == [ADMITTED, SPENT, ADMITTED, NO_ENTRY]
    assert told == [[False] * 4]


def test_if_the_commit_fails_nobody_is_told_that_a_pass_is_spent(engine: sql.Engine, door: Store) -> None:
    tried = list[int]()

    def fail(_connection: sql.Connection) -> None:
        tried.append(1)
        raise sql.exc.OperationalError("COMMIT", {}, Exception("the disk is full"))

    async def run() -> Sequence[Decision | BaseException]:
        one, other = entries(door, 2)
        return await ended(*(writer.spend(each) for each in (one, one, other)))

    writer = Writer(engine)
    sql.event.listen(engine, "commit", fail)
    failed = asyncio.run(run())
    assert all(isinstance(error, Exception) and is_storage_trouble(error) for error in failed)
    assert len(tried) == 1  # nobody else waits in vain
    sql.event.remove(engine, "commit", fail)
    assert door.days() == []
    assert asyncio.run(run()) == [ADMITTED, SPENT, ADMITTED]


def test_who_comes_and_leaves_in_one_transaction(engine: sql.Engine, door: Store) -> None:
    elsewhere, other_domain = Store(engine, 255, bytes([1]) * 16), Store(engine, 1, bytes(16))
    spendings = [
        door.spending(check_in(1, NOW + 15, 10, EXIT)),  # its entry waits, too
        door.spending(check_in(1, NOW, 10)),
        door.spending(check_in(1, NOW + 15, 10)),
        door.spending(check_in(1, NOW - 15, 10, EXIT)),
        door.spending(check_in(1, NOW + 30, 10, EXIT)),
        door.spending(check_in(1, NOW + 15, 11, EXIT)),
        elsewhere.spending(check_in(1, NOW + 15, 10, EXIT)),
        other_domain.spending(check_in(1, NOW + 15, 10)),
        elsewhere.spending(check_in(1, NOW + 15, 10)),
    ]
    decided = spend_all(writing(engine), spendings)
    assert decided == [ADMITTED, ADMITTED, SPENT, NO_ENTRY, SPENT, NO_ENTRY, ADMITTED, ADMITTED, ADMITTED]
    assert door.entered(10, bytes([1]) * 32) == NOW  # the first one's label
    again = spend_all(writing(engine), spendings)
    assert again == [SPENT, SPENT, SPENT, NO_ENTRY, SPENT, NO_ENTRY, SPENT, SPENT, SPENT]
    late = [door.spending(check_in(1, NOW + MAX_STAY + seconds, 10, EXIT)) for seconds in (0, 15)]
    assert spend_all(writing(engine), late) == [SPENT, NO_ENTRY]


def test_a_check_in_that_the_database_does_not_take_spoils_itself_alone(engine: sql.Engine, door: Store) -> None:
    first, poison, last = entries(door, 3)
    poison = replace(poison, time=2**64)

    async def run() -> Sequence[Decision | BaseException]:
        return await ended(*(Writer(engine).spend(poison), *map(writer.spend, (first, first, poison, last))))

    writer = Writer(engine)
    alone, *decided, failed, spared = asyncio.run(run())
    assert [*decided, spared] == [ADMITTED, SPENT, ADMITTED]
    for error in (alone, failed):
        assert isinstance(error, Exception)
        assert not is_storage_trouble(error)
    assert door.days()[0].entries == 2


def test_a_database_that_fails_while_each_is_tried_alone_is_not_waited_for_again(
    engine: sql.Engine, door: Store
) -> None:
    tried = list[int]()

    def fail(_connection: sql.Connection) -> None:
        tried.append(1)
        raise sql.exc.OperationalError("COMMIT", {}, Exception("the disk is full"))

    async def run() -> Sequence[Decision | BaseException]:
        return await ended(*map(Writer(engine).spend, (replace(poison, time=2**64), *others)))

    poison, *others = entries(door, 5)
    sql.event.listen(engine, "commit", fail)
    assert all(isinstance(error, Exception) for error in asyncio.run(run()))
    assert len(tried) == 1
    assert door.days() == []


def test_whoever_is_gone_before_its_turn_keeps_its_pass(engine: sql.Engine, door: Store) -> None:
    async def run() -> list[Decision]:
        writer = Writer(engine)
        with held(engine):
            started = asyncio.create_task(writer.spend(one))
            await until_taken(writer)
            waiting = [asyncio.create_task(writer.spend(each)) for each in (gone, last)]
            await until_waiting(writer, 2)
            started.cancel()
            waiting[0].cancel()
            await asyncio.sleep(0)
        return [await waiting[1], await writer.spend(one), await writer.spend(gone)]

    one, gone, last = entries(door, 3)
    assert asyncio.run(run()) == [ADMITTED, SPENT, ADMITTED]


def test_whoever_has_waited_for_long_keeps_its_pass(
    engine: sql.Engine, door: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "WAITING_SECONDS", 0.05)

    async def run() -> tuple[Sequence[Decision | BaseException], Decision]:
        writer = Writer(engine)
        with held(engine):
            started = asyncio.create_task(writer.spend(one))
            await until_taken(writer)
            waiting = asyncio.create_task(writer.spend(other))
            await asyncio.sleep(0.1)
        return await ended(started, waiting), await writer.spend(other)

    one, other = entries(door, 2)
    (decided, refused), again = asyncio.run(run())
    assert (decided, again) == (ADMITTED, ADMITTED)
    assert isinstance(refused, TryLater)


def test_processes_insert_in_one_order(tmp_path: Path) -> None:
    """Otherwise each could wait for what the other has inserted, and PostgreSQL would end one of them."""
    engine = open_database(new_database("postgresql", tmp_path), (), store.metadata)
    low, high = entries(Store(engine, 255, bytes(16)), 2)
    waiting = sql.text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def insert(connection: sql.Connection, one: Spending) -> None:
        row = {**one.key._asdict(), "time": one.time, "encoded": one.encoded}
        connection.execute(sql.insert(store.check_ins).values(row))

    with ThreadPoolExecutor(1) as thread:
        with engine.begin() as other:
            insert(other, low)
            spent = thread.submit(spend_all, writing(engine), [high, low])
            while not other.scalar(waiting):
                pass
            insert(other, high)
        assert spent.result() == [SPENT, SPENT]
    engine.dispose()


@pytest.fixture
def shown(parties: Parties, today: OpenEpoch) -> list[CheckInMessage]:
    """Entries of many visitors at the venue."""
    visitors = [enrol(parties, today, "성춘향", f"+82102222{number:04}") for number in range(4)]
    passes = [owned for visitor in visitors for owned in visitor.passes]
    return [sign_check_in(today.key, owned, NOW, ENTRY, parties.venue.venue_id) for owned in passes]


def test_a_server_that_stops_answers_what_waits(venue: ServedVenue, shown: list[CheckInMessage]) -> None:
    async def run() -> list[bytes]:
        server = TestServer(create_venue_app(venue.home, lambda: NOW))
        await server.start_server()
        async with new_session() as session:
            with held(venue.home.engine):
                url = str(server.make_url("/v1/check-ins"))
                posts = [asyncio.create_task(call(session, "POST", url, one)) for one in shown]
                await asyncio.sleep(0.3)
                stopping = asyncio.create_task(server.close())
                await asyncio.sleep(0.3)
                assert not any(post.done() for post in posts)
            answers = await asyncio.gather(*posts)
            await stopping
            return answers

    answers = [DoorAnswer.from_bytes(answer) for answer in asyncio.run(run())]
    assert answers == [DoorAnswer(ADMITTED, ENTRY)] * len(shown)


def test_a_disk_that_takes_nothing_keeps_nobody_out_for_good(
    make_venue: MakeVenue, today: OpenEpoch, visitor: Visitor, shown: list[CheckInMessage]
) -> None:
    venue = make_venue([today])

    async def post_all() -> Sequence[bytes | BaseException]:
        async with serving(venue) as (session, url):
            return await ended(*(call(session, "POST", f"{url}/v1/check-ins", one) for one in shown))

    assert venue.gate.decide(sign_check_in(today.key, visitor.passes[0], NOW, ENTRY), NOW) is ADMITTED
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        refused = asyncio.run(post_all())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    problems = [(error.status, error.name) for error in refused if isinstance(error, Problem)]
    assert problems == [(503, "storage-failed")] * len(shown)
    assert len(stored(venue)[today.key.epoch]) == 1
    answers = [DoorAnswer.from_bytes(answer) for answer in asyncio.run(post_all()) if isinstance(answer, bytes)]
    assert answers == [DoorAnswer(ADMITTED, ENTRY)] * len(shown)


def test_two_servers_admit_each_pass_once(venue: ServedVenue, shown: list[CheckInMessage]) -> None:
    other = ServedVenue(type(venue.home)(venue.home.path), venue.venue_id)

    async def run() -> list[list[Decision]]:
        async with serving(venue) as (session, url), serving(other) as (_, other_url):
            posts = [
                asyncio.gather(*(call(session, "POST", f"{at}/v1/check-ins", one) for at in (url, other_url)))
                for one in shown
            ]
            return [
                [DoorAnswer.from_bytes(answer).decision for answer in both] for both in await asyncio.gather(*posts)
            ]

    assert [sorted(both) for both in asyncio.run(run())] == [[ADMITTED, SPENT]] * len(shown)
