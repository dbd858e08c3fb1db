"""The doors in Python and JavaScript pass the door's part, with nothing that is expected to fail."""

from __future__ import annotations

import asyncio
import shlex
import sys

from conformance.check import Outcome, Result, run_checks
from conformance.doors.bench import Bench
from conformance.doors.catalogue import CHECKS
from conformance.driven import Command
from tests.vectors.javascript import WEB, install_packages, program


def run_door(*command: str) -> dict[str, Outcome]:
    async def run() -> list[Outcome]:
        async with Command(shlex.join(command)) as driven:
            return await run_checks(CHECKS, Bench(driven), set())

    return {outcome.check.identifier: outcome for outcome in asyncio.run(run())}


def test_the_door_in_python_passes_every_check() -> None:
    outcomes = run_door(sys.executable, "-m", "conformance.doors.python_door")
    assert {name: one.detail for name, one in outcomes.items() if one.result is not Result.PASSED} == {}


def test_the_door_in_javascript_passes_all_that_it_does_without_its_server() -> None:
    install_packages()
    outcomes = run_door(program("node"), str(WEB / "test" / "door.js"))
    assert {name: one.detail for name, one in outcomes.items() if one.result is Result.FAILED} == {}
    not_run = {name for name, one in outcomes.items() if one.result is Result.NOT_RUN}
    papers = {name for name in outcomes if "paper" in name}
    sent = {"3.8/sent-to-the-venues-server", "3.8/another-domain", "3.8/another-venue-too-late"}
    came_in_elsewhere = {"3.8/an-exit-without-an-entry", "3.8/exit-in-another-domain"}
    assert not_run == papers | sent | came_in_elsewhere


def test_checks_have_their_own_names_and_a_requirement() -> None:
    assert len({check.identifier for check in CHECKS}) == len(CHECKS)
    assert all(check.requirement.endswith((".", ")")) for check in CHECKS)
