"""Long work of a desk, which goes on while officers do other things. Nothing of it is stored. Spec: §6.9."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import token_hex

from aiohttp import ClientSession

from escrow.desk.errors import UnknownJob
from protocol.primitives.errors import SplitPassError
from service.cli import EXPECTED, explain, is_of_database
from service.clock import Clock
from service.http import problem_name
from service.monitoring import whereabouts
from service.problems import Problem
from service.refusals import Refusal

MOST_JOBS = 100
"""So many are remembered."""
logger = logging.getLogger("splitpass")


@dataclass
class Job:
    """Work that was begun at a Unix time: `done` of so many steps (0: not known), what they gave, and what failed."""

    what: str
    begun: int
    job_id: str = field(default_factory=lambda: token_hex(16))
    state: str = "running"
    done: int = 0
    of: int = 0
    results: list[dict[str, object]] = field(default_factory=list)
    problems: list[dict[str, object]] = field(default_factory=list)

    def tell(self, label: str, line: str, more: tuple[str, ...] = (), warnings: tuple[str, ...] = ()) -> None:
        """Keep what a step gave."""
        self.results.append({"label": label, "line": line, "more": more, "warnings": warnings})

    async def attempt(self, label: str, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step; one that fails keeps no other back."""
        try:
            await step()
        except Exception as error:  # noqa: BLE001  told by its whereabouts alone: its text may quote a visitor
            self.problems.append({"label": label, **_told(error)})
        self.done += 1

    def to_json(self) -> dict[str, object]:
        """As the page has it."""
        return {
            "id": self.job_id,
            "what": self.what,
            "state": self.state,
            "begun": self.begun,
            "done": self.done,
            "of": self.of,
            "results": self.results,
            "problems": self.problems,
        }


Work = Callable[[ClientSession, Job], Awaitable[None]]
"""What a job does."""


class Jobs:
    """The jobs of a desk."""

    def __init__(self, session: ClientSession, clock: Clock) -> None:
        self._session, self._clock = session, clock
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def begin(self, what: str, about: str, work: Work) -> Job:
        """Begin work on something; or the same job, if it is being done just now."""
        for job_id, (known, _) in self._running.items():
            if known == about:
                return self._jobs[job_id]
        job = Job(what, self._clock())
        self._jobs[job.job_id] = job
        while len(self._jobs) > MOST_JOBS:
            self._jobs.pop(next(iter(self._jobs)))
        self._running[job.job_id] = about, asyncio.create_task(self._run(job, work))
        return job

    def get(self, job_id: str) -> Job:
        """A job; raises `UnknownJob`."""
        if job_id not in self._jobs:
            raise UnknownJob
        return self._jobs[job_id]

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        return list(reversed(self._jobs.values()))

    async def finish(self) -> None:
        """Wait for what is being done, as far as it may take when the desk stops."""
        await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)

    async def _run(self, job: Job, work: Work) -> None:
        try:
            await work(self._session, job)
        except Exception as error:  # noqa: BLE001  as above
            job.problems.append({"label": "", **_told(error)})
        finally:
            job.state = "failed" if job.problems and not job.results else "done"
            self._running.pop(job.job_id, None)


def _told(error: Exception) -> dict[str, object]:
    if isinstance(error, Refusal | Problem):
        return {"name": error.name, "detail": str(error) if isinstance(error, Refusal) else error.detail}
    if isinstance(error, SplitPassError):
        return {"name": problem_name(type(error)), "detail": str(error)}
    if isinstance(error, EXPECTED) or is_of_database(error):
        return {"name": "failed", "detail": explain(error)}
    logger.error("a desk's work failed", extra={"reason": whereabouts(error)})
    return {"name": "internal-error", "detail": "the desk failed; its log tells why"}
