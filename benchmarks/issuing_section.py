"""What handles and passes cost each party's real server, over HTTP and with its database, next to their floors.

A pass shares its exchange over HTTP with all of its batch, so its floor is the primitives. A handle has one with its
visitor for itself. So the floor of a handle, and of its deposit, is what plain servers use for the same exchanges.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from time import clock_gettime, perf_counter
from typing import Any

from aiohttp import ClientSession

from benchmarks.floor import Counts
from benchmarks.measure import FloorSum
from benchmarks.operations import all_operations
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import Session, make_session
from lab.processes import Servers, free_ports
from lab.town import Town
from protocol.epochs import EpochKey, verify_epoch
from protocol.handles import register_handle
from protocol.passes import request_allowance
from protocol.primitives.encoding import Message
from service.http_client import call, new_session

VISITORS = {Effort.QUICK: 30, Effort.USUAL: 150, Effort.FULL: 400}
ROUNDS = 3
"""So many days the accounts register and ask for, as far ahead as keys are published."""
MIXING_SECONDS = 2
"""So long that nobody is left for a batch alone, also on a machine that does much else."""
FLOOR_ROUNDS = 15
GOAL = 1.3
PARTIES = ("operator", "authority")
PLAIN = ("plain-operator", "plain-authority")
FLOORS: dict[str, dict[str, tuple[Sequence[str], Counts]]] = {
    "handle": {
        "operator": (("verify handle", "seal record"), Counter(verify=1)),
        "authority": ((), Counter(sign=1)),
    },
    "pass": {
        "operator": (("operator verifies a request",), Counter()),
        "authority": (("authority issues a pass",), Counter()),
    },
}
"""The operations that a party does for one, and what its receipt adds. What a batch needs once is left out."""


_SCHEDULED = 2
"""Of the clocks that Linux has of each process (clock_getcpuclockid), the one of what its threads ran."""


def measure(effort: Effort) -> Result:
    """Enrol visitors, and have all of them register at once, and then ask at once, for one day after the other."""
    with tempfile.TemporaryDirectory(prefix="splitpass-issuing-") as directory:
        return asyncio.run(_run(Path(directory), VISITORS[effort], make_session()))


async def _run(directory: Path, count: int, session: Session) -> Result:
    town = Town(directory, minimum_accounts=2, mixing_seconds=MIXING_SECONDS)
    with Servers(directory) as servers:
        async with new_session() as http:
            await town.found(servers, http)
            settings, url = town.settings, town.settings.operator.url
            accounts = [await town.open_account(http) for _ in range(count)]

            async def epoch_key(epoch: int) -> EpochKey:
                parties = (settings.operator, settings.authority)
                statements = [await call(http, "GET", f"{party.url}/v1/epochs/{epoch}") for party in parties]
                return verify_epoch(settings.domain, epoch, *statements)

            async def post(
                url: str, kind: str, items: int, bodies: Iterable[Message], names: Sequence[str] = PARTIES
            ) -> Result:
                """What it costs the servers of these names that every account sends one of these bodies."""
                before, begin = [_seconds(servers[name].pid) for name in names], perf_counter()
                pairs = zip(accounts, bodies, strict=True)
                await asyncio.gather(
                    *(call(http, "POST", f"{url}/v1/{kind}", body, account.token) for account, body in pairs)
                )
                took = perf_counter() - begin
                after = [_seconds(servers[name].pid) for name in names]
                used = [(end - start) / items * 1e6 for start, end in zip(before, after, strict=True)]
                return {"per_second": items / took, **dict(zip(PARTIES, used, strict=True))}

            plain_url = await _start_plain(servers, http, directory, session)
            of_handles, of_passes = list[Result](), list[Result]()
            for epoch in range(town.today, town.today + ROUNDS):
                key = await epoch_key(epoch)
                secrets, registrations = zip(*(register_handle(key, one.account_id) for one in accounts), strict=True)
                handles = await post(url, "handles", count, registrations)
                plain = await post(plain_url, "handles", count, registrations, PLAIN)
                of_handles.append(_beside_floors(session, "handle", handles, plain))
                requests = [request_allowance(key, h)[1] for h in secrets]
                passes = await post(url, "passes", count * settings.allowance, requests)
                of_passes.append(_beside_floors(session, "pass", passes))
    return {"visitors": count, **_middle(of_passes), "handle": _middle(of_handles)}


async def _start_plain(servers: Servers, http: ClientSession, directory: Path, session: Session) -> str:
    """Start the plain servers; gives the URL of the operator."""
    ports, (before, after) = free_ports(2), _counts(session)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    more: dict[str, list[str]] = {"operator": [urls[1], before, after], "authority": []}
    for party, name, port in zip(PARTIES, PLAIN, ports, strict=True):
        servers.start(name, "benchmarks.plain_issuing", party, str(port), str(directory / f"{name}.db"), *more[party])
    for name, url in zip(PLAIN, urls, strict=True):
        await servers.wait_ready(http, name, url)
    return urls[0]


def _counts(session: Session) -> list[str]:
    """The primitives of the operator for a handle before its deposit, and after it."""
    names, after = FLOORS["handle"]["operator"]
    before = sum((one.primitives for one in all_operations(session) if one.name in names), Counter[str]())
    return [json.dumps(counts) for counts in (before, after)]


def _middle(rounds: Sequence[Any]) -> Any:
    """The median of each number."""
    if isinstance(rounds[0], dict):
        return {name: _middle([one[name] for one in rounds]) for name in rounds[0]}
    return median(rounds)


def _beside_floors(session: Session, kind: str, measured: Result, plain: Result | None = None) -> Result:
    """What was measured, next to the floor and to plain servers in the same seconds."""
    result: Result = {"per_second": measured["per_second"]}
    for party, (names, more) in FLOORS[kind].items():
        used, floor = measured[party], _floor_microseconds(session, names, more)
        result[party] = {"microseconds": used, "floor_microseconds": floor, "ratio": used / floor}
        if plain is not None:
            result[party] |= {"plain_microseconds": plain[party], "plain_ratio": used / plain[party]}
    return result


def _floor_microseconds(session: Session, names: Sequence[str], more: Counts) -> float:
    operations = [(1 / one.items, one.primitives) for one in all_operations(session) if one.name in names]
    floor = FloorSum([*operations, *([(1, more)] if more else [])])
    floor.measure(FLOOR_ROUNDS)
    return floor.microseconds


def _seconds(process: int) -> float:
    """The processor time that a process with all its threads has used, as Linux counts it."""
    return clock_gettime((~process << 3) | _SCHEDULED)


def tables(result: Result) -> Sequence[Table]:
    """Each party's processor time for a pass, for a handle and for its deposit."""
    handle, rows = result["handle"], []
    for what, of, party in (
        ("a pass, operator", result, "operator"),
        ("a pass, authority", result, "authority"),
        ("a handle, operator", handle, "operator"),
        ("its deposit, authority", handle, "authority"),
    ):
        one = of[party]
        numbers = [f"{one[name]:.0f}" for name in ("microseconds", "floor_microseconds")]
        beside = [f"{one['plain_microseconds']:.0f}", f"{one['plain_ratio']:.2f}"] if of is handle else ["", ""]
        goal = reaches(one["plain_ratio" if of is handle else "ratio"], GOAL)
        rows.append((what, *numbers, f"{one['ratio']:.2f}", *beside, goal, f"{of['per_second']:.0f}"))
    columns = ("what", "µs", "primitives µs", "ratio", "plain servers µs", "ratio to them", "goal", "a second")
    return [Table("Processor of each party", columns, rows)]


SECTION = Section(
    "issuing",
    "Handles and passes, over HTTP",
    "Both parties' servers run as processes of their own, with SQLite. All visitors ask at once. Counted is the "
    "processor time of each process, for everything that it does meanwhile: HTTP, the database, the other party. The "
    "floor of a pass is its primitives. A visitor sends each handle by a request of its own, and the operator deposits "
    "what waits by one request. So the floor of both is plain servers, which do the same primitives, the same HTTP on "
    "all three ways and as many durable rows and transactions, with what waits together, and nothing else. They take "
    "turns with the parties. Visitors, all servers and whatever else runs share the cores, so the rate is that of all "
    f"together; that of passes includes the {MIXING_SECONDS} s for which the operator collects a batch.",
    measure,
    tables,
)
