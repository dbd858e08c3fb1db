"""What strangers can make a party's server hold: long bodies are read a few at a time (A28)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.processes import Servers
from protocol.epochs import Role
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from service.http import BODY_SECONDS, SMALL_BODY_BYTES
from service.http_client import new_session
from service.media_types import CBOR
from service.problems import Problem
from tests.support.processes import real_world, start_party
from tests.support.running import run

CALLERS = 14
"""Without the rule, their bodies would take 210 MiB."""
PLACES = 4
"""So many long bodies are read at a time (§5.1)."""
ALMOST = 15 * 1024 * 1024
MOST_MEBIBYTES = 2 * PLACES * ALMOST // 1024**2 + 30
"""What the bodies may take, twice, with what requests take by themselves."""


async def send_almost(url: str, headers: str) -> tuple[bytes, asyncio.StreamWriter]:
    """Send 15 of 16 MiB and wait; what comes back meanwhile."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"POST {address.path} HTTP/1.1\r\nHost: here\r\nContent-Type: {CBOR}\r\n{headers}\r\n\r\n".encode())
    try:
        for _ in range(ALMOST // 65536):
            writer.write(bytes(65536) if "Length" in headers else b"10000\r\n" + bytes(65536) + b"\r\n")
            await writer.drain()
        async with asyncio.timeout(3):
            return await reader.readuntil(b"\r\n\r\n"), writer
    except (TimeoutError, ConnectionError):
        return b"", writer


@pytest.mark.parametrize(
    ("role", "path", "headers"),
    [
        (Role.OPERATOR, "/v1/shares", f"Content-Length: {MAX_MESSAGE_BYTES}"),
        (Role.AUTHORITY, "/v1/passes", "Transfer-Encoding: chunked"),
    ],
)
def test_a28_long_bodies_of_many_strangers_do_not_fill_the_memory(
    tmp_path: Path, role: Role, path: str, headers: str
) -> None:
    """They are told to try later, and everybody else is served."""
    world = real_world(tmp_path)

    async def story() -> tuple[list[bytes], int]:
        async with new_session() as session:
            with Servers(tmp_path) as servers:
                await start_party(servers, session, world, role)
                before = servers.peak_mebibytes()
                url = world.urls[role] + path
                sent = await asyncio.gather(*(send_almost(url, headers) for _ in range(CALLERS)))
                with pytest.raises(Problem) as refusal:
                    await world.post(role, path, bytes(SMALL_BODY_BYTES))
                assert refusal.value.name == "malformed-encoding"
                for _, writer in sent:
                    writer.close()
                return [answer for answer, _ in sent], servers.peak_mebibytes() - before

    answers, grown = run(story())
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
    assert len(refused) >= CALLERS - PLACES
    assert all(re.search(rb"Retry-After: (\d+)", answer)[1] == b"%d" % BODY_SECONDS for answer in refused)  # type: ignore[index]
    assert grown < MOST_MEBIBYTES
