"""What is too much for one release, in parts: each is released, opened and warned once, and all make one list."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sql

from escrow.authority import reading
from escrow.authority.directory import deposit
from escrow.authority.investigation import Investigation, ReleaseResult
from escrow.authority.notices import Noticed
from escrow.authority.opened_visits import OpenedPart, OpenedVisit
from escrow.authority.reading import OpeningResult
from escrow.authority.released_parts import ReleasedPart
from escrow.authority.warrants import Step
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, EpochKey
from protocol.handles import DirectoryEntry, IdentityRecord, open_entry
from protocol.primitives.errors import CommitmentMismatch
from protocol.primitives.group import Point
from protocol.warrants import Warrant
from service.http_client import new_session
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, notice_for, open_door, publish_notice, warrant_for

SOON = 30
"""Seconds."""


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


async def visited(world: World, door: Door, max_records: int = 2) -> tuple[Warrant, list[str], int]:
    """One comes in the first part and leaves in the second, in which another comes: the warrant, phones, and arrival.

    The window is so long that nobody came before it and left after it.
    """
    (first, passes), (second, others) = await world.visitors_with_passes(2)
    arrival = (await door.admit(passes[0])).time
    await door.commit()
    door.part_ends = [door.log.kept[-1].opening.time]
    world.now += 1800
    door.add(sign_check_in(await world.epoch_key(), passes[0], world.now, Direction.EXIT))
    await door.admit(others[0])
    warrant = warrant_for(door, world.now - MAX_STAY, world.now + 600, max_records=max_records)
    return warrant, [first.phone, second.phone], arrival


async def released(world: World, warrant: Warrant) -> ReleaseResult:
    async with new_session() as session:
        return await Investigation(world.authority, session).request_release(warrant.warrant_id)


async def opened(world: World, warrant: Warrant) -> OpeningResult:
    async with new_session() as session:
        return await Investigation(world.authority, session).open(warrant.warrant_id)


def test_a_visit_of_two_parts_is_one_and_counts_once(world: World, door: Door) -> None:
    """The warrant allows two records, and three check-ins in two parts need no more."""

    async def story() -> None:
        warrant, phones, arrival = await visited(world, door)
        result, findings = await carry_out(
            world, warrant, lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)
        )
        assert isinstance(result, ReleaseResult)
        assert (result.parts, result.visits, result.check_ins, result.uncommitted) == (2, 3, 3, 0)
        assert isinstance(findings, OpeningResult)
        assert [contact.record.phone for contact in contacts(findings)] == phones
        assert contacts(findings)[0].visits == ((arrival, world.now - world.now % 15),)
        assert (findings.visits, findings.set_aside, findings.complete) == (2, {}, True)
        assert [part.opened for part in world.authority.warrants.get(warrant.warrant_id).parts] == [True, True]

    run(story())


def test_an_officer_is_told_how_far_a_step_is(world: World, door: Door) -> None:
    """Also that it is read whose visits they are, when nobody is waited for any more."""

    async def story() -> list[str]:
        warrant, said = (await visited(world, door))[0], list[str]()
        await carry_out(world, warrant)
        async with new_session() as session:
            investigation = Investigation(world.authority, session, said.append)
            await investigation.request_release(warrant.warrant_id)
            await investigation.open(warrant.warrant_id)
        return said

    assert run(story()) == [
        "1 parts are here",
        "2 parts are here",
        "part 1 of 2",
        "part 2 of 2",
        "reading whose visits they are",
    ]


def test_a_part_that_is_done_is_not_done_again(world: World, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant)
        asked: list[str] = []
        parts, ask = world.authority.warrants.parts, world.authority.peer.ask_server

        async def noting(*arguments: object, **options: object) -> bytes:
            if arguments[3] in {"/v1/releases", "/v1/shares"}:
                asked.append(str(arguments[3]))
            return await ask(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(world.authority.peer, "ask_server", noting)
        store, keep = parts.store, parts.store_transcript

        def dies(*_: object) -> None:
            raise OSError("killed")

        with monkeypatch.context() as killed:
            calls: list[object] = []

            def once(*given: object) -> None:
                calls.append(given)
                store(*given) if len(calls) == 1 else dies()  # type: ignore[arg-type]

            killed.setattr(parts, "store", once)
            with pytest.raises(OSError, match="killed"):
                await released(world, warrant)
        assert asked == ["/v1/releases"] * 2
        assert (await released(world, warrant)).parts == 2
        assert asked == ["/v1/releases"] * 3
        asked.clear()
        with monkeypatch.context() as killed:
            transcripts: list[object] = []

            def first_alone(*given: object) -> None:
                transcripts.append(given)
                keep(*given) if len(transcripts) == 1 else dies()  # type: ignore[arg-type]

            killed.setattr(parts, "store_transcript", first_alone)
            with pytest.raises(OSError, match="killed"):
                await opened(world, warrant)
        assert asked == ["/v1/shares"] * 2
        assert [contact.record.phone for contact in contacts(await opened(world, warrant))] == phones
        await opened(world, warrant)
        assert asked == ["/v1/shares"] * 2, "the operator's shares of the second part were here"

    run(story())


def test_the_operator_is_asked_for_the_next_part_while_one_is_being_opened(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be kept is told when the others are done."""

    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        parts, ask, second = world.authority.warrants.parts, world.authority.peer.ask_server, threading.Event()
        asked = list[object]()

        async def noting(*arguments: object, **options: object) -> bytes:
            answer = await ask(*arguments, **options)  # type: ignore[arg-type]
            if arguments[3] == "/v1/shares":
                asked.append(arguments)
                if len(asked) == 2:
                    second.set()
            return answer

        keep = parts.store_transcript

        def first_fails(part: ReleasedPart, *more: object) -> None:
            if part.ends is None:
                keep(part, *more)  # type: ignore[arg-type]
                return
            assert second.wait(SOON), "the operator gives shares of the second part meanwhile"
            raise OSError("no room")

        with monkeypatch.context() as trouble:
            trouble.setattr(world.authority.peer, "ask_server", noting)
            trouble.setattr(parts, "store_transcript", first_fails)
            with pytest.raises(OSError, match="no room"):
                await opened(world, warrant)
        assert [part.is_opened for part in parts.of(warrant.warrant_id)] == [False, True]
        assert [contact.record.phone for contact in contacts(await opened(world, warrant))] == phones

    run(story())


def test_a_part_that_nobody_can_open_any_more_keeps_no_other_shut(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its visits are counted as closed, also when it is all read again, and it is not asked for again."""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        await door.commit()
        door.part_ends = [door.log.kept[-1].opening.time]
        yesterday = world.today
        world.now += EPOCH_SECONDS
        for party in (world.operator, world.authority):
            await asyncio.to_thread(party.epochs.publish_ahead)
        (today, new_passes), _ = await world.visitors_with_passes(2)
        await door.admit(new_passes[0])
        warrant = warrant_for(door, world.now - EPOCH_SECONDS - 3600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        world.operator.epochs.erase(yesterday)
        for _ in range(2):
            found = await opened(world, warrant)
            assert [contact.record.phone for contact in contacts(found)] == [today.phone]
            assert (found.visits, found.set_aside, found.check_ins, found.complete) == (2, {"Closed": 1}, 2, True)
            monkeypatch.setattr(world.authority.peer, "ask_server", None)
        warrants = world.authority.warrants
        assert [part.is_opened for part in warrants.get(warrant.warrant_id).parts] == [False, True]
        assert not warrants.is_to_open(warrant.warrant_id)
        taken = warrants.listed_one(warrant.warrant_id).steps[Step.OPENED]
        assert (warrants.get(warrant.warrant_id).is_opened, taken.visits) == (True, 1)

    run(story())


def test_a_visit_of_two_parts_that_are_closed_counts_once(world: World, door: Door) -> None:
    """Also as an older program left it, which kept nothing of what is closed."""

    async def story() -> None:
        warrant, *_ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        world.operator.epochs.erase(world.today)
        for _ in range(2):
            found = await opened(world, warrant)
            assert (found.visits, found.opened, found.set_aside, found.complete) == (2, 0, {"Closed": 2}, True)
            assert (found.check_ins, found.uncommitted) == (3, 0)
            with world.authority.engine.begin() as connection:
                for table in ("opened_parts", "opened_visits"):
                    connection.execute(sql.text(f"DELETE FROM {table}"))

    run(story())


def test_a_visit_that_was_opened_in_one_part_is_not_closed_in_another(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        warrant, phones, arrival = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        ask = world.authority.peer.ask

        async def once(*given: object) -> bytes:
            monkeypatch.setattr(world.authority.peer, "ask", None)
            return await ask(*given)  # type: ignore[arg-type]

        with monkeypatch.context() as killed:
            killed.setattr(world.authority.peer, "ask", once)
            with pytest.raises(TypeError):
                await opened(world, warrant)
        monkeypatch.setattr(world.authority.peer, "ask", ask)
        world.operator.epochs.erase(world.today)
        found = await opened(world, warrant)
        assert (found.visits, found.opened, found.set_aside, found.complete) == (2, 1, {"Closed": 1}, True)
        assert [(one.record.phone, one.visits) for one in contacts(found)] == [(phones[0], ((arrival, None),))]

    run(story())


def test_what_is_closed_gives_way_to_another_release_of_it(world: World, door: Door) -> None:
    """As when a restored authority asks the venue again for a part that the operator can share now."""

    async def story() -> None:
        warrant, *_ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        parts = world.authority.warrants.parts
        for number, part in enumerate(parts.of(warrant.warrant_id)):
            closed = OpenedVisit(20_000, bytes([number] * 32), 0, None, "Closed")
            parts.store_closed(part, OpenedPart((closed,), 1, 0, Counter()))
        assert len(list(world.authority.opened.of(warrant.warrant_id))) == 2
        await released(world, warrant)
        assert [part.closed for part in parts.of(warrant.warrant_id)] == [True, False]
        assert len(list(world.authority.opened.of(warrant.warrant_id))) == 1
        found = await opened(world, warrant)
        assert (found.visits, found.opened, found.set_aside) == (3, 2, {"Closed": 1})

    run(story())


def test_what_was_verified_when_it_came_is_not_verified_again(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless a check-in was set aside then: it could be one that would hold by the commitments of both."""

    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        verified: list[object] = []
        monkeypatch.setattr("escrow.authority.operators_shares.verify_on_all_cores", verified.append)
        assert [contact.record.phone for contact in contacts(await opened(world, warrant))] == phones
        assert verified == []
        first, *_ = world.authority.warrants.parts.of(warrant.warrant_id)
        for why, holds in (("Withheld", True), ("InvalidSignature", False), ("OutOfScope", False)):
            assert first._replace(set_aside=Counter({why: 1})).is_verified is holds

    run(story())


def test_what_an_older_program_opened_is_read_from_its_transcripts(world: World, door: Door) -> None:
    """It kept nothing beside them."""

    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        first = await opened(world, warrant)
        with world.authority.engine.begin() as connection:
            for table in ("opened_parts", "opened_visits"):
                connection.execute(sql.text(f"DELETE FROM {table}"))
        again = await opened(world, warrant)
        assert [contact.record.phone for contact in contacts(again)] == phones
        assert contacts(again) == contacts(first)
        assert again == first

    run(story())


def test_an_entry_that_held_when_its_visit_was_opened_is_not_verified_again(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was not there then is verified when it is."""

    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        kept = {place: world.authority.directory.find(*place) for place in places(world)}
        _, missing = sorted(kept)
        with world.authority.engine.begin() as connection:
            connection.execute(sql.text("DELETE FROM directory WHERE entry_index = :index"), {"index": missing[1]})
        first = await opened(world, warrant)
        assert first.set_aside == {"NoIdentity": 1}
        assert sorted(visit.verified for visit in world.authority.opened.of(warrant.warrant_id)) == [False, True]
        entry = kept[missing]
        assert entry is not None
        with world.authority.engine.begin() as connection:
            deposit(connection, [entry])
        verified = []

        def noted(key: EpochKey, handle: Point, entry: DirectoryEntry) -> IdentityRecord:
            verified.append(entry)
            return open_entry(key, handle, entry)

        monkeypatch.setattr(reading, "open_entry", noted)
        again = await opened(world, warrant)
        assert sorted(contact.record.phone for contact in contacts(again)) == sorted(phones)
        assert verified == [entry]

    run(story())


def places(world: World) -> list[tuple[int, bytes]]:
    """Where the entries of the directory are."""
    with world.authority.engine.connect() as connection:
        rows = connection.execute(sql.text("SELECT epoch, entry_index FROM directory")).all()
    return [(epoch, bytes(index)) for epoch, index in rows]


def test_a_release_of_all_takes_the_place_of_parts_and_of_what_they_opened(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the first part, whose place it takes: what that opened is there until the new one is opened."""

    async def story() -> None:
        warrant, phones, _ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        assert (await opened(world, warrant)).opened == 2
        door.part_ends = []
        monkeypatch.setattr("escrow.authority.investigation._goes_on_after", lambda _: None)
        await released(world, warrant)
        (part,) = world.authority.warrants.parts.of(warrant.warrant_id)
        assert (part.opened, part.is_opened) == (True, False)
        assert len(list(world.authority.opened.of(warrant.warrant_id))) == 1
        assert [contact.record.phone for contact in contacts(await opened(world, warrant))] == phones
        assert len(list(world.authority.opened.of(warrant.warrant_id))) == 2

    run(story())


def test_what_is_closed_stays_with_what_was_opened_when_the_venue_is_asked_again(world: World, door: Door) -> None:
    async def story() -> None:
        warrant, *_ = await visited(world, door)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        parts = world.authority.warrants.parts
        first, second = parts.of(warrant.warrant_id)
        parts.store_closed(first, OpenedPart((), 1, 0, Counter()))
        assert (await opened(world, warrant)).opened == 2
        await released(world, warrant)
        assert parts.of(warrant.warrant_id) == (first._replace(closed=True), second._replace(opened=True))

    run(story())


def test_c5_all_parts_together_have_the_warrants_maximum(world: World, door: Door) -> None:
    async def story() -> None:
        warrant, *_ = await visited(world, door, max_records=1)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        with pytest.raises(Problem) as refused:
            await opened(world, warrant)
        assert refused.value.name == "warrant-exhausted"
        async with new_session() as session:
            found = await Investigation(world.authority, session).read(warrant.warrant_id)
        assert (len(contacts(found)), found.complete) == (1, False)

    run(story())


def test_a_venue_cannot_leave_out_a_part(world: World, door: Door) -> None:
    """Nor hand over the first one again, which would never end."""

    async def story() -> None:
        warrant, *_ = await visited(world, door)
        await carry_out(world, warrant)
        honest, ends = door.log.release, door.part_ends[0]
        door.log.release = lambda valid, ended=None, *_: honest(valid, ends)  # type: ignore[method-assign]
        with pytest.raises(CommitmentMismatch, match="start where"):
            await released(world, warrant)
        door.log.release = lambda valid, *_: honest(valid, None, ends)  # type: ignore[method-assign]
        with pytest.raises(CommitmentMismatch, match="start where"):
            await released(world, warrant)
        assert [part.ends for part in world.authority.warrants.get(warrant.warrant_id).parts] == [ends]

    run(story())


def test_c10_each_part_has_its_notice(world: World, door: Door) -> None:
    async def story() -> None:
        warrant, *_ = await visited(world, door)
        warrant = notice_for(warrant)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        assert await publish_notice(world, [warrant.warrant_id]) == Noticed(3, 0)
        numbers = [part.notice for part in world.authority.warrants.get(warrant.warrant_id).parts]
        assert numbers == [1, 2]
        with pytest.raises(Problem) as refused:
            await publish_notice(world, [warrant.warrant_id])
        assert refused.value.name == "notice-exists"

    run(story())
