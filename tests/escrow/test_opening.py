"""From the warrant to the contacts through both real servers (C1, C5, C6, C7, C8)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession
from click.testing import Result

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.errors import UnknownWarrant
from escrow.housekeeping import keep_house
from escrow.party import Party
from escrow.shares import give_shares
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Role
from protocol.http_messages import SharesRequest
from protocol.opening import Shares
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import FaultyShares, InvalidSignature, OutOfScope
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement, verify_statement
from protocol.releases import MAX_RELEASED_CHECK_IN
from protocol.warrants import MAX_WARRANT_DAYS, Warrant
from service.cli import local_time
from service.http_client import new_session
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.investigations import only_part, stored_release
from tests.support.running import run
from tests.support.servers import Door, Enrolled, World, carry_out, named, notice_for, open_door, warrant_for


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def both_steps(warrant: Warrant) -> list[Callable[[Investigation], Awaitable[object]]]:
    return [lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)]


def draw(world: World, door: Door, *more: str) -> Result:
    window = ("--from", "2023-11-15 11:00:00", "--until", "2023-11-15 12:30:00")
    options = ("--venue", door.record.venue_id.hex(), *window, "--legal-reference", "제76조의2", "--yes", *more)
    return world.officer(Role.AUTHORITY, "warrants", "draw", *options)


async def full_opening(world: World, door: Door, **limits: int) -> OpeningResult:
    warrant = warrant_for(door, world.now - 600, world.now + 600, **limits)
    _, findings = await carry_out(world, warrant, *both_steps(warrant))
    assert isinstance(findings, OpeningResult)
    return findings


def test_the_contacts_are_exactly_who_was_there_then(world: World, door: Door) -> None:
    async def story() -> None:
        visitors = await world.visitors_with_passes(4)
        for moment, (_, passes) in zip((-900, -600, 0, 600), visitors, strict=True):
            await door.admit(passes[0], world.now + moment)
        findings = await full_opening(world, door)
        there = [visitor.phone for visitor, _ in visitors[1:3]]
        assert [contact.record.phone for contact in contacts(findings)] == there
        assert findings.visits == 2
        assert findings.set_aside == {"OutOfScope": 2}

    run(story())


def test_one_person_with_two_passes_is_one_contact(world: World, door: Door) -> None:
    async def story() -> None:
        (visitor, passes), _ = await world.visitors_with_passes(2)
        for index, owned in enumerate(passes[:2]):
            await door.admit(owned, world.now + 15 * index)
        (contact,) = contacts(await full_opening(world, door))
        assert (contact.record.phone, contact.record.name) == (visitor.phone, visitor.name)
        assert contact.visits == ((world.now, None), (world.now + 15, None))

    run(story())


def test_the_visits_of_one_person_are_in_the_order_of_time_also_without_an_entry(world: World, door: Door) -> None:
    """The door has lost the entry of the second one."""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        times = [world.now - world.now % 15 + 15 * index for index in range(3)]
        await door.admit(passes[2], times[2])
        door.add(sign_check_in(await world.epoch_key(), passes[1], times[1], Direction.EXIT))
        await door.admit(passes[0], times[0])
        (contact,) = contacts(await full_opening(world, door))
        assert contact.visits == ((times[0], None), (None, times[1]), (times[2], None))

    run(story())


def test_what_opens_to_nobody_is_counted_and_stops_nothing(world: World, door: Door) -> None:
    """A9, C6: undecodable bytes, a false signature, and passes that the authority made for no one."""

    async def story() -> None:
        (visitor, passes), _ = await world.visitors_with_passes(2)
        key = await world.epoch_key()
        good = await door.admit(passes[0])
        unsigned = replace(good, time=good.time + 15)
        r = Scalar.random()
        v = bytes(Scalar.random() * B)
        u = bytes(r * B)
        secret = world.authority.epochs.secret(key.epoch)
        signed = secret.pass_signing_key.sign(pass_signing_input(key, u, v)).signature
        invented = sign_check_in(key, OwnedPass(Pass(u, v, signed), r), world.now, Direction.ENTRY)
        door.add(b"\x00", encode_item([]), unsigned, invented)
        findings = await full_opening(world, door)
        assert [contact.record.phone for contact in contacts(findings)] == [visitor.phone]
        assert findings.set_aside == {"MalformedEncoding": 2, "InvalidSignature": 1, "NoIdentity": 1}

    run(story())


def test_the_operator_is_not_asked_about_a_handle(world: World, door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """Also when a check-in's handle has no entry: an operator that withholds one would learn where its owner was."""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        with world.authority.engine.begin() as connection:
            connection.execute(sql.text("DELETE FROM directory"))
        caplog.set_level(logging.INFO, "splitpass")
        caplog.clear()
        findings = await full_opening(world, door)
        assert findings.set_aside == {"NoIdentity": 1}

    run(story())
    routes = {vars(record)["route"] for record in caplog.records if record.message == "request"}
    assert {"/v1/shares", "/v1/releases"} <= routes
    assert routes <= {
        "/healthz",
        "/v1/commitments",
        "/v1/epochs/{epoch}",
        "/v1/releases",
        "/v1/shares",
        "/v1/venues/{venue}",
        "/v1/warrants",
        "/v1/warrants/{warrant}/countersignature",
        "/v1/witness/add-checkpoint",
    }


def test_c5_a_warrant_that_one_party_signed_alone_opens_nothing(world: World, door: Door) -> None:
    async def story() -> None:
        await world.visitors_with_passes(2)
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            with pytest.raises(Problem) as refusal:
                await investigation.request_release(warrant.warrant_id)
            assert refusal.value.name == "warrant-pending"
            signed = sign_statement(warrant, world.authority.identity)
            venue = await _joint_venue(investigation, door)
            request = SharesRequest(JointStatement(signed, signed), venue, signed, ())
            with pytest.raises(Problem) as refusal:
                await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())
            assert refusal.value.name == "invalid-signature"

    run(story())


def test_c5_a_refused_warrant_stays_refused(world: World, door: Door) -> None:
    async def story() -> None:
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            assert (
                world.officer(Role.OPERATOR, "warrants", "refuse", warrant.warrant_id.hex(), "--reason", "no").exit_code
                == 0
            )
            with pytest.raises(Problem, match="refused the warrant: no"):
                await investigation.countersigned(warrant.warrant_id)
            countersign = world.officer(Role.OPERATOR, "warrants", "countersign", warrant.warrant_id.hex())
            assert countersign.exit_code == 1
            assert "refused already" in countersign.output

    run(story())


def test_c5_an_edited_window_breaks_the_signature(world: World, door: Door) -> None:
    """A30"""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        drawn = world.authority.warrants.get(warrant.warrant_id)
        assert drawn.countersigned is not None
        wider = replace(warrant, ends=warrant.ends + 3600)
        edited = JointStatement(sign_statement(wider, world.authority.identity), drawn.countersigned.operator)
        async with new_session() as session:
            venue = await _joint_venue(Investigation(world.authority, session), door)
        request = SharesRequest(edited, venue, stored_release(world, warrant.warrant_id), ())
        with pytest.raises(Problem) as refusal:
            await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())
        assert refusal.value.name == "conflicting-statements"

    run(story())


def test_c5_an_expired_warrant_gives_no_shares(world: World, door: Door) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        world.now = warrant.expires + 1
        async with new_session() as session:
            with pytest.raises(OutOfScope):  # nor does an honest authority ask
                await Investigation(world.authority, session).open(warrant.warrant_id)
            drawn = world.authority.warrants.get(warrant.warrant_id)
            assert drawn.countersigned is not None
            venue = await _joint_venue(Investigation(world.authority, session), door)
        request = SharesRequest(
            drawn.countersigned, venue, stored_release(world, warrant.warrant_id), named(world, door.record.venue_id)
        )
        with pytest.raises(Problem) as refusal:
            await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())
        assert refusal.value.name == "out-of-scope"

    run(story())


def test_c5_a_warrant_for_a_notice_opens_nothing(world: World, door: Door) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = notice_for(warrant_for(door, world.now - 600, world.now + 600))
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            _, released = await investigation.released(warrant.warrant_id, only_part(world, warrant.warrant_id))
            assert released.visits[world.today].keys() == {passes[0].public.u}
            with pytest.raises(Problem) as refusal:
                await investigation.open(warrant.warrant_id)
            assert refusal.value.name == "out-of-scope"
            drawn = world.authority.warrants.get(warrant.warrant_id)
            assert drawn.countersigned is not None
            venue = await _joint_venue(investigation, door)
            request = SharesRequest(
                drawn.countersigned,
                venue,
                stored_release(world, warrant.warrant_id),
                named(world, door.record.venue_id),
            )
            with pytest.raises(Problem) as refusal:
                await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())
            assert refusal.value.name == "out-of-scope"

    run(story())


def test_a_warrant_of_tomorrow_is_not_taken_today(world: World, door: Door) -> None:
    """Both officers would sign it before what it counts by has happened."""
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    early = replace(warrant, issued=world.now + REQUEST_TOLERANCE + 1)
    with pytest.raises(Problem) as refusal:
        run(carry_out(world, early))
    assert refusal.value.name == "out-of-scope"


def test_a_warrant_for_too_many_days_is_not_taken(world: World, door: Door) -> None:
    """Nothing could be done with it, whatever the officers sign."""
    begins = world.now - 600
    first = world.operator.domain.epoch_at(begins - MAX_STAY)
    warrant = warrant_for(door, begins, world.operator.domain.epoch_begins(first + MAX_WARRANT_DAYS + 1))
    world.operator.warrants.propose(sign_statement(warrant, world.authority.identity), world.now)
    longer = replace(warrant, warrant_id=bytes(16), ends=warrant.ends + 1)
    with pytest.raises(OutOfScope):
        world.operator.warrants.propose(sign_statement(longer, world.authority.identity), world.now)
    with pytest.raises(Problem) as refusal:
        run(carry_out(world, longer))
    assert refusal.value.name == "out-of-scope"
    with pytest.raises(UnknownWarrant):
        world.operator.warrants.get(longer.warrant_id)


def test_the_operators_officer_sees_all_that_a_warrant_says(world: World, door: Door) -> None:
    world.now = int(time.time())  # the commands' clock
    drawn = draw(world, door, "--purpose", "notice", "--advice", "검사를 받으세요", "--assumed-stay", "90")
    warrant = drawn.stdout.strip()
    assert "never committed" in drawn.stderr
    issued = world.operator.warrants.get(bytes.fromhex(warrant)).record.issued
    times = [local_time(issued + days * EPOCH_SECONDS, world.settings.utc_offset) for days in (0, 7, 14)]
    assert world.officer(Role.OPERATOR, "warrants", "show", warrant).output.splitlines() == [
        f"warrant          {warrant}",
        "purpose          notice",
        f"venue            클럽 ({door.record.venue_id.hex()})",
        "window           2023-11-15 11:00:00 to 2023-11-15 12:30:00",
        "assumed stay     90 minutes, of a visit without an exit",
        "legal reference  제76조의2",
        "advice           검사를 받으세요",
        "at most          500 records",
        f"issued           {times[0]}",
        f"expires          {times[1]}",
        f"discloses        {times[2]}, what was opened under it",
        "state            pending",
        "shares given     for 0 passes",
    ]


def test_a_warrant_that_could_not_be_stored_was_not_drawn(world: World, door: Door) -> None:
    """Its id is what the officers go by."""
    world.now = int(time.time())  # the commands' clock
    with world.authority.engine.begin() as connection:
        connection.execute(sql.text("ALTER TABLE warrants RENAME COLUMN statement TO another"))
    drawn = draw(world, door)
    assert drawn.exit_code == 1
    assert drawn.stdout == ""
    assert "the database failed" in drawn.stderr


def test_c5_the_maximum_counts_all_openings_of_a_warrant(world: World, door: Door) -> None:
    async def story() -> None:
        visitors = await world.visitors_with_passes(3)
        for _, passes in visitors:
            await door.admit(passes[0])
        door.log.hidden = {2}
        warrant = warrant_for(door, world.now - 600, world.now + 600, max_records=2)
        await carry_out(world, warrant, *both_steps(warrant))
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            assert len(contacts(await investigation.open(warrant.warrant_id))) == 2  # the same passes again
            door.log.hidden = {0, 1}
            await investigation.request_release(warrant.warrant_id)
            with pytest.raises(Problem) as refusal:
                await investigation.open(warrant.warrant_id)
            assert refusal.value.name == "warrant-exhausted"

    run(story())


def test_c5_the_maximum_holds_for_openings_at_once(world: World, door: Door) -> None:
    async def story() -> None:
        visitors = await world.visitors_with_passes(4)
        warrant = warrant_for(door, world.now - 600, world.now + 600, max_records=2)
        releases: list[bytes | None] = []
        for _, passes in visitors:
            await door.admit(passes[0])
        await carry_out(world, warrant)
        for shown in range(4):
            door.log.hidden = set(range(4)) - {shown}
            async with new_session() as session:
                await Investigation(world.authority, session).request_release(warrant.warrant_id)
            releases.append(stored_release(world, warrant.warrant_id))
        drawn = world.authority.warrants.get(warrant.warrant_id)
        async with new_session() as session:
            venue = await _joint_venue(Investigation(world.authority, session), door)
        assert drawn.countersigned is not None
        held = named(world, door.record.venue_id)
        requests = [SharesRequest(drawn.countersigned, venue, release, held) for release in releases if release]
        answers = await asyncio.gather(
            *(world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes()) for request in requests),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, bytes) for answer in answers) == 2

    run(story())


def test_c5_a_pass_released_for_one_venue_is_not_opened_for_another(world: World, door: Door) -> None:
    async def first() -> tuple[CheckInMessage, list[tuple[Enrolled, list[OwnedPass]]]]:
        visitors = await world.visitors_with_passes(2)
        shown = await door.admit(visitors[0][1][0])
        assert len(contacts(await full_opening(world, door))) == 1
        return shown, visitors

    async def then(second: Door) -> None:
        second.add(shown)
        await second.admit(visitors[1][1][0])
        findings = await full_opening(world, second)
        assert [contact.record.phone for contact in contacts(findings)] == [visitors[1][0].phone]
        assert findings.set_aside == {"ReleasedElsewhere": 1}

    shown, visitors = run(first())
    with open_door(world) as second:
        run(then(second))


def test_c8_a_share_leaves_only_after_its_record(world: World, door: Door) -> None:
    """A party that cannot write its record gives nothing."""

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        with world.operator.engine.begin() as connection:
            connection.execute(sql.text("DROP TABLE released_passes"))
        with pytest.raises(Problem) as refusal:
            await full_opening(world, door)
        assert refusal.value.status in {500, 503}

    run(story())


def test_c6_the_authority_blames_wrong_shares_on_the_operator(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator that adds something to a share, and signs that."""

    async def lie(party: Party, session: ClientSession, request: SharesRequest) -> bytes:
        honest = verify_statement(Shares, await give_shares(party, session, request), party.domain.operator_key)
        (part,) = honest.epochs
        wrong = replace(part, shares=(part.shares[0] + B, *part.shares[1:]))
        return sign_statement(replace(honest, epochs=(wrong,)), party.identity)

    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        monkeypatch.setattr("escrow.operator.server.give_shares", lie)
        async with new_session() as session:
            with pytest.raises(FaultyShares, match="operator"):
                await Investigation(world.authority, session).open(warrant.warrant_id)
        assert not world.authority.warrants.is_readable(warrant.warrant_id)

    run(story())


@pytest.mark.parametrize("eraser", Role)
def test_c7_after_either_party_erased_nothing_opens(world: World, door: Door, eraser: Role) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        assert world.officer(eraser, "erase", str(world.today), "--yes").exit_code == 0
        found = await full_opening(world, door)  # the operator's answer, or the authority's own, says so
        assert (found.visits, found.opened, found.set_aside, found.complete) == (1, 0, {"Closed": 1}, True)
        for party in (world.operator, world.authority):
            with party.engine.connect() as connection:
                assert connection.scalar(sql.text("SELECT count(*) FROM openings")) == 0, (
                    "nothing opened, nothing to tell"
                )

    run(story())


def test_c7_what_is_left_of_a_window_opens(world: World, door: Door) -> None:
    """A window over two days of which one was erased."""

    async def story() -> None:
        (visitor, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        yesterday = world.today
        world.now += EPOCH_SECONDS
        await asyncio.to_thread(world.operator.epochs.publish_ahead)
        await asyncio.to_thread(world.authority.epochs.publish_ahead)
        (today, new_passes), _ = await world.visitors_with_passes(2)
        await door.admit(new_passes[0])
        world.operator.epochs.erase(yesterday)
        warrant = warrant_for(door, world.now - EPOCH_SECONDS, world.now + 600)
        _, findings = await carry_out(world, warrant, *both_steps(warrant))
        assert isinstance(findings, OpeningResult)
        assert [contact.visits for contact in contacts(findings)] == [((world.now, None),)]
        assert findings.set_aside == {"Closed": 1}
        assert today.phone == visitor.phone == contacts(findings)[0].record.phone

    run(story())


def test_c5_the_maximum_outlives_the_erasure_of_what_it_counted(world: World, door: Door) -> None:
    async def story() -> None:
        visitors = await world.visitors_with_passes(2)
        await door.admit(visitors[0][1][0])
        yesterday = world.today
        world.now += EPOCH_SECONDS
        for party in (world.operator, world.authority):
            await asyncio.to_thread(party.epochs.publish_ahead)
        key = await world.epoch_key()
        pair = [visitor for visitor, _ in visitors]
        secrets = [(await world.register(one, key))[0] for one in pair]
        passes = await asyncio.gather(*(world.fetch(one, key, h) for one, h in zip(pair, secrets, strict=True)))
        await door.admit(passes[0][0])
        door.log.hidden = {1}
        warrant = warrant_for(door, world.now - EPOCH_SECONDS, world.now + 600, max_records=1)
        await carry_out(world, warrant, *both_steps(warrant))
        for party in (world.operator, world.authority):
            await asyncio.to_thread(party.epochs.erase, yesterday)
        door.log.hidden = {0}
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            await investigation.request_release(warrant.warrant_id)
            with pytest.raises(Problem) as refusal:
                await investigation.open(warrant.warrant_id)
        assert refusal.value.name == "warrant-exhausted"

    run(story())


@pytest.mark.long
def test_a9_a_release_as_large_as_a_message_does_not_stop_erasure(world: World, door: Door) -> None:
    """A venue pads its release: opening goes on, and so does everything that reads the warrants afterwards."""

    async def story() -> None:
        (visitor, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        door.add(*[bytes(MAX_RELEASED_CHECK_IN)] * 24_600)
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        _, findings = await carry_out(world, warrant, *both_steps(warrant))
        assert isinstance(findings, OpeningResult)
        assert [contact.record.phone for contact in contacts(findings)] == [visitor.phone]
        assert [drawn.is_opened for drawn in world.authority.warrants.all()] == [True]
        today = world.today
        world.now += 40 * EPOCH_SECONDS
        world.authority.passed.confirm()
        await asyncio.to_thread(keep_house, world.authority)
        assert world.authority.epochs.vault.is_erased(today)
        assert [drawn.parts for drawn in world.authority.warrants.all()] == [()]

    run(story())


def test_erasing_one_epoch_leaves_the_openings_of_others(world: World, door: Door) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        assert len(contacts(await full_opening(world, door))) == 1
        world.authority.epochs.erase(world.today + 2)
        assert [drawn.is_opened for drawn in world.authority.warrants.all()] == [True]
        world.authority.epochs.erase(world.today)
        assert [drawn.parts for drawn in world.authority.warrants.all()] == [()]

    run(story())


@pytest.mark.parametrize("name", ["Bar\x1b]0;owned\x07", "Bar\u202egnp", "Bar\nApproved"])
def test_a_venue_cannot_command_an_officers_terminal(world: World, name: str) -> None:
    impostor = Door(world, 1)
    impostor.record = replace(impostor.record, name=name)
    with pytest.raises(Problem) as refusal:
        run(impostor.apply())
    assert refusal.value.name == "invalid-name"


def test_an_officer_sees_a_venues_name_as_it_is(world: World) -> None:
    impostor = Door(world, 1)
    impostor.record = replace(impostor.record, name="Bar [/] [bold]Approved[/]")
    run(impostor.apply())
    assert "[bold]" in world.officer(Role.OPERATOR, "venues", "list").output


def test_a_venue_counts_once_both_officers_approved_it(world: World, door: Door) -> None:
    async def story() -> None:
        newcomer = Door(world, 1)
        await newcomer.apply()
        venue = newcomer.record.venue_id.hex()
        for role in Role:
            with pytest.raises(Problem) as refusal:
                await world.get(role, f"/v1/venues/{venue}")
            assert refusal.value.name == "venue-pending"
        assert world.approve(Role.AUTHORITY, newcomer.record).exit_code == 0
        warrant = warrant_for(newcomer, world.now - 600, world.now + 600)
        with pytest.raises(Problem) as refusal:
            await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        assert refusal.value.name == "venue-pending"

    run(story())


def test_nobody_applies_with_the_key_of_another(world: World, door: Door) -> None:
    async def story() -> None:
        impostor = Door(world, 1)
        impostor.record = replace(impostor.record, venue_id=bytes(16), key=door.record.key)
        with pytest.raises(Problem) as refusal:
            await impostor.apply()
        assert refusal.value.name == "invalid-signature"

    run(story())


def test_a_release_signed_by_another_key_is_refused(world: World, door: Door) -> None:
    async def story() -> None:
        (_, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant)
        door.log.key = SigningKey.generate()
        async with new_session() as session:
            with pytest.raises(InvalidSignature):
                await Investigation(world.authority, session).request_release(warrant.warrant_id)

    run(story())


async def _joint_venue(investigation: Investigation, door: Door) -> JointStatement:
    return await investigation._venue(door.record.venue_id)
