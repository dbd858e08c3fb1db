"""What the officers of both parties do in an outbreak."""

from __future__ import annotations

import csv
from pathlib import Path

from escrow.authority.investigation import Investigation, OpeningResult
from protocol.epochs import Role
from protocol.warrants import Warrant
from service.http_client import new_session
from tests.support.domain import opening_warrant
from tests.support.servers import World, carry_out, notice_for, publish_notice


def warrant_around_now(world: World, venue_id: bytes) -> Warrant:
    """A warrant for a venue, from one hour ago to one hour ahead."""
    now, number = world.now, world.settings.number
    return opening_warrant(number, venue_id, now - 3600, now + 3600, now)


async def trace(world: World, venue_id: bytes) -> tuple[bytes, OpeningResult]:
    """Commitment, warrant, countersignature, release and opening: the warrant's id, and what was found."""
    world.now += 1  # the venue's server may have committed within this second
    warrant = warrant_around_now(world, venue_id)
    await carry_out(world, warrant, lambda investigation: investigation.request_release(warrant.warrant_id))
    async with new_session() as session:
        return warrant.warrant_id, await Investigation(world.authority, session).open(warrant.warrant_id)


async def warn(world: World, venue_id: bytes, advice: str = "검사") -> None:
    """Commitment, warrant, release and notice: everyone who is at a venue around now is warned."""
    world.now += 1  # as above
    warrant = notice_for(warrant_around_now(world, venue_id), advice)
    await carry_out(world, warrant, lambda investigation: investigation.request_release(warrant.warrant_id))
    await publish_notice(world, [warrant.warrant_id])


def export(world: World, warrant_id: bytes, file: Path) -> list[dict[str, str]]:
    """The rows that the authority's officer gets."""
    result = world.officer(Role.AUTHORITY, "warrants", "export", warrant_id.hex(), "-o", str(file))
    assert result.exit_code == 0, f"the export fails: {result.exception!r}"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
