"""A case from countersigned warrants to lists: next to its floor, larger and larger, and a million that is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from signal import SIGKILL

from benchmarks.measure import FloorSum
from benchmarks.operations import all_operations
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import make_session
from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from lab.crowd import Crowd, CrowdedTown, Measured, agree_on, measure
from lab.processes import Servers
from lab.town import Town
from service.http_client import new_session

TRACE, TRACED = (2000, 1800, 1500, 1000, 922), 5517
"""Itaewon, May 2020: 7,222 entries at five clubs, by so many people. How they were spread over the clubs is assumed."""
SIZES = {Effort.QUICK: (1000,), Effort.USUAL: (1000, 10_000, 100_000), Effort.FULL: (1000, 10_000, 100_000)}
MILLION = 1_000_000
BATCH = 20_000
"""A venue commits to so many check-ins at a time."""
VISITS_OF_FOUR = 3
"""So many of four visits are of different people, as at Itaewon."""
GOAL_RATIO, GOAL_SECONDS = 1.4, 10
CASE, WHOLE, STEPS = "case", "carry-out", ("release", "open", "export")
FLOOR = {
    "verify a released check-in": 2,
    "create a share": 2,
    "verify a share": 1,
    "open a check-in, its record": 1,
}
"""How often each operation is done for a visit, by both parties together."""
BESIDE = Counter(hash=4, decrypt_record=1)
"""The digest of a pass in both parties' records of the opening (§3.13), and its entry, read again for the lists."""
KNOWN = Counter(valid_point=1)
"""The `u` that the authority shares was checked with the operator's shares."""
FLOOR_ROUNDS = 10
TICKS = os.sysconf("SC_CLK_TCK")


def visit_floor() -> FloorSum:
    """What the operations' floors sum to for a visit."""
    operations = {operation.name: operation for operation in all_operations(make_session())}
    counted = [(times / operations[name].items, operations[name].primitives) for name, times in FLOOR.items()]
    return FloorSum([*counted, (1, BESIDE), (-1, KNOWN)])


def _measure(effort: Effort) -> Result:
    of_visit = visit_floor()
    # Before and after, because a machine is not always as fast.
    trace = _with_crowd(TRACE, TRACED, partial(_carry_out, meanwhile=lambda: of_visit.measure(FLOOR_ROUNDS)))
    by_steps = _with_crowd(TRACE, TRACED, partial(_carry_out, steps=STEPS))
    floor = of_visit.microseconds * sum(TRACE) / 1e6
    cores = os.cpu_count() or 1
    sizes = [_with_crowd((size,), size * VISITS_OF_FOUR // 4, _carry_out) for size in SIZES[effort]]
    return {
        **trace,
        "steps": by_steps["steps"],
        "floor_seconds": floor / cores,
        "ratio_to_floor": trace["seconds"] * cores / floor,
        "processor_ratio_to_floor": trace["processor_seconds"] / floor,
        "sizes": sizes,
    }


def _million(_effort: Effort) -> Result:
    return killed_midway(MILLION)


def killed_midway(visits: int) -> Result:
    """What a case of one venue takes whose opening is killed after half of its parts, and repeated."""
    return _with_crowd((visits,), visits * VISITS_OF_FOUR // 4, _carry_out_twice)


def _with_crowd(venues: Sequence[int], people: int, work: Callable[[Town, Servers], Result]) -> Result:
    """Do something with a town in which so many check-ins are at each venue, and both parties have signed warrants."""

    async def prepare(town: CrowdedTown, servers: Servers) -> None:
        async with new_session() as session:
            await town.found(servers, session)
            places = [await town.open_venue(servers, session, f"club {number}") for number in range(len(venues))]
            epoch_key = places[0].membership.pinned.epochs.key(town.today)
            assert epoch_key is not None, "a venue that serves knows today's keys"
            crowd = Crowd(town, people, epoch_key)
            try:
                for place, visits in zip(places, venues, strict=True):
                    for first in range(0, visits, BATCH):
                        await crowd.enter(session, place, min(BATCH, visits - first))
            finally:
                crowd.close()
        await asyncio.to_thread(agree_on, town, CASE, places)

    with tempfile.TemporaryDirectory(prefix="splitpass-case-") as directory, Servers(Path(directory)) as servers:
        town = CrowdedTown(Path(directory), minimum_accounts=2, mixing_seconds=1)
        asyncio.run(prepare(town, servers))
        result = work(town, servers)
        _check(town, sum(venues), people)
        return {"check_ins": sum(venues), "people": people, "load": round(os.getloadavg()[0], 1), **result}


def _carry_out(
    town: Town, servers: Servers, steps: Sequence[str] = (WHOLE,), meanwhile: Callable[[], None] = lambda: None
) -> Result:
    before = _servers_seconds(servers)
    meanwhile()
    measured = {step: _step(town, step) for step in steps}
    meanwhile()
    return _summary(measured, _servers_seconds(servers) - before, servers)


def _carry_out_twice(town: Town, servers: Servers) -> Result:
    """The same with one venue, and the opening is killed in its middle."""
    before = _servers_seconds(servers)
    steps = {"release": _step(town, "release")}
    authority = Authority(town.authority)
    (warrant,) = authority.warrants.of_case(CASE)

    def opened() -> int:
        return sum(part.opened for part in authority.warrants.parts.of(warrant.record.warrant_id))

    parts, begun = len(authority.warrants.parts.of(warrant.record.warrant_id)), time.perf_counter()
    opening = subprocess.Popen([sys.executable, "-m", *_command(town, "open")])  # noqa: S603  our own modules
    while opened() < parts // 2:
        if opening.poll() is not None:
            raise RuntimeError("the opening ended before it could be killed")
        time.sleep(0.1)
    opening.send_signal(SIGKILL)
    opening.wait()
    killed_after, killed_seconds = opened(), time.perf_counter() - begun
    given = sum(authority.releases.totals().values())
    steps |= {step: _step(town, step) for step in STEPS[1:]}
    result = _summary(steps, _servers_seconds(servers) - before, servers)
    result["seconds"] += killed_seconds
    resumed = parts // 2 <= killed_after < parts and 0 < given < sum(authority.releases.totals().values())
    return {**result, "parts": parts, "killed_after_parts": killed_after, "resumed": resumed}


def _command(town: Town, step: str) -> tuple[str, ...]:
    output = ("--output", str(town.directory / "lists")) if step in {WHOLE, "export"} else ()
    return ("escrow", "authority", "--home", str(town.authority), "case", step, CASE, *output)


def _step(town: Town, step: str) -> Measured:
    return measure(*_command(town, step))


def _summary(steps: dict[str, Measured], servers_seconds: float, servers: Servers) -> Result:
    return {
        "seconds": sum(step.seconds for step in steps.values()),
        "steps": {name: step.seconds for name, step in steps.items()},
        "processor_seconds": sum(step.processor_seconds for step in steps.values()) + servers_seconds,
        "peak_megabytes": max(step.peak for step in steps.values()) / 1e6,
        "servers_peak_megabytes": servers.peak_mebibytes() * 1.048576,
    }


def _servers_seconds(servers: Servers) -> float:
    """What all servers have taken of all cores."""
    fields = [Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split() for process in servers.running]
    return sum(int(one[11]) + int(one[12]) for one in fields) / TICKS


def _check(town: Town, visits: int, people: int) -> None:
    """Everybody is on the list, every visit was opened, and none counted twice."""
    with (town.directory / "lists" / "people.csv").open("rb") as file:
        listed = sum(1 for _ in file) - 1
    totals = [sum(party(home).releases.totals().values()) for party, home in _parties(town)]
    if listed != min(people, visits) or totals != [visits, visits]:
        raise RuntimeError(f"{listed} people are listed and {totals} visits opened, of {people} and {visits}")


def _parties(town: Town) -> list[tuple[Callable[[Path], Authority | Operator], Path]]:
    return [(Operator, town.operator), (Authority, town.authority)]


def _tables(result: Result) -> Sequence[Table]:
    steps = [(f"`case {name}` by itself", f"{seconds:.1f}") for name, seconds in result["steps"].items()]
    whole = [
        (f"`case {WHOLE}`", f"{result['seconds']:.1f}"),
        ("floor on these cores", f"{result['floor_seconds']:.1f}"),
        ("processor, both parties and the venues", f"{result['processor_seconds']:.1f}"),
    ]
    seconds, ratio = result["seconds"], result["ratio_to_floor"]
    told = (
        f"{result['check_ins']:,} check-ins by {result['people']:,} people at {len(TRACE)} venues: {seconds:.1f} s "
        f"({reaches(seconds, GOAL_SECONDS)}), {ratio:.2f} of the floor ({reaches(ratio, GOAL_RATIO)}), "
        f"{result['processor_ratio_to_floor']:.2f} of processor. The load was {result['load']}: with other programs at "
        "work, the seconds and the first ratio are theirs too."
    )
    sizes = [_row(one) for one in result["sizes"]]
    million = result.get("million")
    columns = ("check-ins", "seconds", "µs of processor each", "MB of a command", "MB of a server")
    return [
        Table("From countersigned warrants to lists", ("what", "seconds"), [*whole, *steps], told),
        Table("Larger and larger", columns, [*sizes, *([_row(million)] if million else [])], _million_told(million)),
    ]


def _row(one: Result) -> Sequence[str]:
    each = one["processor_seconds"] / one["check_ins"] * 1e6
    sizes = f"{one['peak_megabytes']:.0f}", f"{one['servers_peak_megabytes']:.0f}"
    return (f"{one['check_ins']:,}", f"{one['seconds']:.1f}", f"{each:.0f}", *sizes)


def _million_told(million: Result | None) -> str:
    if million is None:
        return ""
    return (
        f"The opening of the million was killed (`kill -9`) after {million['killed_after_parts']} of its "
        f"{million['parts']} parts, and repeated: nothing was done or counted twice. Each of its steps was a program "
        "by itself. The seconds are of both openings, the processor time is without that of the killed command."
    )


SECTION = Section(
    "case",
    "A case",
    "What an outbreak takes from warrants that both parties have signed to the lists: `case carry-out`, a program "
    "beside real servers of all parties on the same cores. In a second town each of its steps was a program of its "
    "own. The floor is what operations of the first section make unavoidable for each check-in: both parties verify"
    " it and create its share, the authority verifies the operator's share and opens handle and record. A point "
    "that the authority has checked once is not counted twice. Counted are also the digests in both parties' "
    "records of the opening, and that the record is decrypted once more for the lists. The floor is measured before"
    " and after. The start of the program, databases and sending are not in it.",
    _measure,
    _tables,
)
MILLION_SECTION = Section(
    "case.million",
    "A case of a million",
    "Its numbers stand in the table above.",
    _million,
    lambda _: [],
    Effort.FULL,
)
