"""A time that has surely passed is never later than the clock, nor than what was counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.party_requests import REQUEST_TOLERANCE
from service.confirmed_time import ConfirmedTime
from service.http_client import new_session
from tests.support.running import run

START, DAY = 1_700_000_000, 86_400


class Machine:
    """A clock that can be set, and the seconds that the machine counts."""

    def __init__(self, directory: Path) -> None:
        self.clock, self.counted = START, 50.0
        self.file = directory / "passed.time"
        self.passed = self.restart()
        self.passed.confirm()

    def restart(self) -> ConfirmedTime:
        return ConfirmedTime(self.file, lambda: self.clock, lambda: self.counted)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("set_by", [-DAY - 1, -DAY, -1, 0, 1, DAY, DAY + 1])
def test_the_earlier_of_the_two_counts(machine: Machine, set_by: int) -> None:
    machine.counted += 3600.9
    machine.clock += 3600 + set_by
    assert machine.passed.at_least == START + 3600 + min(set_by, 0)
    assert machine.passed.believable is (abs(set_by) <= DAY)


def test_what_was_counted_is_carried_over_a_restart_and_the_stop_is_not(machine: Machine) -> None:
    async def check() -> None:
        async with new_session() as session:
            await machine.passed.check(session, [])

    machine.counted += 600
    machine.clock += 600
    run(check())
    assert machine.file.read_text() == f"{START + 600}\n"
    machine.counted, machine.clock = 7.0, machine.clock + REQUEST_TOLERANCE + 1
    again = machine.restart()
    assert (again.known, again.at_least) == (True, START + 600)


@pytest.mark.parametrize("content", ["", "x", None])
def test_nothing_is_known_without_a_file_that_can_be_read(machine: Machine, content: str | None) -> None:
    if content is None:
        machine.file.unlink()
    else:
        machine.file.write_text(content)
    again = machine.restart()
    assert (again.known, again.at_least, again.believable) == (False, 0, False)
