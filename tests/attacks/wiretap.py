"""Everything that clients send to a server, byte by byte, as it goes over the wire."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Wiretap:
    """A line to a server at `url` that keeps what was sent on each connection."""

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self.url = ""
        self._sent: list[bytearray] = []

    def sent(self) -> list[bytes]:
        """What was sent since the last time, on one connection after the other."""
        sent = [bytes(one) for one in self._sent]
        self._sent.clear()
        return sent

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sent.append(record := bytearray())
        there, back = await asyncio.open_connection(self._server.hostname, self._server.port)
        await asyncio.gather(_relay(reader, back, record), _relay(there, writer, bytearray()))


async def _relay(source: asyncio.StreamReader, target: asyncio.StreamWriter, record: bytearray) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            record += data
            target.write(data)
            await target.drain()
    target.close()


@contextmanager
def wiretap(server: str) -> Iterator[Wiretap]:
    """Tap the line to a server."""
    tap, loop = Wiretap(server), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(tap.connect, "127.0.0.1", 0), loop).result()
    tap.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield tap
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
