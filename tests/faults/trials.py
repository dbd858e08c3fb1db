"""Trials: load, a fault, recovery, and a look for everything that was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from lab.processes import ProcessFailed, Servers
from protocol.primitives.errors import SplitPassError
from service.http_client import new_session
from tests.faults import checks
from tests.faults.fault import Fault
from tests.faults.load import Load
from tests.faults.logs import Forked, Logs
from tests.faults.oracle import Oracle
from tests.faults.postgresql import PostgreSQL
from tests.faults.proxy import Proxies
from tests.faults.reader import NAME as READER
from tests.faults.running_town import PATIENCE_SECONDS, RunningTown
from tests.faults.town import PARTIES, FaultyTown
from tests.support.programs import launch

CALL_SECONDS = 3
"""How long a visitor waits for an answer."""
TRIES = 3
"""How often a fault without effect is tried."""
WARM_UP, DURATION = 0.5, 1.0
"""Seconds of load before a fault, and of the fault itself, at most."""


@dataclass
class Figures:
    """What a run ends with.

    `faults` counts those that had their effect; `idle` names those that had none in some trial. `requests` counts what
    reached servers. `findings` says what must not happen and did, each with the fault it came with.
    """

    trials: int = 0
    faults: int = 0
    requests: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    findings: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.trials + other.trials,
            self.faults + other.faults,
            self.requests + other.requests,
            self.acknowledged + other.acknowledged,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.findings + other.findings,
            self.idle + other.idle,
        )

    def line(self) -> str:
        """The figures in one line."""
        names = ("trials", "faults", "requests", "acknowledged", "lost", "doubled")
        return " ".join(f"{name}={getattr(self, name)}" for name in names)


async def run_trials(
    directory: Path,
    database: str,
    faults: Iterable[Fault],
    random: Random,
    begins: Callable[[str], None],
    ended: Callable[[], None],
) -> Figures:
    """Try faults on servers with a kind of database; `begins` is told the name of each. Ends with the first finding."""
    figures = Figures()
    with ExitStack() as stack:
        postgresql = stack.enter_context(PostgreSQL(directory / "database")) if database == "postgresql" else None
        proxies = stack.enter_context(Proxies())
        oracle = Oracle(lambda party, shares: logs.recorded(party, shares))  # noqa: PLW0108  the town comes next
        town = FaultyTown(directory, proxies, oracle, postgresql)
        stack.callback(town.unmount)
        logs = Logs(town)
        servers = stack.enter_context(Servers(directory, launch))
        async with new_session(CALL_SECONDS) as session:
            await town.found(servers, session)
            await town.open_venue(servers, session, "클럽 스플릿")
            running = RunningTown(town, servers, session, oracle, random, postgresql)
            load = Load(running, directory)
            load.reader.start()
            for fault in faults:
                begins(fault.name)
                try:
                    if not await _try_until_it_shows(load, fault):
                        figures.idle.append(fault.name)
                except ProcessFailed as error:
                    oracle.find(str(error))
                try:
                    figures.doubled = await asyncio.to_thread(_look, running, logs)
                except (Forked, SplitPassError) as error:
                    oracle.find(f"a log does not verify: {error}")
                figures.findings += [f"{fault.name}: {what}" for what in oracle.findings]
                oracle.findings.clear()
                figures.trials += 1
                ended()
                if figures.findings:
                    break  # what comes after would only repeat it
    if not figures.findings:
        figures.findings += [f"the {party} gave no share" for party in PARTIES if not oracle.has_shares(party)]
    figures.faults = running.faults
    figures.requests = sum(proxy.requests for proxy in town.proxies.values())
    figures.acknowledged = sum(map(len, oracle.acknowledged.values()))
    figures.lost = oracle.lost
    return figures


async def _try_until_it_shows(load: Load, fault: Fault) -> bool:
    """Try a fault, again if it had no effect; whether it had one, or a finding."""
    for _ in range(TRIES):
        before = load.running.faults
        await _try(load, fault)
        if load.running.faults > before or load.running.oracle.findings:
            return True
    return False


async def _try(load: Load, fault: Fault) -> None:
    running, stop = load.running, asyncio.Event()
    using = asyncio.create_task(load.until(stop))
    try:
        await running.happens(load.visitors.are_many, PATIENCE_SECONDS)
        await running.pause(WARM_UP)
        async with fault.happens(load):
            await running.pause(DURATION)
        idle = await _still_idle(load)
        if idle is not None:
            running.oracle.find(f"nothing works again for {idle}")
    finally:
        stop.set()
        await using
    load.reader.listen()
    if running.servers[READER].poll() is not None:
        running.oracle.find("the reader ended")
        load.reader.start()


async def _still_idle(load: Load) -> str | None:
    """Who achieves nothing for long after a fault is over."""
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while (idle := await load.probe()) is not None and asyncio.get_running_loop().time() < end:
        pass
    return idle


def _look(running: RunningTown, logs: Logs) -> int:
    """Compare what was acknowledged with what is there; returns how much was doubled."""
    town, oracle = running.town, running.oracle
    lost = checks.lost(town, logs, oracle)
    oracle.lost += len(lost)
    for kind, key in lost:
        oracle.find(f"lost: {kind.value} {key.hex()[:16]}…")
        oracle.acknowledged[kind].discard(key)
    doubled = checks.doubled(town, oracle)
    if doubled:
        oracle.find("a door admitted a pass twice")
    for found in (
        checks.exceeded(town, oracle),
        checks.unrecorded(town, logs, oracle),
        checks.traces(town, oracle),
        checks.tracebacks(town),
    ):
        oracle.findings += found
    return doubled
