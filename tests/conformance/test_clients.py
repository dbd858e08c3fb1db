"""The clients in Python and JavaScript pass the client's part, with nothing that is expected to fail."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Sequence

import pytest

from conformance.check import Check, Outcome, Result, run_checks
from conformance.clients.bench import BASIC, Bench
from conformance.clients.catalogue import CHECKS
from conformance.driven import Command
from tests.vectors.javascript import WEB, install_packages, program

CLIENTS = ("Python", "JavaScript")
SHORT = {
    BASIC,
    "3.5/keys-for-one-visitor",
    "3.6/another-name",
    "3.7/decoys",
    "3.8/burned",
    "3.8/scan",
    "3.11/forked-log",
    "3.12/notice-by-the-authority",
    "3.13/found",
    "4.3/unregistered-venue",
    "5.1/redirect",
}


def command_of(client: str) -> str:
    """What starts a client of ours."""
    if client == "Python":
        return shlex.join([sys.executable, "-m", "conformance.clients.python_client"])
    install_packages()
    return shlex.join([program("node"), str(WEB / "test" / "client.js")])


def run_client(client: str, checks: Sequence[Check[Bench]], given: set[str]) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with Command(command_of(client)) as driven:
            return await run_checks(checks, Bench(driven), given)

    return asyncio.run(run())


def unpassed(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.check.identifier: one.detail for one in outcomes if one.result is not Result.PASSED}


@pytest.mark.parametrize("client", CLIENTS)
def test_our_clients_refuse_the_worst_lies(client: str) -> None:
    checks = [check for check in CHECKS if check.identifier in SHORT]
    assert len(checks) == len(SHORT)
    assert unpassed(run_client(client, checks, set())) == {}


@pytest.mark.long
@pytest.mark.parametrize("client", CLIENTS)
def test_our_clients_pass_every_check(client: str) -> None:
    assert unpassed(run_client(client, CHECKS, {"--slow"})) == {}


def test_checks_have_their_own_names_and_a_requirement() -> None:
    assert len({check.identifier for check in CHECKS}) == len(CHECKS)
    assert all(check.requirement.endswith((".", ")")) for check in CHECKS)
