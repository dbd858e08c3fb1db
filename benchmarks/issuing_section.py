"""What handles and passes cost each party's real server, over HTTP and with its database, next to their floors."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from time import clock_gettime, perf_counter

from benchmarks.floor import Counts, floor_of
from benchmarks.measure import Timing
from benchmarks.operations import all_operations
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import Session, make_session
from lab.processes import Servers
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
FLOORS: dict[str, dict[str, tuple[Sequence[str], Counts]]] = {
    "handle": {
        "operator": (("verify handle", "seal record"), Counter(sign=1, verify=1)),
        "authority": ((), Counter(verify=1, sign=1)),
    },
    "pass": {
        "operator": (("operator verifies a request",), Counter()),
        "authority": (("authority issues a pass",), Counter()),
    },
}
"""The operations that a party does for one, and what the request between the parties and the receipt add to them."""


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

            async def post(kind: str, items: int, bodies: Iterable[Message]) -> Result:
                """What it costs that every account sends one of these bodies."""
                before, begin = {party: _seconds(servers[party].pid) for party in PARTIES}, perf_counter()
                pairs = zip(accounts, bodies, strict=True)
                await asyncio.gather(
                    *(call(http, "POST", f"{url}/v1/{kind}", body, account.token) for account, body in pairs)
                )
                took = perf_counter() - begin
                used = {party: (_seconds(servers[party].pid) - before[party]) / items * 1e6 for party in PARTIES}
                return {"per_second": items / took, **used}

            handles, passes = list[Result](), list[Result]()
            for epoch in range(town.today, town.today + ROUNDS):
                key = await epoch_key(epoch)
                secrets, registrations = zip(*(register_handle(key, one.account_id) for one in accounts), strict=True)
                handles.append(await post("handles", count, registrations))
                requests = [request_allowance(key, h)[1] for h in secrets]
                passes.append(await post("passes", count * settings.allowance, requests))
    of_passes, of_handles = (
        _beside_floors(session, kind, {name: median(one[name] for one in rounds) for name in rounds[0]})
        for kind, rounds in (("pass", passes), ("handle", handles))
    )
    return {"visitors": count, **of_passes, "handle": of_handles}


def _beside_floors(session: Session, kind: str, measured: Result) -> Result:
    result: Result = {"per_second": measured["per_second"]}
    for party, (names, more) in FLOORS[kind].items():
        floor = _floor_microseconds(session, names, more)
        result[party] = {
            "microseconds": measured[party],
            "floor_microseconds": floor,
            "ratio": measured[party] / floor,
        }
    return result


def _floor_microseconds(session: Session, names: Sequence[str], more: Counts) -> float:
    total = 0.0
    for counts, items in [
        (more, 1),
        *((one.primitives, one.items) for one in all_operations(session) if one.name in names),
    ]:
        if counts:
            timing = Timing(floor_of(counts))
            for _ in range(FLOOR_ROUNDS):
                timing.measure()
            total += timing.microseconds(items)
    return total


def _seconds(process: int) -> float:
    """The processor time that a process with all its threads has used, as Linux counts it."""
    return clock_gettime((~process << 3) | _SCHEDULED)


def tables(result: Result) -> Sequence[Table]:
    """Each party's processor time for a handle and for a pass."""
    rows = []
    for kind, of in (("a handle", result["handle"]), ("a pass", result)):
        for party in PARTIES:
            one = of[party]
            numbers = [f"{one[name]:.0f}" for name in ("microseconds", "floor_microseconds")]
            goal = reaches(one["ratio"], GOAL)
            rows.append((f"{kind}, {party}", *numbers, f"{one['ratio']:.2f}", goal, f"{of['per_second']:.0f}"))
    return [Table("Processor of each party", ("what", "µs", "floor µs", "ratio", "goal", "a second"), rows)]


SECTION = Section(
    "issuing",
    "Handles and passes, over HTTP",
    "Both parties' servers run as processes of their own, with SQLite. All visitors ask at once. Counted is the "
    "processor time of each process, for everything that it does meanwhile: HTTP, the database, the other party. The "
    "floor is that of the operations alone, and for a handle the signatures under the request between the parties and "
    "under the receipt. Visitors, both servers and whatever else runs share the cores, so the rate is that of all "
    f"together; that of passes includes the {MIXING_SECONDS} s for which the operator collects a batch.",
    measure,
    tables,
)
