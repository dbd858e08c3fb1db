"""However much a warrant opens, what it takes of memory is what one part takes. Spec: §6.8."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from escrow.authority.authority import Authority
from lab.crowd import Crowd, CrowdedTown, Measured, agree_on, measure
from lab.processes import Servers
from lab.town import Place
from service.http_client import new_session
from tests.support.programs import Program, launch
from tests.support.running import run
from tests.support.small_parts import SHOWN

FEW, MANY = 4, 14
"""So many parts."""
PEOPLE = 3000
MOST = 12_000_000
"""So many more bytes many parts may take than few, for what caches keep: as objects the further visits take 36 MB."""
MOST_OF_SERVERS = 18
"""So many more MiB the largest server may take, of whatever party: that, and the gaps that its threads leave."""
LEAF = 220
"""So many bytes of a release a check-in takes that it shows. One that it has besides would take 44 more."""

pytestmark = pytest.mark.long


def launch_small(log: Path, command: Sequence[str]) -> Program:
    """Run a server; a venue's releases in small parts."""
    return launch(log, ("tests.support.small_parts" if command[0] == "venue" else command[0], *command[1:]))


def test_many_parts_take_no_more_memory_than_few(tmp_path: Path) -> None:
    """Opening and export are processes of their own. Who was there is on the list, and every visit, each once."""
    with Servers(tmp_path, launch_small) as servers:
        run(story(servers, tmp_path))


async def story(servers: Servers, directory: Path) -> None:
    town = CrowdedTown(directory, minimum_accounts=2, mixing_seconds=1)
    async with new_session() as session:
        await town.found(servers, session)
        places = [await town.open_venue(servers, session, f"클럽 {parts}") for parts in (FEW, MANY)]
        epoch_key = places[0].membership.pinned.epochs.key(town.today)
        assert epoch_key is not None
        crowd = Crowd(town, PEOPLE, epoch_key)
        try:
            for place, parts in zip(places, (FEW, MANY), strict=True):
                for _ in range(parts):
                    await crowd.enter(session, place, SHOWN)
        finally:
            crowd.close()
    few = await asyncio.to_thread(carry_out, town, places[0], FEW)
    served_few = servers.peak_mebibytes()
    many = await asyncio.to_thread(carry_out, town, places[1], MANY)
    assert servers.peak_mebibytes() - served_few < MOST_OF_SERVERS
    for first, second in zip(few, many, strict=True):
        assert second.peak - first.peak < MOST, (first, second)


def carry_out(town: CrowdedTown, place: Place, parts: int) -> tuple[Measured, ...]:
    """A case of a venue with so many parts, and what opening and export took."""
    visits, home = parts * SHOWN, ("escrow", "authority", "--home", str(town.authority), "case")
    agree_on(town, place.name, [place])
    released = town.officer("authority", "case", "release", place.name)
    assert f"{visits} visits released in {parts} parts" in released
    authority = Authority(town.authority)
    (warrant,) = authority.warrants.of_case(place.name)
    assert max(part.size for part in authority.warrants.parts.of(warrant.record.warrant_id)) < LEAF * SHOWN
    authority.engine.dispose()
    opened = measure(*home, "open", place.name)
    assert f"{visits} of {visits} visits opened, {PEOPLE} contacts" in opened.output
    lists = town.directory / f"export {parts}"
    exported = measure(*home, "export", place.name, "-o", str(lists))
    assert exported.output.startswith(f"{PEOPLE} people, ")
    with (lists / "visits.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len({row["phone"] for row in rows}), sum(int(row["party size"]) for row in rows)) == (PEOPLE, visits)
    return opened, exported
