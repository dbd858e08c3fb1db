"""The commitments of venues at both parties' real servers, and what shares are worth without them (C5, A17, A18)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sql

from escrow import commitments
from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.housekeeping import keep_house
from escrow.operator.operator import Operator
from escrow.party import Party
from protocol.any_check_in import read_any_check_in
from protocol.commitments import VenueCommitment, sign_commitment
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import CommitmentMismatch, ConflictingStatements, InvalidSignature
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import statement_payload
from protocol.releases import Release
from protocol.transparency.merkle import CompactRange
from service.cli import local_time
from service.http_client import new_session
from service.problems import Problem
from service.refusals import STATUSES, TooManyRequests
from tests.support.investigations import stored_release
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, open_door, warrant_for

AUTHORITY = Role.AUTHORITY
TREE = CompactRange()
PATH = "/v1/commitments"


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def parties(world: World) -> tuple[Party, Party]:
    return world.operator, world.authority


def stored(party: Party) -> int:
    with party.engine.begin() as connection:
        return connection.scalar(sql.select(sql.func.count()).select_from(commitments._commitments)) or 0


async def refused(answer: Awaitable[object]) -> str:
    with pytest.raises(Problem) as refusal:
        await answer
    return refusal.value.name


def test_c5_a_commitment_is_durable_at_both_parties(world: World, door: Door) -> None:
    """Also when it is sent many times at once; and another program on the same database finds it."""
    opening, statement = sign_commitment(door.record, door.key, world.now, TREE)

    async def story() -> None:
        for role in Role:
            await asyncio.gather(*(world.post(role, PATH, statement) for _ in range(8)))

    run(story())
    for party in parties(world):
        assert stored(party) == 1
    for reopened in (Operator(world.operator.home), Authority(world.authority.home)):
        assert reopened.commitments.of(door.record.venue_id).keys() == {opening.time}
        assert reopened.commitments.newest(door.record.venue_id) == opening.time
        reopened.engine.dispose()


def test_c5_what_is_no_commitment_of_a_venue_now_is_refused(world: World, door: Door) -> None:
    def signed(key: SigningKey = door.key, time: int = world.now, **other: object) -> bytes:
        return sign_commitment(replace(door.record, **other), key, time, TREE)[1]  # type: ignore[arg-type]

    async def story() -> None:
        newcomer = Door(world, 1)
        await newcomer.apply()
        pending = sign_commitment(newcomer.record, newcomer.key, world.now, TREE)[1]
        await world.post(Role.OPERATOR, PATH, signed())
        for statement, name in (
            (b"", "malformed-encoding"),
            (signed(venue_id=bytes(16)), "unknown-venue"),
            (pending, "venue-pending"),
            (signed(SigningKey.generate()), "invalid-signature"),
            (signed(domain=8), "wrong-domain"),
            (signed(time=world.now - REQUEST_TOLERANCE - 1), "replayed-request"),
            (signed(time=world.now + REQUEST_TOLERANCE + 1), "replayed-request"),
            (signed(), "conflicting-statements"),  # another salt
        ):
            assert await refused(world.post(Role.OPERATOR, PATH, statement)) == name

    run(story())
    assert stored(world.operator) == 1


def test_a_venue_does_not_fill_the_database(world: World, door: Door) -> None:
    """More than an hour needs is refused, also over several seconds' worth of times; another venue goes on."""
    party, venue = world.operator, door.record
    limit = party.settings.commitments_per_hour

    def take(now: int, key: SigningKey = door.key) -> bytes:
        statement = sign_commitment(venue, key, now, TREE)[1]
        party.commitments.receive(statement, now)
        return statement

    taken = [take(world.now + number) for number in range(limit)]
    later = world.now + 2 * limit
    with pytest.raises(TooManyRequests) as refusal:
        take(later)
    assert STATUSES[refusal.value.name] == 429
    assert refusal.value.retry_after is not None
    assert refusal.value.retry_after == world.now + 3600 - later
    party.commitments.receive(taken[-1], world.now + limit)  # again
    with pytest.raises(InvalidSignature):
        take(later, SigningKey.generate())  # nobody else uses it up
    take(later + refusal.value.retry_after)
    assert stored(party) == limit + 1
    with open_door(world) as other:
        party.commitments.receive(sign_commitment(other.record, other.key, later, TREE)[1], later)


def test_c5_two_commitments_of_one_time_are_kept_as_evidence(world: World, door: Door) -> None:
    def commit(time: int) -> bytes:
        return sign_commitment(door.record, door.key, time, TREE)[1]

    party, venue = world.operator, door.record.venue_id
    first, second, third = (commit(world.now) for _ in range(3))
    party.commitments.receive(first, world.now)
    party.commitments.receive(first, world.now)
    assert party.commitments.conflict(venue, world.now) is None
    for other in (second, third):
        with pytest.raises(ConflictingStatements):
            party.commitments.receive(other, world.now)
    assert party.commitments.conflict(venue, world.now) == second
    assert party.commitments.of(venue) == {world.now: VenueCommitment.from_bytes(statement_payload(first)).commitment}
    party.commitments.delete_before(world.now + 1)
    assert party.commitments.conflict(venue, world.now) is None


def test_a18_the_officer_who_draws_a_warrant_sees_when_the_venue_did_not_commit(world: World, door: Door) -> None:
    party, start = world.authority, world.now
    for hour in (0, 1, 3, 6, 8.01, 9):
        world.now = start + int(hour * 3600)
        party.commitments.receive(sign_commitment(door.record, door.key, world.now, TREE)[1], world.now)

    def told(begins: float, ends: float) -> list[str]:
        offset = world.settings.utc_offset
        window = [local_time(start + int(hour * 3600), offset) for hour in (begins, ends)]
        options = ("--venue", door.record.venue_id.hex(), "--from", window[0], "--until", window[1])
        drawn = world.officer(AUTHORITY, "warrants", "draw", *options, "--legal-reference", "제76조의2")
        return [line for line in drawn.stderr.splitlines() if "did not commit" in line]

    assert told(0, 3) == told(8.01, 9) == []
    first, three, six = (local_time(start + hour * 3600, world.settings.utc_offset) for hour in (0, 3, 6))
    (before,), (between,) = told(-3, 0), told(5, 5.5)
    assert before.startswith(f"the venue did not commit until {first}: ")
    assert between.startswith(f"the venue did not commit from {three} until {six}: ")
    assert len(told(-3, 9)) == 3


def test_c5_each_party_holds_a_release_against_its_own_commitments(world: World, door: Door) -> None:
    """A venue that tells each party something else can show neither of them a release that both take."""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        statement = door.log.commit(world.now)
        await world.post(Role.AUTHORITY, PATH, statement)
        await world.post(Role.OPERATOR, PATH, sign_commitment(door.record, door.key, world.now, TREE)[1])
        del world.committing[door.record.venue_id]
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        async with new_session() as session:
            opening = Investigation(world.authority, session).open(warrant.warrant_id)
            assert await refused(opening) == "conflicting-statements"
        assert world.authority.warrants.listed_one(warrant.warrant_id).state == "released"

    run(story())


def test_a18_nothing_is_released_that_was_admitted_after_the_warrant(world: World, door: Door) -> None:
    async def story() -> None:
        (_, first), (_, late) = await world.visitors_with_passes(2)
        await door.admit(first[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant)
        world.now += 120
        await door.admit(late[0])
        await door.commit()
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            released = await investigation.request_release(warrant.warrant_id)
            (leaf,) = Release.from_bytes(statement_payload(stored_release(world, warrant.warrant_id))).leaves
            assert (released.visits, read_any_check_in(leaf.content).u) == (1, first[0].public.u)
            door.log.kept[0] = replace(door.log.kept[0], acknowledged=False)
            door.log.kept[1] = replace(
                door.log.kept[1], opening=replace(door.log.kept[1].opening, time=warrant.issued)
            )  # a lie about when
            with pytest.raises(CommitmentMismatch):
                await investigation.request_release(warrant.warrant_id)

    run(story())


def test_an_opening_is_read_again_after_newer_commitments(world: World, door: Door) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        _, findings = await carry_out(
            world, warrant, lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)
        )
        world.now += EPOCH_SECONDS
        await door.commit()
        async with new_session() as session:
            again: OpeningResult = await Investigation(world.authority, session).read(warrant.warrant_id)
        assert again == findings

    run(story())


def test_commitments_are_kept_as_long_as_a_release_may_need_them(world: World, door: Door) -> None:
    """And of each venue the last one before that: a venue may have been closed for long."""
    party = world.operator
    closed = Door(world, 1)
    closed.record = replace(door.record, venue_id=bytes(16), key=public_key(closed.key))
    run(closed.apply())
    party.venues.approve(closed.record, party.identity)
    start = world.now
    days = party.settings.retention_days + 40  # §6.3
    for day in range(3):
        world.now = start + day * EPOCH_SECONDS
        for one in (door, closed) if day < 2 else (door,):
            party.commitments.receive(sign_commitment(one.record, one.key, world.now, TREE)[1], world.now)
    for later, kept in ((0, 3), (1, 3), (EPOCH_SECONDS + 1, 2), (2 * EPOCH_SECONDS + 1, 1)):
        world.now = start + days * EPOCH_SECONDS + later
        party.forget_old(world.now)
        assert len(party.commitments.of(door.record.venue_id)) == kept
    keep_house(party)
    assert party.commitments.of(closed.record.venue_id).keys() == {start + EPOCH_SECONDS}
