"""Looking whether a server can do its work costs little, however many ask, and waits for nobody."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import sqlalchemy as sql

from service import readiness
from service.readiness import Readiness
from service.refusals import NotReady
from service.storage import can_be_read, exclusive, open_database, sqlite_url


async def refusals(readiness: Readiness, count: int = 1) -> list[str]:
    """What so many are told at once; nothing is told to those for whom the server is ready."""
    told = await asyncio.gather(*(readiness.demand() for _ in range(count)), return_exceptions=True)
    assert all(one is None or isinstance(one, NotReady) for one in told)
    return [str(one) for one in told if one is not None]


def test_one_look_answers_everybody_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def look() -> list[str]:
        looks.append(threading.get_ident())
        return ["one thing", "another"]

    async def ask() -> None:
        ready = Readiness(look)
        for _ in range(2):
            assert await refusals(ready, 50) == ["one thing; another"] * 50
        assert len(looks) == 1
        assert looks[0] != threading.get_ident()
        monkeypatch.setattr(readiness, "LOOK_SECONDS", 0)
        await refusals(ready)
        assert len(looks) == 2

    asyncio.run(ask())


def test_nobody_waits_for_a_look_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no second thread begins to hang."""
    monkeypatch.setattr(readiness, "LOOK_SECONDS", 0)
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 0.05)
    looks, goes_on = [], threading.Event()

    def hang() -> list[str]:
        looks.append(1)
        goes_on.wait()
        return []

    async def ask() -> None:
        ready = Readiness(hang)
        for _ in range(3):
            (told,) = await refusals(ready)
            assert "do not answer" in told
        assert len(looks) == 1
        goes_on.set()
        await asyncio.sleep(0.01)
        monkeypatch.setattr(readiness, "ANSWER_SECONDS", 5)
        assert await refusals(ready) == []

    asyncio.run(ask())


def test_a_database_is_read_beside_an_exclusive_transaction(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "some.db"), ())
    with exclusive(engine, "it"):
        assert can_be_read(engine)


def test_a_database_that_is_gone_or_damaged_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    engine = open_database(sqlite_url(file), ())
    engine.dispose()
    file.write_bytes(b"damaged" * 1000)
    assert not can_be_read(engine)
    assert not can_be_read(sql.create_engine(sqlite_url(tmp_path / "nowhere" / "some.db")))
    assert not can_be_read(sql.create_engine(sqlite_url(tmp_path / "empty.db")))
