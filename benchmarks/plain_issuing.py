"""Servers that do for a handle what any operator and authority have to, and nothing else.

That is HTTP on all three ways, the primitives, a look at who asks, and what is durable before it is answered, with
what waits at one moment together. They know no message, key or domain: what they sign and seal is their own.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from aiohttp import ClientSession, web

from benchmarks.floor import floor_of

ENTRY_BYTES, RECORD_BYTES, RECEIPT_BYTES = 595, 180, 123
"""About as long as a directory entry, a signed record and a receipt."""
TOKEN_BYTES = 64
MOST = 300
INSERTING_HANDLE = "INSERT INTO handles VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING"
INSERTING_ENTRY = "INSERT INTO directory VALUES (?, ?) ON CONFLICT DO NOTHING"

Part = tuple[str, tuple[bytes, ...]]
"""A statement and its parameters."""
Do = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class Together:
    """One batch after the other, each of what waits when it begins."""

    def __init__(self, do: Do) -> None:
        self._do = do
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._working: asyncio.Task[None] | None = None

    async def join(self, item: Any) -> Any:
        """What becomes of one."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                outcomes = await self._do([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  those who wait must hear of it
                for _, done in batch:
                    done.set_exception(error)
                continue
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                done.set_result(outcome)


class Database:
    """A new SQLite file with one table, as durable as the parties' own. One thread writes, another one reads."""

    def __init__(self, file: str, table: str) -> None:
        self._writing, self._reading = (
            sqlite3.connect(file, isolation_level=None, check_same_thread=False) for _ in "wr"
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._writing.execute(f"PRAGMA {pragma}")
        self._writing.execute(f"CREATE TABLE {table}")
        self._written = Together(lambda parts: asyncio.to_thread(self._write, parts))
        self._read = Together(lambda parts: asyncio.to_thread(self._find, parts))

    async def write(self, statement: str, *row: bytes) -> None:
        """Run a statement, in one transaction with all that waits."""
        await self._written.join((statement, row))

    async def read(self, query: str, *row: bytes) -> object:
        """The first row that a query finds."""
        return await self._read.join((query, row))

    def _write(self, parts: Sequence[Part]) -> Sequence[None]:
        rows = defaultdict[str, list[tuple[bytes, ...]]](list)
        for statement, row in parts:
            rows[statement].append(row)
        self._writing.execute("BEGIN IMMEDIATE")
        for statement, of_statement in rows.items():
            self._writing.executemany(statement, of_statement)
        self._writing.execute("COMMIT")
        return [None] * len(parts)

    def _find(self, parts: Sequence[Part]) -> Sequence[object]:
        return [self._reading.execute(query, row).fetchone() for query, row in parts]


class PlainOperator:
    """Takes a registration, seals and keeps a record, and deposits it with all that wait."""

    def __init__(self, file: str, authority: str, before: Counter[str], after: Counter[str]) -> None:
        self._kept = Database(
            file, "handles (u BLOB PRIMARY KEY, record BLOB, entry BLOB, deposited INT) WITHOUT ROWID"
        )
        self._authority, self._before, self._after = authority, floor_of(before), floor_of(after)
        self._deposits = Together(self._deposit)
        self._sign = floor_of(Counter(sign=1))

    async def session(self, _app: web.Application) -> AsyncIterator[None]:
        """Have connections to the authority for as long as the server runs."""
        async with ClientSession() as self._session:
            yield

    async def register(self, request: web.Request) -> web.Response:
        """Answer a registration with as many bytes as a grant has."""
        token, body = bytes.fromhex(request.headers["Authorization"][-TOKEN_BYTES:]), await request.read()
        await self._kept.read("SELECT deposited FROM handles WHERE u = ?", token)
        self._before()
        handle, entry = body[:32] + token, body[:32].ljust(ENTRY_BYTES, b"\0")
        await self._kept.write(INSERTING_HANDLE, handle, bytes(RECORD_BYTES), entry)
        receipt = await self._deposits.join(entry)
        self._after()
        await self._kept.write("UPDATE handles SET deposited = 1 WHERE u = ?", handle)
        return _answer(bytes(RECORD_BYTES) + entry + receipt)

    async def _deposit(self, entries: Sequence[bytes]) -> Sequence[bytes]:
        self._sign()
        async with self._session.post(f"{self._authority}/v1/directory", data=b"".join(entries)) as answer:
            return _parts(await answer.read(), RECEIPT_BYTES)


class PlainAuthority:
    """Keeps entries and signs for each."""

    def __init__(self, file: str) -> None:
        self._kept = Database(file, "directory (i BLOB PRIMARY KEY, entry BLOB) WITHOUT ROWID")
        self._verify, self._sign = floor_of(Counter(verify=1)), floor_of(Counter(sign=1))

    async def deposit(self, request: web.Request) -> web.Response:
        """Answer a batch with as many bytes as its receipts have."""
        entries = _parts(await request.read(), ENTRY_BYTES)
        self._verify()
        await asyncio.gather(*(self._kept.write(INSERTING_ENTRY, entry[:32], entry) for entry in entries))
        for _ in entries:
            self._sign()
        return _answer(bytes(RECEIPT_BYTES * len(entries)))


def _parts(whole: bytes, size: int) -> list[bytes]:
    return [whole[place : place + size] for place in range(0, len(whole), size)]


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/cbor")


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response()


def create_plain_authority(file: str) -> web.Application:
    """The authority with a new SQLite file."""
    app = web.Application()
    app.add_routes([web.get("/healthz", _healthy), web.post("/v1/directory", PlainAuthority(file).deposit)])
    return app


def create_plain_operator(file: str, authority: str, before: Counter[str], after: Counter[str]) -> web.Application:
    """The operator with a new SQLite file, the authority's URL, and its primitives before and after a deposit."""
    app, operator = web.Application(), PlainOperator(file, authority, before, after)
    app.cleanup_ctx.append(operator.session)
    app.add_routes([web.get("/healthz", _healthy), web.post("/v1/handles", operator.register)])
    return app


def main(role: str, port: str, file: str, *more: str) -> None:
    """Serve on this machine: `authority PORT FILE`, or `operator PORT FILE URL COUNTS COUNTS`."""
    if role == "authority":
        app = create_plain_authority(file)
    else:
        url, *counts = more
        app = create_plain_operator(file, url, *(Counter(json.loads(one)) for one in counts))
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
