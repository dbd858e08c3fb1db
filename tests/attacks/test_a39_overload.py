"""A39: an authority that is overloaded, or says so, costs visitors the passes of a day, or sees one of them again (C2).

Happened: Korea, 13 and 14 December 2021, when a central server was overloaded at lunch.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from aiohttp import web

from escrow.authority import server as authority_server
from escrow.operator import mixer
from protocol.epochs import Role
from protocol.passes import IssueBatch, PassAnswers, issue_batch
from service import http, readiness
from service.refusals import TryLater
from tests.support.running import run
from tests.support.servers import Enrolled, World, run_world

FEW = 2


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Parties of which the authority answers one batch at a time."""
    monkeypatch.setattr(authority_server, "MAX_BATCHES", 1)
    with run_world(tmp_path) as world:
        yield world


class Visitors:
    """Some visitors who ask for passes of today at the same moment, as often as they may."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests = world.operator.settings.requests_per_epoch

    async def come(self) -> None:
        self.key = await self.world.epoch_key()
        self.people: list[Enrolled] = [await self.world.enrol(number) for number in range(FEW)]
        self.secrets = [(await self.world.register(one, self.key))[0] for one in self.people]

    async def ask(self) -> set[object]:
        """What they get: passes, or which problem."""
        fetching = (self.world.fetch(one, self.key, h) for one, h in zip(self.people, self.secrets, strict=True))
        answers = await asyncio.gather(*fetching, return_exceptions=True)
        return {getattr(answer, "name", type(answer)) for answer in answers}

    async def use_up(self) -> int:
        """How many requests they still have."""
        for left in range(self.requests + 1):
            if await self.ask() == {"allowance-used"}:
                return left
        raise AssertionError


def test_a39_a_batch_that_the_authority_has_no_room_for_is_not_sent_and_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors, begun, done = Visitors(world), threading.Event(), threading.Event()

    def slow(*arguments: Any, **options: Any) -> PassAnswers:
        begun.set()
        done.wait()
        return issue_batch(*arguments, **options)

    async def story() -> None:
        await visitors.come()
        with monkeypatch.context() as patch:
            patch.setattr(authority_server, "issue_batch", slow)
            other = IssueBatch(world.today, (bytes(160),)).to_bytes()
            answered = asyncio.create_task(world.as_party(Role.OPERATOR, "/v1/passes", other))
            await asyncio.to_thread(begun.wait)
            try:
                for _ in range(visitors.requests + 1):
                    assert await visitors.ask() == {"peer-unreachable"}
            finally:
                done.set()
            await answered
        assert await visitors.use_up() == visitors.requests

    run(story())


def test_a39_a_batch_is_not_sent_to_an_authority_whose_database_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LOOK_SECONDS", 0)
    visitors, engine = Visitors(world), world.authority.engine

    def rename(before: str, after: str) -> None:
        with engine.begin() as connection:
            connection.execute(sql.text(f"ALTER TABLE {before} RENAME TO {after}"))

    async def story() -> None:
        await visitors.come()
        rename("schema_version", "hidden")
        for _ in range(visitors.requests + 1):
            assert await visitors.ask() == {"peer-unreachable"}
        rename("hidden", "schema_version")
        assert await visitors.use_up() == visitors.requests

    run(story())


def test_a39_an_operator_with_too_many_batches_under_way_counts_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors = Visitors(world)

    async def story() -> None:
        await visitors.come()
        with monkeypatch.context() as patch:
            patch.setattr(mixer, "MAX_UNDER_WAY", 0)
            for _ in range(visitors.requests + 1):
                assert await visitors.ask() == {"try-later"}
        assert await visitors.use_up() == visitors.requests

    run(story())


def test_a39_an_authority_that_has_seen_a_batch_does_not_see_it_again_for_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is overloaded once it has the batch, to compare it with the one that comes instead."""
    visitors, seen, read = Visitors(world), list[bytes](), http.read_body

    async def read_and_refuse(request: web.Request, max_bytes: int) -> bytes:
        seen.append(await read(request, max_bytes))
        raise TryLater("too much to do")

    async def story() -> None:
        await visitors.come()
        with monkeypatch.context() as patch:
            patch.setattr(authority_server, "read_body", read_and_refuse)
            assert await visitors.ask() == {"peer-failed"}
        assert len(seen) == 1
        assert await visitors.use_up() == visitors.requests - 1

    run(story())
