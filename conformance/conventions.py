"""What every server does with any request. Spec: §5.1."""

from __future__ import annotations

import asyncio
import functools
import gzip
from collections.abc import AsyncIterator

from conformance.check import Checks
from conformance.errors import Failed
from conformance.tester import PARTIES, Server, Tester
from protocol.primitives.encoding import MAX_MESSAGE_BYTES

checks = Checks()

POST_PATHS = {Server.OPERATOR: "/v1/verifications", Server.AUTHORITY: "/v1/venues", Server.VENUE: "/v1/check-ins"}
"""A path of each server that takes a short message from anyone."""
PARTY_PATHS = {Server.OPERATOR: "/v1/warrants", Server.AUTHORITY: "/v1/directory", Server.VENUE: "/v1/releases"}
"""A path of each server that takes a party request."""
LARGE_PATHS = {Server.OPERATOR: "/v1/shares", Server.AUTHORITY: "/v1/passes"}
"""The requests that carry releases and batches."""
LARGEST_BODY, LARGEST_SHORT_BODY = 256 * 1024, 4 * 1024
BOMB_BYTES = 2 * MAX_MESSAGE_BYTES
SLOW_SECONDS = 60


async def answers(tester: Tester, server: Server) -> None:
    """Without this nothing else can be checked."""
    await tester.get(server, "/healthz")


for _server in Server:
    checks.add(f"5.1/answers/{_server}", f"--{_server}", requirement="The server answers HTTP requests.")(
        functools.partial(answers, server=_server)
    )


@checks.add_at(Server, "5.1/health")
async def health(tester: Tester, server: Server) -> None:
    """`GET /healthz` answers 200 and `{"status": "ok"}`."""
    answer = await tester.get(server, "/healthz")
    answer.expect(200)
    if answer.document != {"status": "ok"}:
        raise Failed(f"{answer}: {answer.body[:100]!r}")


@checks.add_at(Server, "5.1/readiness")
async def readiness(tester: Tester, server: Server) -> None:
    """`GET /readyz` answers 200 and `{"status": "ready"}`, or 503, `not-ready`."""
    answer = await tester.get(server, "/readyz")
    if answer.status != 200:
        answer.expect_problem(503, "not-ready")
    elif answer.document != {"status": "ready"}:
        raise Failed(f"{answer}: {answer.body[:100]!r}")


@checks.add_at(Server, "5.1/unknown-path")
async def unknown_path(tester: Tester, server: Server) -> None:
    """A path that does not exist is refused with 404, `not-found`."""
    (await tester.get(server, "/v1/no-such-path")).expect_problem(404, "not-found")


@checks.add_at(Server, "5.1/other-method")
async def other_method(tester: Tester, server: Server) -> None:
    """A path's other methods are refused with 405, `method-not-allowed`."""
    (await tester.send(server, "DELETE", POST_PATHS[server])).expect_problem(405, "method-not-allowed")


@checks.add_at(Server, "5.1/other-media-type")
async def other_media_type(tester: Tester, server: Server) -> None:
    """A body of another media type than `application/cbor` is refused with 415."""
    answer = await tester.post(server, POST_PATHS[server], b"{}", media_type="application/json")
    answer.expect_problem(415, "unsupported-media-type")


@checks.add_at(Server, "5.1/largest-body")
async def largest_body(tester: Tester, server: Server) -> None:
    """Bodies of up to 256 KiB are taken: one of that size is read, and malformed."""
    answer = await tester.post(server, PARTY_PATHS[server], bytes(LARGEST_BODY))
    answer.expect_problem(400, "malformed-encoding")


@checks.add_at(Server, "5.1/larger-body")
async def larger_body(tester: Tester, server: Server) -> None:
    """A body that is one byte longer than 256 KiB is refused with 413."""
    answer = await tester.post(server, PARTY_PATHS[server], bytes(LARGEST_BODY + 1))
    answer.expect_problem(413, "request-entity-too-large")


@checks.add_at(Server, "5.1/larger-body-in-chunks")
async def larger_body_in_chunks(tester: Tester, server: Server) -> None:
    """A body over the limit is refused with 413, also when no `Content-Length` announces it."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(0, LARGEST_BODY + 1, 65536):
            yield bytes(65536)

    (await tester.post(server, PARTY_PATHS[server], chunks())).expect_problem(413, "request-entity-too-large")


@checks.add_at(Server, "5.1/short-body")
async def short_body(tester: Tester, server: Server) -> None:
    """A short message may have 4 KiB: one of that size is read, and malformed. A longer one is refused with 413."""
    answer = await tester.post(server, POST_PATHS[server], bytes(LARGEST_SHORT_BODY))
    answer.expect_problem(400, "malformed-encoding")
    answer = await tester.post(server, POST_PATHS[server], bytes(LARGEST_SHORT_BODY + 1))
    answer.expect_problem(413, "request-entity-too-large")


@checks.add_at(PARTIES, "5.1/largest-batch")
async def largest_batch(tester: Tester, server: Server) -> None:
    """The request that carries releases or batches takes bodies of up to 16 MiB: one of that size is read."""
    answer = await tester.post(server, LARGE_PATHS[server], bytes(MAX_MESSAGE_BYTES))
    answer.expect_problem(400, "malformed-encoding")


@checks.add_at(PARTIES, "5.1/larger-batch")
async def larger_batch(tester: Tester, server: Server) -> None:
    """On that request a body that is one byte longer than 16 MiB is refused with 413."""
    answer = await tester.post(server, LARGE_PATHS[server], bytes(MAX_MESSAGE_BYTES + 1))
    answer.expect_problem(413, "request-entity-too-large")


@checks.add_at(Server, "5.1/compressed-body")
async def compressed_body(tester: Tester, server: Server) -> None:
    """A body that has a `Content-Encoding` is refused with 415, and nothing is inflated."""
    answer = await tester.post(server, POST_PATHS[server], _bomb(), headers={"Content-Encoding": "gzip"})
    answer.expect_problem(415, "unsupported-media-type")


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB_BYTES))


@checks.add_at(Server, "5.1/slow-body", "--slow")
async def slow_body(tester: Tester, server: Server) -> None:
    """A body that does not arrive within 30 s is refused with 408."""

    async def trickle() -> AsyncIterator[bytes]:
        yield b"\x81"
        await asyncio.sleep(SLOW_SECONDS)

    (await tester.post(server, POST_PATHS[server], trickle())).expect_problem(408, "slow-request")
