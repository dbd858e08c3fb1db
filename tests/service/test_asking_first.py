"""A body that a server does not ask for is not sent, and the sender knows what was."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from service import http_client
from service.http import asked_for_later, cbor_response, create_app, read_body
from service.http_client import call, new_session
from service.problems import Declined, NotConnected, Problem, Unreachable
from service.refusals import TryLater

BODY = bytes(100_000)


def served(*, refuse: str = "") -> tuple[web.Application, list[bytes], list[str]]:
    """A server that refuses before it reads, after that, or never; what it reads, and the headers that it is told."""
    read, told = list[bytes](), list[str]()

    async def take(request: web.Request) -> web.Response:
        told.extend(request.headers)
        if refuse == "before":
            raise TryLater("too much to do", 7)
        read.append(await read_body(request))
        if refuse == "after":
            raise TryLater("too much to do", 7)
        return cbor_response(b"taken")

    return create_app([web.post("/", take, expect_handler=asked_for_later)]), read, told


async def send(app: web.Application) -> bytes:
    async with TestServer(app) as server, new_session() as session:
        return await call(session, "POST", str(server.make_url("/")), BODY, ask_first=True)


def test_a_body_that_is_asked_for_is_sent() -> None:
    app, read, told = served()
    assert asyncio.run(send(app)) == b"taken"
    assert read == [BODY]
    assert "Content-Length" not in told


def test_a_body_that_is_declined_is_not_sent() -> None:
    app, read, told = served(refuse="before")
    with pytest.raises(Declined) as declined:
        asyncio.run(send(app))
    assert (declined.value.status, declined.value.name, read) == (503, "try-later", [])
    assert "Content-Length" not in told


def test_a_refusal_of_what_was_read_is_none_of_what_was_not() -> None:
    app, read, _ = served(refuse="after")
    with pytest.raises(Problem) as refused:
        asyncio.run(send(app))
    assert not isinstance(refused.value, Declined)
    assert read == [BODY]


@pytest.mark.parametrize("asks", [False, True])
def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch, *, asks: bool) -> None:
    """It has nothing of the body unless it asked for it."""
    monkeypatch.setattr(http_client, "ASKING_SECONDS", 0.2)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if asks:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            received.append(await reader.readuntil(b"\r\n0\r\n\r\n"))
        else:
            received.append(await reader.read())
        writer.close()

    async def story() -> None:
        async with (
            await asyncio.start_server(serve, "127.0.0.1", 0, limit=2 * len(BODY)) as server,
            new_session() as session,
        ):
            port = server.sockets[0].getsockname()[1]
            await call(session, "POST", f"http://127.0.0.1:{port}/", BODY, ask_first=True)

    received = list[bytes]()
    with pytest.raises(Unreachable) as failed:
        asyncio.run(story())
    assert isinstance(failed.value, NotConnected) is not asks
    assert any(len(one) >= len(BODY) for one in received) is asks


def test_another_expectation_is_refused() -> None:
    async def story() -> int:
        async with (
            TestServer(served()[0]) as server,
            new_session() as session,
            session.post(server.make_url("/"), data=BODY, headers={"Expect": "the best"}) as answer,
        ):
            return answer.status

    assert asyncio.run(story()) == 417
