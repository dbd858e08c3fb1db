"""A server that does for a check-in what any has to: HTTP, two verifications, a durable row; and nothing else.

It knows no message, key or venue: the signatures that it verifies are its own, over inputs as long as a check-in's.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

from aiohttp import web
from nacl.bindings import crypto_sign_open
from nacl.signing import SigningKey

PASS_INPUT_BYTES, LABEL_INPUT_BYTES = 128, 220
"""About what is signed of a pass and of a label."""
SIGNED_PASS_BYTES = 192
ADMITTED, SPENT = bytes.fromhex("820001"), bytes.fromhex("8208f6")

Row = tuple[bytes, bytes]


class PlainDoor:
    """Stores what waits in one transaction after the other, as the venue's server does."""

    def __init__(self, database: str) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE check_ins (u BLOB PRIMARY KEY, encoded BLOB NOT NULL) WITHOUT ROWID")
        key = SigningKey.generate()
        self._public = bytes(key.verify_key)
        self._signed = [bytes(key.sign(bytes(size))) for size in (PASS_INPUT_BYTES, LABEL_INPUT_BYTES)]
        self._waiting: list[tuple[Row, asyncio.Future[bool]]] = []
        self._storing: asyncio.Task[None] | None = None

    async def check_in(self, request: web.Request) -> web.Response:
        """Verify, store, and say whether the pass is new."""
        body = await request.read()
        for signed in self._signed:
            crypto_sign_open(signed, self._public)
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(((body[-SIGNED_PASS_BYTES:][:32], body), stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        return web.Response(body=ADMITTED if await stored else SPENT, content_type="application/cbor")

    async def _store_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            new = await asyncio.to_thread(self._store, [row for row, _ in batch])
            for (_, stored), is_new in zip(batch, new, strict=True):
                stored.set_result(is_new)

    def _store(self, rows: list[Row]) -> list[bool]:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        new = [execute("INSERT INTO check_ins VALUES (?, ?) ON CONFLICT DO NOTHING", row).rowcount == 1 for row in rows]
        execute("COMMIT")
        return new


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response()


def create_plain_app(database: str) -> web.Application:
    """The server with a new SQLite file."""
    app = web.Application()
    app.add_routes([web.post("/v1/check-ins", PlainDoor(database).check_in), web.get("/healthz", _healthy)])
    return app


def main(port: str, database: str) -> None:
    """Serve on this machine."""
    web.run_app(create_plain_app(database), host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
