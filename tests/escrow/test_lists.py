"""What both parties publish for everyone: the authority's notices (C10), and both parties' disclosures (C8)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from escrow.authority.errors import NoRelease
from escrow.authority.investigation import Investigation
from escrow.party import Party
from protocol.check_ins import Direction, sign_check_in
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.notices import Notice, list_digest, verify_notice
from protocol.passes import OwnedPass
from protocol.primitives.errors import OutOfScope
from protocol.releases import VerifiedRelease
from protocol.transparency.log_entries import DisclosurePublished, LogEntry, NoticePublished, SharesReleased
from protocol.transparency.tiles import TILE_WIDTH, entries_tile
from protocol.warrants import Purpose, Warrant
from service.http_client import new_session
from service.problems import Problem
from tests.support.databases import KINDS
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, open_door, run_world, warrant_for

ADVICE = "가까운 보건소에서 검사를 받으십시오."


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """On SQLite, if the test does not say otherwise."""
    with run_world(tmp_path, getattr(request, "param", "sqlite")) as world:
        yield world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


async def notice(world: World, number: int | None = None) -> Notice:
    path = "/v1/notices" if number is None else f"/v1/notices/{number}"
    return verify_notice(world.settings.domain, await world.get(Role.AUTHORITY, path), number)


async def disclosure(world: World, role: Role, number: int | None = None) -> Disclosure:
    path = "/v1/disclosures" if number is None else f"/v1/disclosures/{number}"
    return verify_disclosure(world.settings.domain, role, await world.get(role, path), number)


async def admitted(world: World, door: Door) -> list[OwnedPass]:
    """Three passes: two of visits that a warrant around now covers, and one of an earlier visit."""
    shown = [passes[0] for _, passes in await world.visitors_with_passes(3)]
    for owned, moment in zip(shown, (0, 15, -7200), strict=True):
        await door.admit(owned, world.now + moment)
    return shown


async def opened(world: World, door: Door) -> tuple[Warrant, list[OwnedPass]]:
    shown = await admitted(world, door)
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    steps = [lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)]
    await carry_out(world, warrant, *steps)
    return warrant, shown


def said(party: Party, index: int) -> object:
    """What an entry of a party's log says."""
    pending = party.log.pending()
    assert pending is not None
    entries = party.log.files.entries(entries_tile(pending[1].size, index))
    return LogEntry.from_bytes(entries[index % TILE_WIDTH]).contents


def test_c10_the_authority_warns_whoever_was_there_and_opens_nothing(world: World, door: Door) -> None:
    async def story() -> None:
        shown = await admitted(world, door)
        warrant = replace(warrant_for(door, world.now - 600, world.now + 600), purpose=Purpose.NOTICE)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        world.now += 120
        same_window = replace(warrant, warrant_id=bytes(16), issued=world.now)
        both = [warrant.warrant_id, same_window.warrant_id]
        (_, count) = await carry_out(
            world,
            same_window,
            lambda it: it.request_release(same_window.warrant_id),
            lambda it: it.publish_notice(both, ADVICE),
        )
        assert count == 2
        published = await notice(world, 1)
        assert published == await notice(world)
        assert [published.concerns(owned.public.u) for owned in shown] == [True, True, False]
        assert (published.time, published.advice) == (world.now, ADVICE)
        with pytest.raises(Problem, match="nothing is opened under a warrant of this purpose"):
            async with new_session() as session:
                await Investigation(world.authority, session).open(warrant.warrant_id)
        world.now += EPOCH_SECONDS
        world.keep_houses()
        assert [(await disclosure(world, role)).openings for role in Role] == [(), ()]

    run(story())


def test_c10_only_releases_under_a_valid_warrant_are_warned_of(world: World, door: Door) -> None:
    async def story() -> None:
        await admitted(world, door)
        warrant = replace(warrant_for(door, world.now - 600, world.now + 600), purpose=Purpose.NOTICE)
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
            with pytest.raises(NoRelease, match="release first"):
                await investigation.publish_notice([warrant.warrant_id], ADVICE)
            await investigation.request_release(warrant.warrant_id)
            world.now = warrant.expires + 1
            with pytest.raises(OutOfScope, match="expired"):
                await investigation.publish_notice([warrant.warrant_id], ADVICE)
        assert (await notice(world)).number == 0

    run(story())


def test_c10_nobody_is_warned_under_a_warrant_for_opening(world: World, door: Door) -> None:
    async def story() -> None:
        await admitted(world, door)
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        async with new_session() as session:
            with pytest.raises(OutOfScope, match="draw one for a notice"):
                await Investigation(world.authority, session).publish_notice([warrant.warrant_id], ADVICE)
        assert (await notice(world)).number == 0

    run(story())


def test_c10_a_venue_cannot_have_somebody_warned_who_was_not_there(world: World, door: Door) -> None:
    """Forged, of another venue, and of another domain: set aside as for an opening, though nobody gives a share."""

    async def story() -> None:
        (_, mine), (_, forged), (_, elsewhere) = await world.visitors_with_passes(3)
        key = await world.epoch_key()
        await door.admit(mine[0])
        moment = sign_check_in(key, mine[0], world.now, Direction.ENTRY).time
        door.add(
            replace(sign_check_in(key, forged[0], moment, Direction.ENTRY), time=moment + 15),
            sign_check_in(key, elsewhere[0], moment, Direction.ENTRY, bytes(16)),
            replace(sign_check_in(key, elsewhere[1], moment, Direction.ENTRY), domain=key.domain.number + 1),
        )
        warrant = replace(warrant_for(door, world.now - 600, world.now + 600), purpose=Purpose.NOTICE)
        released, count = await carry_out(
            world,
            warrant,
            lambda it: it.request_release(warrant.warrant_id),
            lambda it: it.publish_notice([warrant.warrant_id], ADVICE),
        )
        assert isinstance(released, VerifiedRelease)
        assert released.set_aside == {"InvalidSignature": 1, "OutOfScope": 1, "WrongDomain": 1}
        assert count == 1
        published = await notice(world)
        shown = [one.public.u for one in (mine[0], forged[0], *elsewhere)]
        assert [published.concerns(u) for u in shown] == [True] + [False] * (len(shown) - 1)

    run(story())


def test_a25_every_list_is_continued_each_day(world: World) -> None:
    async def numbers() -> list[int]:
        notices, disclosures = await notice(world), [await disclosure(world, role) for role in Role]
        assert {notices.time, *(one.time for one in disclosures)} == {world.now}
        return [notices.number, *(one.number for one in disclosures)]

    assert run(numbers()) == [0, 0, 0]
    world.keep_houses()
    assert run(numbers()) == [0, 0, 0]
    for day in (1, 2):
        world.now += EPOCH_SECONDS
        world.keep_houses()
        assert run(numbers()) == [day, day, day]
    assert (run(notice(world, 1)).advice, run(disclosure(world, Role.OPERATOR, 1)).openings) == ("", ())
    for role, path in ((Role.AUTHORITY, "/v1/notices/3"), (Role.OPERATOR, "/v1/disclosures/3")):
        with pytest.raises(Problem) as refusal:
            run(world.get(role, path))
        assert (refusal.value.status, refusal.value.name) == (404, "not-published")


@pytest.mark.parametrize("world", KINDS, indirect=True)
def test_c8_both_parties_disclose_what_they_opened_once_the_embargo_is_over(world: World, door: Door) -> None:
    async def story() -> None:
        warrant, shown = await opened(world, door)
        for party in (world.operator, world.authority):
            party.epochs.erase(world.today)
        world.now = warrant.discloses - 1
        world.keep_houses()
        assert [(await disclosure(world, role)).openings for role in Role] == [(), ()]
        world.now = warrant.discloses
        world.keep_houses()
        world.keep_houses()
        records = []
        for role, party in ((Role.OPERATOR, world.operator), (Role.AUTHORITY, world.authority)):
            newest = await disclosure(world, role)
            (opening,) = newest.openings
            assert [opening.record.names(owned.public.u) for owned in shown] == [True, True, False]
            expected = SharesReleased(2, warrant.discloses, opening.record.commitment)
            assert said(party, opening.entry) == expected
            records.append(replace(opening.record, salt=bytes(32)))
        assert records[0] == records[1]
        assert (records[0].warrant_id, records[0].legal_reference) == (warrant.warrant_id, warrant.legal_reference)

    run(story())


def test_c8_what_is_published_is_on_record_before_anyone_is_given_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between storing a list and the log; the next one goes on."""
    world.now += EPOCH_SECONDS

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(world.authority.log, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            world.authority.publish_lists()
    with pytest.raises(Problem, match="not published"):
        run(world.get(Role.AUTHORITY, "/v1/disclosures/1"))
    world.authority.publish_lists()
    for kind, contents in (("disclosures", DisclosurePublished), ("notices", NoticePublished)):
        statement = run(world.get(Role.AUTHORITY, f"/v1/{kind}/1"))
        assert world.authority.log.index_of(contents(1, list_digest(statement))) is not None


def test_c8_an_opening_that_never_left_is_not_disclosed(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(world.authority.log, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            run(opened(world, door))
    world.now += EPOCH_SECONDS
    world.keep_houses()
    assert len(run(disclosure(world, Role.OPERATOR)).openings) == 1
    assert run(disclosure(world, Role.AUTHORITY)).openings == ()


def test_c10_the_officer_publishes_and_sees_notices(world: World, door: Door) -> None:
    world.now = int(time.time())  # the officer's commands have their own clock
    world.keep_houses()

    async def story() -> Warrant:
        await admitted(world, door)
        warrant = replace(warrant_for(door, world.now - 600, world.now + 600), purpose=Purpose.NOTICE)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        return warrant

    warrant = run(story())
    for wrong in ("first\nsecond", "\x1b[2J"):
        refused = world.officer(Role.AUTHORITY, "notices", "publish", warrant.warrant_id.hex(), "--advice", wrong)
        assert refused.exit_code == 2
    result = world.officer(Role.AUTHORITY, "notices", "publish", warrant.warrant_id.hex(), "--advice", "검사")
    assert (result.exit_code, result.output) == (0, "a notice for 2 passes is published\n")
    listed = world.officer(Role.AUTHORITY, "notices", "list").output
    assert [word in listed for word in ("1024", "검사")] == [True, True]
    assert run(notice(world)).advice == "검사"
