"""A venue's server on loopback, and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from protocol.http_messages import Decision, DoorAnswer
from protocol.primitives.encoding import Message
from service.http_client import call, new_session
from service.problems import Problem, Unreachable
from tests.support.domain import NOW
from venue.home import ServedVenue
from venue.server import create_venue_app


@asynccontextmanager
async def serving(venue: ServedVenue, now: int = NOW) -> AsyncIterator[tuple[ClientSession, str]]:
    async with TestServer(create_venue_app(venue.home, lambda: now)) as server, new_session() as session:
        yield session, str(server.make_url("")).rstrip("/")


def post(
    venue: ServedVenue, path: str, *bodies: Message | bytes, token: bytes | None = None, now: int = NOW
) -> list[bytes | Problem]:
    """The answers of a venue's server to one body after the other."""

    async def run() -> list[bytes | Problem]:
        answers: list[bytes | Problem] = []
        async with serving(venue, now) as (session, url):
            for body in bodies:
                try:
                    answers.append(await call(session, "POST", url + path, body, token))
                except Problem as problem:
                    answers.append(problem)
        return answers

    return asyncio.run(run())


def decisions(answers: list[bytes | Problem]) -> list[Decision]:
    return [DoorAnswer.from_bytes(answer).decision for answer in answers if isinstance(answer, bytes)]


def problems(answers: list[bytes | Problem]) -> list[tuple[int, str]]:
    return [(answer.status, answer.name) for answer in answers if isinstance(answer, Problem)]


async def until_up(url: str) -> None:
    """Wait for a server that another process starts."""
    async with new_session() as session:
        for _ in range(600):
            try:
                await call(session, "GET", f"{url}/healthz")
            except Unreachable:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError("the server does not come up")
