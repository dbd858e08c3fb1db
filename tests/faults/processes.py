"""One venue served by several processes on one database, and all of them killed at random."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from lab.processes import free_ports
from protocol.check_ins import CheckInMessage
from protocol.http_messages import Decision, DoorAnswer
from service.http_client import call
from service.problems import Problem, Unreachable
from tests.faults.kills import KILLED_WHILE_STARTING, START_SECONDS
from tests.faults.load import Load
from tests.faults.oracle import Kind
from tests.faults.proxy import Manner, Process, Repeating
from tests.faults.running_town import RunningTown
from tests.faults.town import VENUE

PROCESSES, KILLS = 3, 3
"""How many serve the venue, and how often each is killed."""
INSISTENT, INSIST_SECONDS = 3, 0.1
"""How many show codes again that were admitted, and how often each does, at most."""
DOWN_SECONDS = 0.5
"""How long a process stays down, at most."""
FRESH_SECONDS, SHOWN = 20, 12
"""How old a code may be that is shown again, so that doors do not refuse it for its time; and how many are."""


@dataclass(frozen=True)
class KillProcesses:
    """kill -9 of every process of a venue, each at random moments of its work, so that now and then none is left.

    Everybody's request comes to two of them at once. In the end each is shown what any of them admitted.
    """

    name: str = f"kill -9 {PROCESSES} processes of {VENUE}"

    @asynccontextmanager
    async def happens(self, load: Load) -> AsyncIterator[None]:
        """Start more processes beside the venue's own, kill all of them several times, and end those that came."""
        running, proxy = load.running, load.running.town.proxies[VENUE]
        admitted = running.oracle.acknowledged[Kind.CHECK_IN]
        alone, before = proxy.processes, set(admitted)
        more = {f"{VENUE}-process-{number}": Process(port) for number, port in enumerate(free_ports(PROCESSES - 1), 2)}
        every = {VENUE: alone[0], **more}
        for name, process in more.items():
            await _start(running, name, process)
        proxy.processes, proxy.manner = tuple(every.values()), Repeating()
        insisting = [asyncio.create_task(_insist(running, before)) for _ in range(INSISTENT)]
        await asyncio.gather(*(_kill(running, name, process) for name, process in every.items()))
        yield
        for task in insisting:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if await running.happens(lambda: bool(_fresh(admitted - before))):
            running.faults += await _are_refused(running, every, _fresh(admitted - before))
        proxy.processes, proxy.manner = alone, Manner()
        for name in more:
            await running.stop(name)


async def _start(running: RunningTown, name: str, process: Process) -> None:
    running.servers.start(name, *running.command(VENUE), "--port", str(process.port))
    await running.servers.wait_ready(running.session, name, process.url)


async def _insist(running: RunningTown, before: Set[bytes]) -> None:
    """Show codes that were admitted since again and again, at whichever process; never ends."""
    url, token = running.town.places[0].url, running.town.places[0].token
    while True:
        await running.pause(INSIST_SECONDS)
        if admitted := running.oracle.acknowledged[Kind.CHECK_IN] - before:
            message = CheckInMessage.from_bytes(running.random.choice(sorted(admitted)))
            with suppress(Problem, Unreachable):
                await call(running.session, "POST", f"{url}/v1/check-ins", message, token)


async def _kill(running: RunningTown, name: str, process: Process) -> None:
    """Kill a process some times at work, and now and then while it starts."""
    for _ in range(KILLS):
        at_work = await running.moment(lambda: process.under_way > 0)
        running.faults += at_work
        await running.kill(name)
        await running.pause(DOWN_SECONDS)
        while running.random.random() < KILLED_WHILE_STARTING:
            running.servers.start(name, *running.command(VENUE), "--port", str(process.port))
            await running.pause(START_SECONDS)
            await running.kill(name)
        await _start(running, name, process)


def _fresh(admitted: Iterable[bytes]) -> list[CheckInMessage]:
    """The latest of these check-ins whose time is of now for every door."""
    messages = sorted(map(CheckInMessage.from_bytes, admitted), key=lambda message: message.time)
    return [message for message in messages[-SHOWN:] if message.time > time.time() - FRESH_SECONDS]


async def _are_refused(running: RunningTown, processes: Mapping[str, Process], shown: list[CheckInMessage]) -> bool:
    """Whether each process refused one of these, which were admitted by any of them, because its pass was spent."""
    refusing = set[str]()
    for message in shown:
        decisions = await asyncio.gather(*(_decision(running, process, message) for process in processes.values()))
        for name, decision in zip(processes, decisions, strict=True):
            match decision:
                case Decision.ALREADY_SPENT:
                    refusing.add(name)
                case Decision.ADMITTED:
                    running.oracle.admit(message)
                case Decision() if decision is not Decision.TOO_OLD:
                    running.oracle.find(f"{name} says {decision.name} of a check-in that was admitted")
    return refusing == set(processes)


async def _decision(running: RunningTown, process: Process, message: CheckInMessage) -> Decision | None:
    """What a process says of a check-in; None if it says nothing of it."""
    token = running.town.places[0].token
    try:
        answer = await call(running.session, "POST", f"{process.url}/v1/check-ins", message, token)
    except (Problem, Unreachable):
        return None
    return DoorAnswer.from_bytes(answer).decision
