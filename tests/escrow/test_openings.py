"""C8: what is opened is on record at both parties, outlives its epoch, and brings nobody back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sql

from escrow.authority.investigation import Investigation
from escrow.party import Party
from protocol.disclosures import OpeningRecord
from protocol.releases import Judgement, VerifiedRelease
from protocol.visits import Visit
from service.http_client import new_session
from tests.support.domain import opening_warrant
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, open_door, warrant_for


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def records(party: Party) -> list[OpeningRecord]:
    with party.engine.begin() as connection:
        return [OpeningRecord.from_bytes(row) for row in connection.scalars(sql.text("SELECT record FROM openings"))]


def test_c8_both_parties_record_the_same_passes_once_and_keep_the_record(world: World, door: Door) -> None:
    async def story() -> None:
        people = await world.visitors_with_passes(3)
        shown = [passes[0] for _, passes in people]
        for owned, moment in zip(shown, (0, 15, -7200), strict=True):
            await door.admit(owned, world.now + moment)
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        steps = [lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)]
        await carry_out(world, warrant, *steps)
        async with new_session() as session:
            await Investigation(world.authority, session).open(warrant.warrant_id)

        (operator,), (authority,) = records(world.operator), records(world.authority)
        assert operator.digests == authority.digests
        assert operator.release == authority.release
        assert operator.salt != authority.salt
        assert [operator.names(owned.public.u) for owned in shown] == [True, True, False]
        assert (operator.warrant_id, operator.legal_reference) == (warrant.warrant_id, warrant.legal_reference)

        for party in (world.operator, world.authority):
            kept = records(party)
            party.epochs.erase(world.today)
            assert records(party) == kept

    run(story())


def test_c8_each_release_of_a_warrant_has_its_own_record_and_one_that_is_repeated_the_first(world: World) -> None:
    """A second release, of some of the same passes, is another opening, which its record says."""
    warrant = opening_warrant(world.settings.number, bytes(16), world.now - 600, world.now, world.now)

    def released(digest: int, *numbers: int) -> VerifiedRelease:
        visits = {bytes([number]) * 32: Visit() for number in numbers}
        judgement = Judgement(bytes([digest]) * 32, (), ())
        return VerifiedRelease(warrant, {world.today: visits}, Counter(), judgement)

    openings = world.operator.openings
    first = openings.record(released(1, 1, 2))
    second = openings.record(released(2, 1))
    assert [one.release[0] for one in (first, second)] == [1, 2]
    assert [len(one.digests) for one in (first, second)] == [2, 1]
    assert openings.record(released(1, 1, 2)) == openings.record(released(1, 2)) == first
    assert openings.record(released(2, 1)) == second
    more = openings.record(released(1, 1, 2, 3))
    assert len(more.digests) == 3
    assert len(records(world.operator)) == 3
