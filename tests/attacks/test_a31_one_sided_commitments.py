"""A31: a commitment is sent to one party alone, so that an honest party seems to give false shares."""

from __future__ import annotations

import pytest

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.primitives.errors import CommitmentMismatch
from protocol.releases import COMMITMENT_DELAY, COMMITMENT_MARGIN
from protocol.warrants import Warrant
from service.http_client import new_session
from service.problems import Problem
from tests.attacks.auditing import found
from tests.support.contacts import contacts
from tests.support.running import run
from tests.support.servers import Door, Enrolled, World, carry_out, open_door, warrant_for
from tests.support.town import Town

A_DAY = COMMITMENT_DELAY + COMMITMENT_MARGIN + 60


async def commit_to(world: World, door: Door, *roles: Role) -> int:
    """The venue commits to all that it has, at these parties alone; when it did."""
    statement = door.log.commit(world.now)
    for role in roles:
        await world.post(role, "/v1/commitments", statement)
    return world.now


async def one_sided(world: World, door: Door, role: Role) -> tuple[list[Enrolled], Warrant]:
    """Of two visits one was committed to at one party alone, and at the other a day later; a warrant for both."""
    visitors = await world.visitors_with_passes(2)
    begins = world.now - 600
    await door.admit(visitors[0][1][0])
    await commit_to(world, door, *Role)
    world.now += 60
    await door.admit(visitors[1][1][0])
    await commit_to(world, door, role)
    world.now += A_DAY
    world.keep_houses()
    await commit_to(world, door, *Role)
    del world.committing[door.record.venue_id]
    return [visitor for visitor, _ in visitors], warrant_for(door, begins, begins + 3600)


async def opened(world: World, warrant: Warrant) -> OpeningResult:
    """What the officers open."""

    async def steps(investigation: Investigation) -> OpeningResult:
        await investigation.request_release(warrant.warrant_id)
        return await investigation.open(warrant.warrant_id)

    (findings,) = await carry_out(world, warrant, steps)
    assert isinstance(findings, OpeningResult)
    return findings


@pytest.mark.parametrize("role", Role)
def test_a31_a_commitment_for_one_party_alone_blames_nobody(town: Town, role: Role) -> None:
    """A venue's network fails, or the venue cheats: one party alone can tell that a visit was not added later.

    Happened: found by analysis. Answer: what both admit is opened, what one alone admits is counted, and no honest
    party is blamed, neither by the other nor by an audit (§3.10).
    """
    world = town.world
    with open_door(world) as door:

        async def attack() -> None:
            visitors, warrant = await one_sided(world, door, role)
            findings = await opened(world, warrant)
            assert [contact.record.phone for contact in contacts(findings)] == [visitors[0].phone]
            late = {"CommittedLate": 1} if role is Role.OPERATOR else {}
            assert findings.set_aside == {"AdmittedByOne": 1, **late}

        run(attack())
    assert found(town) == set()


@pytest.mark.parametrize("role", Role)
def test_a31_a_newer_commitment_for_one_party_alone_blames_nobody(town: Town, role: Role) -> None:
    """The venue sends its newest commitment before the warrant to one party, and opens no more than the other knows.

    Happened: as above. Answer: a release that does not fit what one party holds is refused, and nobody is blamed.
    """
    world = town.world
    with open_door(world) as door:

        async def attack() -> None:
            (_, passes), _ = await world.visitors_with_passes(2)
            await door.admit(passes[0])
            await commit_to(world, door, *Role)
            kept = list(door.log.kept)
            world.now += 60
            await commit_to(world, door, role)
            door.log.kept = kept
            del world.committing[door.record.venue_id]
            warrant = warrant_for(door, world.now - 600, world.now + 600)
            if role is Role.AUTHORITY:
                with pytest.raises(CommitmentMismatch):
                    await opened(world, warrant)
            else:
                with pytest.raises(Problem) as refusal:
                    await opened(world, warrant)
                assert refusal.value.name == "commitment-mismatch"

        run(attack())
    assert found(town) == set()


def test_a31_two_commitments_of_one_time_are_laid_to_the_venue(town: Town) -> None:
    """The venue tells each party something else for the same time.

    Happened: as above. Answer: each party has a statement that the venue signed, and both together are evidence.
    """
    world = town.world
    with open_door(world) as door:

        async def attack() -> None:
            (_, passes), _ = await world.visitors_with_passes(2)
            await commit_to(world, door, Role.OPERATOR)
            false = door.log.commitments[world.now]
            door.log.kept.clear()
            await door.admit(passes[0])
            await commit_to(world, door, Role.AUTHORITY)
            time = world.now
            del world.committing[door.record.venue_id]
            with pytest.raises(Problem, match=f"two commitments at {time}") as refusal:
                await opened(world, warrant_for(door, world.now - 600, world.now + 600))
            assert refusal.value.name == "conflicting-statements"
            venue = door.record.venue_id
            assert world.operator.commitments.of(venue) == {time: false}
            assert world.authority.commitments.of(venue) == {time: door.log.commitments[time]}

        run(attack())
    assert found(town) == set()


def test_a31_a_party_that_names_fewer_commitments_opens_no_more(town: Town) -> None:
    """The authority forgets the commitments that forbid a visit, and asks for its share.

    Happened: as above. Answer: the operator judges by what it holds itself as well (§3.10).
    """
    world = town.world
    with open_door(world) as door:

        async def attack() -> None:
            (_, passes), (other, others) = await world.visitors_with_passes(2)
            key = await world.epoch_key()
            await commit_to(world, door, *Role)
            world.now += COMMITMENT_MARGIN + 60
            door.add(sign_check_in(key, passes[0], world.now - 30, Direction.ENTRY))
            await commit_to(world, door, *Role)
            moved = sign_check_in(key, others[0], world.now - COMMITMENT_MARGIN - 45, Direction.ENTRY)
            world.now += 60
            door.add(moved)
            await commit_to(world, door, *Role)
            del world.committing[door.record.venue_id]
            warrant = warrant_for(door, world.now - 3600, world.now + 600)
            await carry_out(world, warrant)
            of = world.authority.commitments.of

            def fewer(venue_id: bytes) -> dict[int, bytes]:
                held = of(venue_id)
                return {time: held[time] for time in (min(held), max(held))}

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(world.authority.commitments, "of", fewer)
                findings = await opened_under(world, warrant)
            assert other.phone not in {contact.record.phone for contact in contacts(findings)}
            assert len(contacts(findings)) == 1
            assert findings.set_aside == {"AdmittedByOne": 1}

        run(attack())


async def opened_under(world: World, warrant: Warrant) -> OpeningResult:
    """The same for a warrant that is countersigned already."""
    async with new_session() as session:
        investigation = Investigation(world.authority, session)
        await investigation.request_release(warrant.warrant_id)
        return await investigation.open(warrant.warrant_id)
