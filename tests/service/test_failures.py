"""Whatever fails in a server, the caller gets a problem document that tells nothing of what was being done."""

from __future__ import annotations

import asyncio
import errno

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from protocol.primitives.errors import MalformedText, ReplayedRequest, WrongParty
from service.errors import ConfigurationError
from service.http import create_app
from service.media_types import PROBLEM, PROBLEM_TYPE
from service.problems import Problem, Unreachable
from service.refusals import STATUSES, TooManyRequests
from service.serving import Stopping

SECRET = "홍길동 +821012345678"


@pytest.mark.parametrize(
    ("failure", "status", "name", "detail"),
    [
        (RuntimeError(SECRET), 500, "internal-error", "the server failed; its log tells why"),
        (KeyError(SECRET), 500, "internal-error", "the server failed; its log tells why"),
        (OSError(errno.ENOSPC, SECRET), 503, "storage-failed", "the server cannot use its disk or database"),
        (OSError(errno.EBADF, SECRET), 500, "internal-error", "the server failed; its log tells why"),
        (ConfigurationError(SECRET), 503, "storage-failed", "the server cannot use its disk or database"),
        (Unreachable(SECRET), 503, "peer-unreachable", "another party does not answer; try again later"),
        (Stopping(), 503, "try-later", "the server is being stopped; try again in a moment"),
        (MalformedText("no text"), 400, "malformed-text", "no text"),
        (ReplayedRequest("twice"), 409, "replayed-request", "twice"),
        (WrongParty("not here"), 422, "wrong-party", "not here"),
        (Problem(418, "no-coffee", "a teapot"), 418, "no-coffee", "a teapot"),
        (TooManyRequests("slowly", 7), 429, "too-many-requests", "slowly; try again in 7 s"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method-not-allowed", "Method Not Allowed"),
        (web.HTTPConflict(reason="no"), 409, "refused", "no"),
    ],
)
def test_a_failure_is_a_problem_document(failure: Exception, status: int, name: str, detail: str) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise failure

    async def run() -> None:
        async with TestClient(TestServer(create_app([web.get("/v1/thing", fail)]))) as client:
            answer = await client.get("/v1/thing")
            assert (answer.status, answer.content_type) == (status, PROBLEM)
            assert await answer.json(content_type=PROBLEM) == {
                "type": PROBLEM_TYPE + name,
                "title": name.replace("-", " "),
                "status": status,
                "detail": detail,
            }
            assert answer.headers.get("Retry-After") == ("7" if isinstance(failure, TooManyRequests) else None)
            assert answer.headers.get("Allow") == ("GET" if status == 405 else None)

    asyncio.run(run())
    assert STATUSES.get(name, status) == status


def test_what_is_no_failure_passes() -> None:
    async def moved(_request: web.Request) -> web.Response:
        raise web.HTTPNotModified

    async def run() -> None:
        async with TestClient(TestServer(create_app([web.get("/v1/thing", moved)]))) as client:
            answer = await client.get("/v1/thing")
            assert (answer.status, await answer.read()) == (304, b"")

    asyncio.run(run())
