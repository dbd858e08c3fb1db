"""The benchmark of a case: what it says of one, and that it goes on where it was killed."""

from __future__ import annotations

from functools import partial

import pytest

from benchmarks import case
from benchmarks.case import MILLION_SECTION, SECTION, killed_midway, visit_floor
from benchmarks.section import Effort
from lab.processes import Servers
from tests.escrow.test_large_openings import launch_small
from tests.support.small_parts import SHOWN

SIZE = {
    "check_ins": 1000,
    "seconds": 4.0,
    "processor_seconds": 2.0,
    "peak_megabytes": 80.0,
    "servers_peak_megabytes": 70.0,
}


def test_the_table_says_what_was_killed_and_how_much_each_check_in_took() -> None:
    trace = {"people": 700, "load": 1.0, "steps": {"release": 1.0, "open": 2.0, "export": 1.0}, "floor_seconds": 2.0}
    ratios = {"ratio_to_floor": 2.0, "processor_ratio_to_floor": 1.5}
    million = {**SIZE, "check_ins": 1_000_000, "parts": 20, "killed_after_parts": 10}
    steps, sizes = SECTION.tables({**SIZE, **trace, **ratios, "sizes": [SIZE], "million": million})
    assert (steps.rows[0][0], steps.rows[-1][0]) == ("`case carry-out`", "`case export` by itself")
    assert "4.0 s (≤ 10 ✓), 2.00 of the floor (≤ 1.4 ✗), 1.50 of processor" in steps.note
    assert [row[:3] for row in sizes.rows] == [("1,000", "4.0", "2000"), ("1,000,000", "4.0", "2")]
    assert "after 10 of its 20 parts" in sizes.note
    assert MILLION_SECTION.least is Effort.FULL


def test_the_floor_is_of_operations_that_there_are() -> None:
    floor = visit_floor()
    floor.measure(1)
    assert floor.microseconds > 0


@pytest.mark.long
def test_a_case_that_is_killed_midway_is_finished_with_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "Servers", partial(Servers, launch=launch_small))
    monkeypatch.setattr(case, "BATCH", SHOWN)
    result = killed_midway(4 * SHOWN)
    assert (result["check_ins"], result["parts"], result["resumed"]) == (4 * SHOWN, 4, True)
    assert result["killed_after_parts"] in {2, 3}
