"""What the officers of both parties do in an outbreak."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from escrow.authority.investigation import Investigation
from escrow.authority.opened_visits import OpenedPart, OpenedVisit
from escrow.authority.reading import OpeningResult
from escrow.authority.released_parts import ReleasedPart
from escrow.authority.warrants import Warrants
from protocol.epochs import Role
from protocol.opening import OpeningTranscript
from protocol.primitives.statements import JointStatement
from protocol.releases import Judgement, VerifiedRelease, release_digest
from protocol.warrants import Warrant
from service.http_client import new_session
from tests.support.domain import opening_warrant
from tests.support.servers import World, carry_out, notice_for, publish_notice

ONE_VISIT = OpenedPart((OpenedVisit(20_000, bytes(32), 0, None),), 1, 0, Counter())


def warrant_around_now(world: World, venue_id: bytes) -> Warrant:
    """A warrant for a venue, from one hour ago to one hour ahead."""
    now, number = world.now, world.settings.number
    return opening_warrant(number, venue_id, now - 3600, now + 3600, now)


def only_part(world: World, warrant_id: bytes) -> ReleasedPart:
    """What the authority has of a warrant that was released whole."""
    (part,) = world.authority.warrants.get(warrant_id).parts
    return part


def stored_release(world: World, warrant_id: bytes) -> bytes:
    """The signed release that the authority has of such a warrant."""
    return world.authority.warrants.parts.release(only_part(world, warrant_id))


def stored_transcript(world: World, warrant_id: bytes) -> OpeningTranscript:
    """The transcript that the authority has of such a warrant."""
    joint = world.authority.warrants.get(warrant_id).countersigned
    assert joint is not None
    return world.authority.warrants.parts.transcript(only_part(world, warrant_id), joint)


def stored_venue(world: World, warrant_id: bytes) -> JointStatement:
    """The venue's record that such a warrant was opened with."""
    return world.authority.warrants.parts.opened_venue(only_part(world, warrant_id))


def store_opening(warrants: Warrants, joint: JointStatement, record: Warrant, part: bytes = b"release") -> None:
    """Keep a whole release and an opening, whose bytes mean nothing."""
    release = VerifiedRelease(record, {}, Counter(), Judgement(release_digest(part), (), ()))
    warrants.parts.store(part, release)
    (stored,) = warrants.get(record.warrant_id).parts
    warrants.parts.store_transcript(
        stored, OpeningTranscript(joint, part, b"operator's", b"authority's"), joint, ONE_VISIT
    )


async def released(world: World, venue_id: bytes) -> bytes:
    """Commitment, warrant, countersignature and release: the warrant's id."""
    world.now += 1  # the venue's server may have committed within this second
    warrant = warrant_around_now(world, venue_id)
    await carry_out(world, warrant, lambda investigation: investigation.request_release(warrant.warrant_id))
    return warrant.warrant_id


async def trace(world: World, venue_id: bytes) -> tuple[bytes, OpeningResult]:
    """The same and opening: the warrant's id, and what was found."""
    warrant_id = await released(world, venue_id)
    async with new_session() as session:
        return warrant_id, await Investigation(world.authority, session).open(warrant_id)


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
