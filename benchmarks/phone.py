"""What a phone sends and receives, by kind, counted while the real client asks real servers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, TraceConfig

from benchmarks.section import Effort, Result, Section, Table
from client.list_search import search_lists
from client.list_sources import list_sources
from client.passes import fetch_epoch_key, fetch_passes
from lab.processes import START_SECONDS, Servers
from lab.town import Person, Town
from protocol.primitives.errors import SplitPassError
from service.http_client import call, new_session
from service.problems import Problem

DAYS = 30
KINDS = {
    "/v1/verifications": "enrolling",
    "/v1/sessions": "enrolling",
    "/v1/epochs": "keys of days",
    "/v1/log": "logs",
    "/v1/handles": "handles",
    "/v1/passes": "passes",
    "/v1/notices": "notices",
    "/v1/disclosures": "disclosures",
}


class Counted:
    """Bytes sent and received by kind, with the headers, and how many requests."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, int]] = defaultdict(lambda: {"requests": 0, "sent": 0, "received": 0})

    def trace(self) -> TraceConfig:
        """What aiohttp tells of each request."""
        config = TraceConfig()
        config.on_request_headers_sent.append(self._asked)
        config.on_request_chunk_sent.append(self._sent)
        config.on_request_end.append(self._answered)
        return config

    def _kind(self, params: Any) -> dict[str, int]:
        return self.of[next(kind for path, kind in KINDS.items() if params.url.path.startswith(path))]

    async def _asked(self, _session: ClientSession, _context: Any, params: Any) -> None:
        kind = self._kind(params)
        kind["requests"] += 1
        kind["sent"] += len(f"{params.method} {params.url.path} HTTP/1.1\r\n\r\n") + _header_bytes(
            params.headers.items()
        )

    async def _sent(self, _session: ClientSession, _context: Any, params: Any) -> None:
        self._kind(params)["sent"] += len(params.chunk)

    async def _answered(self, _session: ClientSession, _context: Any, params: Any) -> None:
        headers = params.response.headers  # servers say how long every body is
        received = len("HTTP/1.1 200 OK\r\n\r\n") + _header_bytes(headers.items()) + int(headers["Content-Length"])
        self._kind(params)["received"] += received


def _header_bytes(headers: Any) -> int:
    return sum(len(f"{name}: {value}\r\n".encode()) for name, value in headers)


def measure(_effort: Effort) -> Result:
    """Two visitors enrol, so that they hide each other, and fetch the passes of two days and all lists."""
    with TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> Result:
    async with _town(directory) as town:
        first, day = Counted(), Counted()
        async with new_session() as others:
            other = await town.enrol(others)
            async with ClientSession(trace_configs=[first.trace()]) as session:
                person = await town.enrol(session)
                await _published(person, others, town)
                await _fetch_passes(town.today, person, session, other, others)
                await _fetch_lists(person, session)
            async with ClientSession(trace_configs=[day.trace()]) as session:
                await _fetch_passes(town.today + 1, person, session, other, others)
                await _fetch_lists(person, session)
    received = sum(kind["received"] for kind in day.of.values())
    return {
        "allowance": town.settings.domain.allowance,
        "first_day": dict(first.of),
        "day": dict(day.of),
        "month_kilobytes": (DAYS * received + first.of["enrolling"]["received"]) / 1000,
    }


@asynccontextmanager
async def _town(directory: Path) -> Any:
    async with new_session() as session:
        with Servers(directory) as servers:
            town = Town(directory, minimum_accounts=2, mixing_seconds=2)
            await town.found(servers, session)
            yield town


async def _published(person: Person, session: ClientSession, town: Town) -> None:
    """Wait until both parties have tomorrow on record, and all lists are there."""
    for _ in range(START_SECONDS):
        try:
            await fetch_epoch_key(person.visitor, session, town.today + 1)
            for source in list_sources(person.visitor):
                await call(session, "GET", f"{source.server}/v1/{source.kind}")
        except (Problem, SplitPassError):
            await asyncio.sleep(1)
        else:
            return
    raise TimeoutError("the parties have not published tomorrow's keys and the lists of today")


async def _fetch_passes(
    epoch: int, person: Person, session: ClientSession, other: Person, others: ClientSession
) -> None:
    await asyncio.gather(fetch_passes(person.visitor, session, epoch), fetch_passes(other.visitor, others, epoch))


async def _fetch_lists(person: Person, session: ClientSession) -> None:
    for source in list_sources(person.visitor):
        await search_lists(person.visitor, session, source)


def tables(result: Result) -> Sequence[Table]:
    """A day, and a month of them."""
    day: dict[str, dict[str, int]] = result["day"]
    enrolling = result["first_day"]["enrolling"]
    rows: list[tuple[str, ...]] = [
        (kind, str(one["requests"]), f"{one['sent']:,}", f"{one['received']:,}", _kilobytes(DAYS * one["received"]))
        for kind, one in day.items()
    ]
    total = {what: sum(one[what] for one in day.values()) for what in ("requests", "sent", "received")}
    rows += [
        (
            "enrolling, once a month",
            str(enrolling["requests"]),
            *(f"{enrolling[way]:,}" for way in ("sent", "received")),
            _kilobytes(enrolling["received"]),
        ),
        (
            "all",
            str(total["requests"]),
            f"{total['sent']:,}",
            f"{total['received']:,}",
            f"{result['month_kilobytes']:,.0f}",
        ),
    ]
    note = (
        f"A day of {result['allowance']} passes and of lists that warn nobody, the smallest that there are (1,024 "
        "digests). Each doubling of the visits that are warned about doubles a list: 2,048 digests are another 10 kB."
    )
    columns = ("kind", "requests a day", "sent a day, bytes", "received a day, bytes", "received a month, kB")
    return [Table("Bytes with headers, without TLS", columns, rows, note)]


def _kilobytes(count: int) -> str:
    return f"{count / 1000:,.0f}"


SECTION = Section(
    "phone",
    "What a phone downloads",
    "The client that enrols, fetches the passes of a day and follows all lists, at the servers of a town.",
    measure,
    tables,
)
