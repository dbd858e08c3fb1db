"""What the officers of both parties do in an outbreak."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from escrow.authority.investigation import Findings, Investigation
from protocol.epochs import Role
from protocol.warrants import Purpose, Warrant
from service.http import new_session
from tests.escrow.world import World, carry_out
from tests.parties import opening_warrant


def warrant_around_now(world: World, venue: bytes) -> Warrant:
    """A warrant for a venue, from one hour ago to one hour ahead."""
    now, number = world.now, world.settings.number
    return opening_warrant(number, venue, now - 3600, now + 3600, now)


async def trace(world: World, venue: bytes) -> tuple[bytes, Findings]:
    """Commitment, warrant, countersignature, release and opening: the warrant's id, and what was found."""
    world.now += 1  # the venue's server may have committed within this second
    warrant = warrant_around_now(world, venue)
    await carry_out(world, warrant, lambda investigation: investigation.request_release(warrant.warrant))
    async with new_session() as session:
        return warrant.warrant, await Investigation(world.authority, session).open(warrant.warrant)


async def warn(world: World, venue: bytes, advice: str = "검사") -> None:
    """Commitment, warrant, release and notice: everyone who is at a venue around now is warned."""
    world.now += 1  # as above
    warrant = replace(warrant_around_now(world, venue), purpose=Purpose.NOTICE)
    await carry_out(
        world,
        warrant,
        lambda investigation: investigation.request_release(warrant.warrant),
        lambda investigation: investigation.publish_notice([warrant.warrant], advice),
    )


def export(world: World, warrant: bytes, file: Path) -> list[dict[str, str]]:
    """The rows that the authority's officer gets."""
    result = world.officer(Role.AUTHORITY, "warrants", "export", warrant.hex(), "-o", str(file))
    assert result.exit_code == 0, f"the export fails: {result.exception!r}"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
