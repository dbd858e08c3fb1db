"""A32: one pass used at several doors hides its owner from every trace but the first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pytest
import sqlalchemy as sql

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.errors import PeerFailed
from escrow.shares import record_and_share
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import MadeShares
from protocol.paper_check_ins import sign_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass
from service.http_client import new_session
from tests.attacks.auditing import found
from tests.attacks.refusals import refusal
from tests.support.contacts import contacts
from tests.support.domain import opening_warrant
from tests.support.investigations import released, trace
from tests.support.running import run
from tests.support.servers import Door, World, open_door
from tests.support.town import Town


@dataclass
class TwoDoors:
    """Two venues that do not know each other, in one domain."""

    world: World
    first: Door
    second: Door

    async def scan(self, door: Door, owned: OwnedPass) -> None:
        """Use a pass with the poster of a venue."""
        venue = door.record.venue_id
        door.add(sign_check_in(await self.world.epoch_key(), owned, self.world.now, Direction.ENTRY, venue))

    async def print_and_show(self, door: Door, owned: OwnedPass) -> None:
        """Use a pass on paper, at a venue that signs for it."""
        key = await self.world.epoch_key()
        paper = verify_paper(key, from_paper_text(print_pass(key, owned)))
        signed = sign_paper_check_in(key, paper, self.world.now, Direction.ENTRY, door.record.venue_id)
        door.log.add(self.world.today, signed.to_bytes())

    async def released(self, door: Door) -> bytes:
        """The id of a warrant under which a venue has released."""
        return await released(self.world, door.record.venue_id)

    async def open(self, warrant_id: bytes) -> OpeningResult:
        """What the officers find under a warrant that was released."""
        async with new_session() as session:
            return await Investigation(self.world.authority, session).open(warrant_id)

    async def read(self, warrant_id: bytes) -> OpeningResult:
        """What they find there later."""
        async with new_session() as session:
            return await Investigation(self.world.authority, session).read(warrant_id)

    async def trace(self, door: Door) -> OpeningResult:
        """What the officers find at a venue."""
        return (await trace(self.world, door.record.venue_id))[1]

    def kept(self, role: Role, door: Door) -> list[bool]:
        """Of the passes that a party keeps for a venue, whether each got a share."""
        party = self.world.operator if role is Role.OPERATOR else self.world.authority
        query = sql.text("SELECT given FROM released_passes WHERE venue = :venue ORDER BY given")
        with party.engine.connect() as connection:
            return [bool(row.given) for row in connection.execute(query, {"venue": door.record.venue_id})]


@pytest.fixture
def doors(world: World) -> Iterator[TwoDoors]:
    with open_door(world) as first, open_door(world) as second:
        yield TwoDoors(world, first, second)


def test_a32_a_pass_that_was_scanned_twice_is_in_both_traces(town: Town, doors: TwoDoors) -> None:
    """An infected visitor scans the posters of two venues with one pass, so that the second trace lacks them.

    Happened: found by analysis. Answer: each label names its venue, so each trace opens the visit; the second opening
    counts under its own warrant and is on record, and the officer is told (§3.10).
    """

    async def attack() -> None:
        (visitor, passes), _ = await doors.world.visitors_with_passes(2)
        for door in (doors.first, doors.second):
            await doors.scan(door, passes[0])
        findings = [await doors.trace(door) for door in (doors.first, doors.second)]
        assert [[contact.record.phone for contact in contacts(one)] for one in findings] == [[visitor.phone]] * 2
        assert [one.reused for one in findings] == [0, 1]
        assert [dict(one.set_aside) for one in findings] == [{}, {}]

    run(attack())
    for role in Role:
        assert doors.kept(role, doors.first) == doors.kept(role, doors.second) == [True]
    assert found(town) == set()


@pytest.mark.parametrize("first_scanned", [True, False])
def test_a32_a_scan_hides_no_visit_that_was_shown(doors: TwoDoors, first_scanned: bool) -> None:
    """The same with a code on the screen at one of the venues, whichever is traced first."""

    async def attack() -> None:
        (visitor, passes), _ = await doors.world.visitors_with_passes(2)
        await doors.scan(doors.first, passes[0])
        await doors.second.admit(passes[0])
        order = (doors.first, doors.second) if first_scanned else (doors.second, doors.first)
        findings = [await doors.trace(door) for door in order]
        assert [[contact.record.phone for contact in contacts(one)] for one in findings] == [[visitor.phone]] * 2
        assert [one.reused for one in findings] == [0, 1]

    run(attack())


@pytest.mark.parametrize("kind", ["shown", "printed"])
def test_a32_a_pass_without_a_venue_is_opened_once_and_the_officer_told(town: Town, doors: TwoDoors, kind: str) -> None:
    """The same with a code on the screen, or with a paper, whose venue is the word of whoever has its key.

    Happened: as above. Answer: a door that hands in another's check-ins would have them opened in its own name, so one
    venue alone has the visit opened. Both parties keep the second use, and the officer is told of it.
    """

    async def attack() -> None:
        (visitor, passes), _ = await doors.world.visitors_with_passes(2)
        for door in (doors.first, doors.second):
            await (door.admit(passes[0]) if kind == "shown" else doors.print_and_show(door, passes[0]))
        findings = [await doors.trace(door) for door in (doors.first, doors.second)]
        assert [[contact.record.phone for contact in contacts(one)] for one in findings] == [[visitor.phone], []]
        assert [dict(one.set_aside) for one in findings] == [{}, {"ReleasedElsewhere": 1}]

    run(attack())
    for role in Role:
        assert doors.kept(role, doors.first) == [True]
    assert doors.kept(Role.OPERATOR, doors.second) == doors.kept(Role.AUTHORITY, doors.second) == [False]
    assert found(town) == set()


def test_a32_two_warrants_that_are_opened_at_once_give_what_they_give_one_by_one(doors: TwoDoors) -> None:
    """The same while the officers open both: the operator has recorded the first, and the authority has yet to.

    Happened: opened two at a time, the second visit was kept as one without a valid share, and by the operator alone.
    Answer: of one authority's warrants one is asked for when the one before is on record at both parties (§3.10).
    """

    class Watched(asyncio.Lock):
        """Tells when somebody has to wait for it."""

        def __init__(self) -> None:
            super().__init__()
            self.is_waited_for = asyncio.Event()

        async def acquire(self) -> Literal[True]:
            if self.locked():
                self.is_waited_for.set()
            return await super().acquire()

    async def attack() -> None:
        (visitor, passes), _ = await doors.world.visitors_with_passes(2)
        for door in (doors.first, doors.second):
            await door.admit(passes[0])
        first, second = [await doors.released(door) for door in (doors.first, doors.second)]
        doors.world.authority.sharing = watched = Watched()
        has_begun = asyncio.Event()

        async def paused(*release: Any) -> MadeShares:
            if not has_begun.is_set():
                has_begun.set()
                waited = asyncio.create_task(watched.is_waited_for.wait())
                await asyncio.wait({waited, others}, return_when=asyncio.FIRST_COMPLETED)
            return await record_and_share(*release)

        async def open_second() -> OpeningResult:
            await has_begun.wait()
            return await doors.open(second)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("escrow.authority.investigation.record_and_share", paused)
            others = asyncio.create_task(open_second())
            findings = [await doors.open(first), await others]
        assert [[contact.record.phone for contact in contacts(one)] for one in findings] == [[visitor.phone], []]
        assert [dict(one.set_aside) for one in findings] == [{}, {"ReleasedElsewhere": 1}]

    run(attack())
    assert doors.kept(Role.OPERATOR, doors.second) == doors.kept(Role.AUTHORITY, doors.second) == [False]


def test_a32_the_reason_is_found_also_when_the_first_opening_ends_after_the_second(doors: TwoDoors) -> None:
    """The same when the first opening is interrupted between the parties' records, or another program makes it.

    Answer: whoever reads the second looks again, names the reason, and has the authority keep the pass, too.
    """

    async def attack() -> None:
        (_, passes), _ = await doors.world.visitors_with_passes(2)
        for door in (doors.first, doors.second):
            await door.admit(passes[0])
        first, second = [await doors.released(door) for door in (doors.first, doors.second)]

        async def interrupted(*_: Any) -> MadeShares:
            raise PeerFailed("interrupted")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("escrow.authority.investigation.record_and_share", interrupted)
            assert await refusal(doors.open(first)) == "peer-failed"
        assert dict((await doors.open(second)).set_aside) == {"Closed": 1}
        assert doors.kept(Role.AUTHORITY, doors.second) == []
        await doors.open(first)
        for _ in range(2):
            assert dict((await doors.read(second)).set_aside) == {"ReleasedElsewhere": 1}

    run(attack())
    for role in Role:
        assert (doors.kept(role, doors.first), doors.kept(role, doors.second)) == ([True], [False])


def test_a32_a_second_use_counts_under_its_own_warrant(doors: TwoDoors) -> None:
    """A warrant for one record does not open two, whatever was opened before."""

    async def attack() -> None:
        (_, passes), (_, others) = await doors.world.visitors_with_passes(2)
        for door in (doors.first, doors.second):
            await doors.scan(door, passes[0])
        await doors.scan(doors.second, others[0])
        await doors.trace(doors.first)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.support.investigations.opening_warrant", partial(opening_warrant, max_records=1))
            assert await refusal(doors.trace(doors.second)) == "warrant-exhausted"

    run(attack())
