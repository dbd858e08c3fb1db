"""The steps of warrants as jobs of the desk, for one warrant or for those of a case. Spec: §6.8, §6.9."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import ClientSession

from escrow.authority.found_visits import CountedPeople
from escrow.authority.investigation import Investigation
from escrow.authority.outcomes import Told, of_opening, of_release
from service.cli import local_time
from service.problems import Problem

if TYPE_CHECKING:
    from escrow.authority.authority import Authority
    from escrow.desk.desk import Desk
    from escrow.desk.jobs import Job
    from protocol.warrants import Warrant

LOOK_SECONDS = 1
"""How often it is looked how many parts are opened."""
DRAW = "draw"
UNDECIDED = {"warrant-pending", "warrant-refused"}


class Wanted(NamedTuple):
    """A warrant of a home to take a step with, and its venue's name."""

    authority: Authority
    record: Warrant
    venue_name: str

    @property
    def label(self) -> str:
        """What it is about, in a line."""
        offset = self.authority.domain.utc_offset
        window = f"{local_time(self.record.begins, offset)} to {local_time(self.record.ends, offset)}"
        return f"{self.venue_name}, {window}, domain {self.authority.domain.number}"


async def _propose(investigation: Investigation, wanted: Wanted) -> Told:
    await investigation.propose_warrant(wanted.record.warrant_id)
    return Told("proposed")


async def _look(investigation: Investigation, wanted: Wanted) -> Told:
    try:
        await investigation.countersigned(wanted.record.warrant_id)
    except Problem as problem:
        if problem.name not in UNDECIDED:
            raise
        return Told(problem.detail)
    return Told("countersigned")


async def _release(investigation: Investigation, wanted: Wanted) -> Told:
    released = await investigation.request_release(wanted.record.warrant_id)
    return of_release(wanted.authority, wanted.record, released, DRAW)


async def _open(investigation: Investigation, wanted: Wanted) -> Told:
    result = await investigation.open(wanted.record.warrant_id, CountedPeople())
    return of_opening(wanted.authority, wanted.record, result, "case", DRAW)


async def _withdraw(investigation: Investigation, wanted: Wanted) -> Told:
    await investigation.withdraw_warrant(wanted.record.warrant_id)
    return Told("withdrawn")


STEPS: dict[str, Callable[[Investigation, Wanted], Awaitable[Told]]] = {
    "propose": _propose,
    "look": _look,
    "release": _release,
    "open": _open,
    "withdraw": _withdraw,
}
"""What can be done with a warrant, by the words of the page."""


class StepsWork:
    """Begins steps as jobs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def begin(self, name: str, about: str, wanted: Sequence[Wanted]) -> Job:
        """Take a step with each of these warrants; one that fails keeps no other back."""
        step = STEPS[name]

        async def work(session: ClientSession, job: Job) -> None:
            job.of = len(wanted)
            watching = asyncio.create_task(_watch(job, wanted)) if name == "open" else None
            try:
                for one in wanted:
                    await self._take(step, session, job, one)
            finally:
                if watching:
                    watching.cancel()
                    job.done, job.of = await asyncio.to_thread(_opened, wanted)

        return self._desk.jobs.begin(name, f"{name} {about}", work)

    @staticmethod
    async def _take(
        step: Callable[[Investigation, Wanted], Awaitable[Told]], session: ClientSession, job: Job, one: Wanted
    ) -> None:
        async def take() -> None:
            told = await step(Investigation(one.authority, session), one)
            job.tell(one.label, told.line, told.more, told.warnings)

        await job.attempt(one.label, take)


async def _watch(job: Job, wanted: Sequence[Wanted]) -> None:
    """Tell how many parts are opened while others are."""
    while True:
        job.done, job.of = await asyncio.to_thread(_opened, wanted)
        await asyncio.sleep(LOOK_SECONDS)


def _opened(wanted: Sequence[Wanted]) -> tuple[int, int]:
    parts = [part for one in wanted for part in one.authority.warrants.parts.of(one.record.warrant_id)]
    return sum(part.is_finished for part in parts), len(parts)
