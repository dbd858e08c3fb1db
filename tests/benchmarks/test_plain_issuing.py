"""The plain servers do for every handle what they are compared for: a receipt, and durable rows at both."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path
from secrets import token_bytes

from aiohttp.test_utils import TestClient, TestServer

from benchmarks.plain_issuing import (
    ENTRY_BYTES,
    RECEIPT_BYTES,
    RECORD_BYTES,
    create_plain_authority,
    create_plain_operator,
)

HANDLES = 12


def test_each_handle_is_kept_deposited_and_answered(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{name}.db") for name in ("operator", "authority")]

    async def story() -> list[bytes]:
        authority = TestServer(create_plain_authority(files[1]))
        await authority.start_server()
        counts = Counter(sign=1), Counter(verify=1)
        async with TestClient(
            TestServer(create_plain_operator(files[0], str(authority.make_url("")), *counts))
        ) as http:

            async def register() -> bytes:
                headers = {"Authorization": f"Bearer {token_bytes(32).hex()}"}
                async with http.post("/v1/handles", data=token_bytes(110), headers=headers) as answer:
                    assert answer.status == 200
                    return await answer.read()

            answers = await asyncio.gather(*(register() for _ in range(HANDLES)))
        await authority.close()
        return answers

    assert {len(answer) for answer in asyncio.run(story())} == {RECORD_BYTES + ENTRY_BYTES + RECEIPT_BYTES}
    for file, query in zip(files, ("handles WHERE deposited", "directory"), strict=True):
        with sqlite3.connect(file) as connection:
            assert connection.execute(f"SELECT count(*) FROM {query}").fetchone() == (HANDLES,)
