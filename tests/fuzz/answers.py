"""Malformed answers: what a client does when a server says anything at all."""

from __future__ import annotations

import asyncio
import time
from random import Random

from conformance.vectors import world
from protocol.epochs import Role
from service.http_client import call, new_session
from service.media_types import PROBLEM, PROBLEM_TYPE
from service.problems import Problem, Unreachable
from tests.fuzz.mutation import mutate
from tests.fuzz.trial import Findings

NAME = "answer of a server"
_STATUSES = (200, 200, 200, 204, 301, 400, 404, 429, 500, 503, 999, 0, 100)
_DOCUMENT = b'{"type": "' + PROBLEM_TYPE.encode() + b'not-found", "title": "not found", "status": 404, "detail": "no"}'
_BODIES = (
    world.STATEMENTS[Role.OPERATOR], _DOCUMENT, b"[" * 100_000, b'{"type": [], "detail": 1}', b"\xff\xfe", b"null",
    b'{"type": "\\ud800", "detail": "\\ud800"}', b"9" * 5000, b"",
)  # fmt: skip


async def fuzz_answers(findings: Findings, random: Random, inputs: int, deadline: float) -> None:
    """Give answers to a client until `inputs` were given or `deadline` (of `time.monotonic`) has passed."""
    answer = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, new_session(5) as session:
        for _ in range(inputs):
            if time.monotonic() > deadline:
                break
            answer = _draw(random)
            findings.inputs += 1
            findings.decoders.add(NAME)
            findings.begins(NAME, answer)
            try:
                await call(session, "GET", url)
                findings.accepted += 1
            except (Problem, Unreachable):
                pass
            except Exception as error:  # noqa: BLE001 - any other is what we look for
                findings.crash(NAME, type(error).__name__, answer)


def _draw(random: Random) -> bytes:
    body = random.choice(_BODIES)
    if random.random() < 0.7:
        body = mutate(random, body)
    media = random.choice((PROBLEM, PROBLEM, "application/cbor", "text/html; charset=\xff", ""))
    length = random.choice((len(body), len(body), len(body), 0, len(body) + 1, -1))
    extra = random.choice(
        ("", "", "", "Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n", "Location: //\r\n")
    )
    head = f"HTTP/1.1 {random.choice(_STATUSES)} OK\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n{extra}\r\n"
    whole = head.encode("latin-1") + body
    return mutate(random, whole) if random.random() < 0.2 else whole
