"""HTTP as bytes, so that a request can be wrong in every way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.media_types import PROBLEM, PROBLEM_TYPE

ANSWER_SECONDS = 20
"""How long a server may take for an answer on a busy machine. The slowest honest answer takes a tenth of a second."""


@dataclass(frozen=True)
class WireRequest:
    """A request as it goes out.

    `whole`: it is complete, so that an answer must come. `well_formed`: it is HTTP as the HTTP library must take it;
    what is none the library itself refuses, before any of our code.
    """

    data: bytes
    whole: bool = True
    well_formed: bool = True
    is_head: bool = False


@dataclass(frozen=True)
class WireAnswer:
    """An answer as it came in."""

    status: int
    headers: dict[str, str]
    body: bytes


class Hung(Exception):
    """A whole request was not answered in time."""


class Connection:
    """A connection to one server that is kept alive for as long as the server keeps it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: WireRequest) -> WireAnswer | None:
        """Send a request; None if the server closed the connection without an answer.

        Raises `Hung`, and `ConnectionRefusedError` when nobody listens. The connection goes on only after a whole
        request, so that what is wrong with one does not become the next.
        """
        fresh = self._streams is None
        try:
            answer = await self._exchange(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            await self.close()
            if fresh or not request.whole:
                return None
            answer = await self._exchange(request)  # an idle connection may have been closed meanwhile
        if not request.whole or answer.headers.get("connection", "").lower() == "close":
            await self.close()
        return answer

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: WireRequest) -> WireAnswer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        sending = asyncio.create_task(_send(writer, request.data))
        try:
            async with asyncio.timeout(ANSWER_SECONDS if request.whole else 0.2):
                return await _read_answer(reader, is_head=request.is_head)
        except TimeoutError:
            await self.close()
            if request.whole:
                raise Hung from None
            raise ConnectionResetError from None
        finally:
            if not sending.done():
                sending.cancel()
                await self.close()  # the server answered before it had all


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
        await writer.drain()
    except ConnectionError:
        pass  # the reader will see it


async def _read_answer(reader: asyncio.StreamReader, *, is_head: bool) -> WireAnswer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        if status >= 200:
            break
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if is_head or status in (204, 304):
        return WireAnswer(status, headers, b"")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return WireAnswer(status, headers, body)


def is_problem(answer: WireAnswer) -> bool:
    """Whether an answer is a problem document of §5.1 that says what its status says."""
    if answer.headers.get("content-type", "").partition(";")[0] != PROBLEM:
        return False
    try:
        document = json.loads(answer.body)
        return (
            document["status"] == answer.status
            and document["type"].startswith(PROBLEM_TYPE)
            and bool(document["title"])
            and bool(document["detail"])
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def problem_name(answer: WireAnswer) -> str:
    """The stable name of a problem document."""
    return str(json.loads(answer.body)["type"]).removeprefix(PROBLEM_TYPE) if is_problem(answer) else ""
