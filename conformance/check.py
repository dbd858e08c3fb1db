"""What a check is, and how a run of checks goes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from conformance.errors import Failed, NotRun
from conformance.tester import Server, Tester
from protocol.primitives.errors import SplitPassError

T = TypeVar("T")
Run = Callable[[Tester], Awaitable[None]]
RunAt = Callable[[Tester, Server], Awaitable[None]]


class Result(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    EXPECTED = "failed as expected"
    UNEXPECTED = "passed unexpectedly"


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """One requirement of what is tested through a `T`. `identifier` is the spec's section, a slash and a name.

    `needs` names the options that must be given (`--phone`) and the checks that must have passed before.
    """

    identifier: str
    requirement: str
    needs: tuple[str, ...]
    run: Callable[[T], Awaitable[None]]

    @property
    def section(self) -> str:
        """The spec's section, for example `5.3`."""
        return self.identifier.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's result; `detail` is what was seen, or why it was not run."""

    check: Check[Any]
    result: Result
    detail: str = ""


class Checks(list[Check[Tester]]):
    """The checks of one subject, in the order in which they run; of one server, which must answer, if it is given."""

    def __init__(self, server: Server | None = None) -> None:
        super().__init__()
        self._needs = () if server is None else (f"5.1/answers/{server}",)

    def add(self, identifier: str, *needs: str, requirement: str = "") -> Callable[[Run], Run]:
        """Add a coroutine function as a check; its docstring is the requirement unless one is given."""

        def register(run: Run) -> Run:
            self.append(Check(identifier, requirement or sentence(run), (*self._needs, *needs), run))
            return run

        return register

    def add_at(
        self, servers: Iterable[Server], identifier: str, *needs: str, requirement: str = ""
    ) -> Callable[[RunAt], RunAt]:
        """Add one check for each of some servers, whose name ends the identifier and stands for `{server}` in `needs`.

        Each also needs that its server answers at all.
        """

        def register(run: RunAt) -> RunAt:
            for server in servers:
                own_needs = (f"5.1/answers/{server}", *(need.format(server=server) for need in needs))
                self.append(Check(f"{identifier}/{server}", requirement or sentence(run), own_needs, _at(run, server)))
            return run

        return register


async def run_checks(
    checks: Iterable[Check[T]],
    tester: T,
    given: Collection[str],
    starting: Callable[[Check[T]], None] = lambda _: None,
) -> list[Outcome]:
    """Run checks one after the other, with the options that are `given`; calls `starting` before each."""
    outcomes: dict[str, Outcome] = {}
    for check in checks:
        starting(check)
        outcomes[check.identifier] = _unmet(check, given, outcomes) or await _outcome(check, tester)
    return list(outcomes.values())


def _unmet(check: Check[T], given: Collection[str], outcomes: dict[str, Outcome]) -> Outcome | None:
    for need in check.needs:
        if need.startswith("--"):
            if need not in given:
                return Outcome(check, Result.NOT_RUN, f"needs {need}")
        elif outcomes[need].result is Result.FAILED:
            return Outcome(check, Result.NOT_RUN, f"needs {need}, which failed")
        elif outcomes[need].result is Result.NOT_RUN:
            return Outcome(check, Result.NOT_RUN, outcomes[need].detail)
    return None


async def _outcome(check: Check[T], tester: T) -> Outcome:
    try:
        await check.run(tester)
    except Failed as failure:
        return Outcome(check, Result.FAILED, str(failure))
    except NotRun as reason:
        return Outcome(check, Result.NOT_RUN, str(reason))
    except SplitPassError as error:  # what the protocol's own functions say to an answer
        return Outcome(check, Result.FAILED, f"{type(error).__name__}: {error}")
    return Outcome(check, Result.PASSED)


def _at(run: RunAt, server: Server) -> Run:
    async def run_there(tester: Tester) -> None:
        await run(tester, server)

    return run_there


def sentence(run: Callable[..., object]) -> str:
    """A function's docstring on one line."""
    return inspect.cleandoc(run.__doc__ or "").replace("\n", " ")
