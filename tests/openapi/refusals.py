"""What every path refuses: bodies that are no message, too long, too slow, or not CBOR; other parties' requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientError, ClientSession

from protocol.epochs import Domain, Role
from protocol.party_requests import REQUEST_TOLERANCE, sign_request
from protocol.primitives.signatures import SigningKey
from service.http import LARGE_BODIES, SMALL_BODY_BYTES
from service.http_client import call, new_session
from service.problems import Problem
from tests.openapi.documents import CBOR, Operation, operations
from tests.support.processes import Held

ZEROS = bytes(16).hex()
LONG = SMALL_BODY_BYTES + 1


async def refused(name: str, asked: Awaitable[object]) -> None:
    """A request that must end with the problem of this name."""
    with pytest.raises(Problem) as refusal:
        await asked
    assert refusal.value.name == name


async def send_bad_bodies(server: str, url: str, token: bytes) -> None:
    """To every path that takes a body: what is no message, no CBOR, and too long."""
    async with new_session() as session:
        for operation in operations(server):
            if operation.body is not None:
                too_long = bytes(operation.body["schema"]["maxLength"] + 1)
                await _send(session, url, operation, token, b"\xff")
                await _send(session, url, operation, token, b"\xff", kind="text/plain")
                await _send(session, url, operation, token, too_long)


async def send_slow_bodies(server: str, url: str, token: bytes) -> None:
    """To every path that takes a body: one whose last byte waits for the answer."""
    await asyncio.gather(*(_send_slowly(url, one, token) for one in operations(server) if one.body is not None))


async def send_too_many_long_bodies(server: str, url: str) -> None:
    """To every path that takes long bodies: one more than are read at a time."""
    for operation in operations(server):
        if operation.body is not None and operation.body["schema"]["maxLength"] > SMALL_BODY_BYTES:
            held = [await asyncio.to_thread(Held, url + operation.path, bytes(LONG)) for _ in range(LARGE_BODIES)]
            async with new_session() as session:
                await refused("try-later", call(session, "POST", url + operation.path, bytes(LONG)))
            for one in held:
                one.close()


async def send_bad_party_requests(
    server: str, url: str, domain: Domain, sender: Role, recipient: str, key: SigningKey, now: int
) -> None:
    """To every path for a party: requests by another key, in another domain, for another path, and too old."""
    other, elsewhere = SigningKey.generate(), replace(domain, number=domain.number + 1)
    for operation in operations(server):
        if operation.is_party_request:
            path = operation.at(warrant=ZEROS)
            attempts = {
                "invalid-signature": sign_request(domain, sender, recipient, path, now, b"", other),
                "wrong-domain": sign_request(elsewhere, sender, recipient, path, now, b"", key),
                "wrong-party": sign_request(domain, sender, recipient, "/v1/other", now, b"", key),
                "replayed-request": sign_request(
                    domain, sender, recipient, path, now - REQUEST_TOLERANCE - 1, b"", key
                ),
            }
            async with new_session() as session:
                for name, body in attempts.items():
                    await refused(name, call(session, "POST", url + path, body))


async def _send(
    session: ClientSession, url: str, operation: Operation, token: bytes, body: bytes, kind: str = CBOR
) -> None:
    headers = _headers(operation, token, kind)
    with suppress(ClientError):  # a server need not wait for the end of what it refuses
        async with session.post(url + operation.at(warrant=ZEROS), data=body, headers=headers) as response:
            await response.read()


async def _send_slowly(url: str, operation: Operation, token: bytes) -> None:
    address = urlsplit(url)
    headers = {"Host": address.netloc, "Content-Length": "2", "Connection": "close", **_headers(operation, token, CBOR)}
    lines = [f"POST {operation.at(warrant=ZEROS)} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + b"\x81")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x00")
    await reader.read()
    writer.close()


def _headers(operation: Operation, token: bytes, kind: str) -> dict[str, str]:
    session = {"Authorization": f"Bearer {token.hex()}"} if "security" in operation.description else {}
    return {"Content-Type": kind, **session}
