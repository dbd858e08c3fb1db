"""Openings by both real servers when the parties hold different things, or lose touch (C6, A31)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import protocol.opening
from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.authority.warrants import ReceivedShares
from escrow.operator.operator import Operator
from escrow.shares import give_shares
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.http_messages import SharesRequest
from protocol.opening import Shares
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.errors import FaultyShares
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.statements import sign_statement, verify_statement
from protocol.releases import VerifiedRelease
from protocol.transparency.log_entries import LogEntry, SharesReleased
from protocol.warrants import Warrant
from service.http_client import new_session
from service.problems import Problem, Unreachable
from tests.escrow.audit.test_audit import alive, entries_of, found
from tests.support.contacts import contacts
from tests.support.edwards import TORSION, decode
from tests.support.investigations import only_part, stored_release, stored_venue
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, named, open_door, warrant_for


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


async def released(world: World, door: Door, count: int = 2, **limits: int) -> Warrant:
    """A warrant under which so many visits were released."""
    for _, passes in await world.visitors_with_passes(count):
        await door.admit(passes[0])
    warrant = warrant_for(door, world.now - 600, world.now + 600, **limits)
    await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
    return warrant


async def opened(world: World, warrant: Warrant) -> OpeningResult:
    async with new_session() as session:
        return await Investigation(world.authority, session).open(warrant.warrant_id)


async def lose_the_answer(world: World, warrant: Warrant) -> None:
    """The operator gives its shares, and they do not arrive."""
    ask = world.authority.peer.ask

    async def lost(*given: Any) -> bytes:
        await ask(*given)
        raise Unreachable(world.urls[Role.OPERATOR], OSError())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.authority.peer, "ask", lost)
        with pytest.raises(Unreachable):
            await opened(world, warrant)


async def unreachable(*_: object) -> bytes:
    """A request that does not arrive."""
    raise Unreachable("the operator", OSError())


async def stop_before_the_own_shares(world: World, warrant: Warrant) -> None:
    """The operator's shares arrive, and the authority's program ends."""

    async def ended(*_: object) -> bytes:
        raise OSError("the program ends")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escrow.authority.investigation.record_and_share", ended)
        with pytest.raises(OSError, match="ends"):
            await opened(world, warrant)


def counts(party: Any) -> list[int]:
    """Of how many passes the releases are that a party has on record."""
    entries = map(LogEntry.from_bytes, entries_of(party))
    return [one.contents.count for one in entries if isinstance(one.contents, SharesReleased)]


@pytest.mark.parametrize("roles", [[Role.OPERATOR], [Role.AUTHORITY], list(Role)])
def test_c6_the_first_judgement_is_repeated(world: World, door: Door, roles: list[Role]) -> None:
    """Also when a commitment that is older than the warrant arrives after it, by which the release would fail."""

    async def story() -> None:
        warrant = await released(world, door)
        await lose_the_answer(world, warrant)
        statement = door.log.commit(warrant.issued)
        world.now += REQUEST_TOLERANCE
        for role in roles:
            await world.post(role, "/v1/commitments", statement)
        assert len(contacts(await opened(world, warrant))) == 2
        assert counts(world.operator) == counts(world.authority) == [2]

    run(story())
    alive(world)
    assert found(world) == set()


def test_a_judgement_that_fails_is_not_the_first(world: World, door: Door) -> None:
    """A commitment was on its way to the operator; when it is there the release is opened."""

    async def story() -> None:
        for _, passes in await world.visitors_with_passes(2):
            await door.admit(passes[0])
        statement = door.log.commit(world.now)
        await world.post(Role.AUTHORITY, "/v1/commitments", statement)
        del world.committing[door.record.venue_id]
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        with pytest.raises(Problem) as refusal:
            await opened(world, warrant)
        assert refusal.value.name == "commitment-mismatch"
        await world.post(Role.OPERATOR, "/v1/commitments", statement)
        assert len(contacts(await opened(world, warrant))) == 2

    run(story())


def test_c6_false_shares_are_kept_and_better_ones_asked_for(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the operator signed is stored before it is judged."""

    async def lie(party: Operator, *given: Any) -> bytes:
        honest = verify_statement(Shares, await give_shares(party, *given), party.domain.operator_key)
        (part,) = honest.epochs
        wrong = replace(part, shares=(part.shares[0] + B, *part.shares[1:]))
        return sign_statement(replace(honest, epochs=(wrong,)), party.identity)

    async def story() -> None:
        warrant = await released(world, door)
        monkeypatch.setattr("escrow.operator.server.give_shares", lie)
        with pytest.raises(FaultyShares) as found:
            await opened(world, warrant)
        digest = only_part(world, warrant.warrant_id).digest
        (kept,) = world.authority.warrants.received(warrant.warrant_id, digest)
        assert kept == ReceivedShares(found.value.statement, world.now)
        monkeypatch.undo()
        world.now += 1
        assert len(contacts(await opened(world, warrant))) == 2
        assert len(world.authority.warrants.received(warrant.warrant_id, digest)) == 2

    run(story())


def test_an_opening_is_finished_when_the_warrant_has_expired(world: World, door: Door) -> None:
    """With the operator's shares at hand, and without the operator."""

    async def story() -> None:
        warrant = await released(world, door)
        await stop_before_the_own_shares(world, warrant)
        world.now = warrant.expires + 1

        async def silent(*_: object) -> bytes:
            raise AssertionError("the operator is asked")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.authority.peer, "ask", silent)
            assert len(contacts(await opened(world, warrant))) == 2

    run(story())
    assert counts(world.operator) == counts(world.authority) == [2]


def test_an_opening_whose_answer_was_lost_is_finished_when_the_warrant_has_expired(world: World, door: Door) -> None:
    """The operator repeats what it has on record, whatever it has received since, and puts nothing more there."""

    async def story() -> None:
        warrant = await released(world, door)
        await lose_the_answer(world, warrant)
        world.now = warrant.expires + 1
        assert len(contacts(await opened(world, warrant))) == 2
        async with new_session() as session:
            for party in (world.operator, world.authority):
                await party.peer.have_log_cosigned(session)

    run(story())
    assert counts(world.operator) == counts(world.authority) == [2]
    alive(world)
    assert found(world) == set()


def test_an_opening_that_the_operator_was_not_asked_for_in_time_is_not_begun(world: World, door: Door) -> None:
    """Also if the authority has asked, and nothing has arrived."""

    async def story() -> None:
        warrant = await released(world, door)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.authority.peer, "ask", unreachable)
            with pytest.raises(Unreachable):
                await opened(world, warrant)
        world.now = warrant.expires + 1
        with pytest.raises(Problem) as refusal:
            await opened(world, warrant)
        assert refusal.value.name == "out-of-scope"

    run(story())
    assert counts(world.operator) == counts(world.authority) == []


def test_c5_an_expired_warrant_repeats_no_share_of_another_release(world: World, door: Door) -> None:
    """Neither of one with more visits, which was not asked for in time, nor of what was erased."""

    async def story() -> None:
        door.log.hidden = {1}
        warrant = await released(world, door)
        await lose_the_answer(world, warrant)
        door.log.hidden = set()
        first = stored_release(world, warrant.warrant_id)
        async with new_session() as session:
            await Investigation(world.authority, session).request_release(warrant.warrant_id)
        drawn = world.authority.warrants.get(warrant.warrant_id)
        second = stored_release(world, warrant.warrant_id)
        assert second != first
        world.now = warrant.expires + 1
        async with new_session() as session:
            venue = await Investigation(world.authority, session)._venue(door.record.venue_id)
        held = named(world, door.record.venue_id)

        async def asked(release: bytes) -> bytes:
            assert drawn.countersigned is not None
            request = SharesRequest(drawn.countersigned, venue, release, held)
            return await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())

        with pytest.raises(Problem) as refusal:
            await asked(second)
        assert refusal.value.name == "out-of-scope"
        given = verify_statement(Shares, await asked(first), world.operator.domain.operator_key)
        assert [len(part.passes) for part in given.epochs] == [1]
        world.operator.epochs.erase(world.operator.domain.epoch_at(warrant.begins))
        with pytest.raises(Problem) as refusal:
            await asked(first)
        assert refusal.value.name == "epoch-erased"

    run(story())
    assert counts(world.operator) == [1]


@pytest.mark.parametrize("eraser", Role)
def test_c6_an_erasure_between_the_two_blames_nobody(world: World, door: Door, eraser: Role) -> None:
    """The operator has three passes on record, and gives two when it is asked again; or the authority can use two."""

    async def story() -> None:
        yesterday = [passes for _, passes in await world.visitors_with_passes(2)]
        await door.admit(yesterday[0][0])
        first = world.today
        world.now += EPOCH_SECONDS
        for party in (world.operator, world.authority):
            party.epochs.publish_ahead()
        for _, passes in await world.visitors_with_passes(2):
            await door.admit(passes[0])
        warrant = warrant_for(door, world.now - EPOCH_SECONDS, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        await lose_the_answer(world, warrant)
        (world.operator if eraser is Role.OPERATOR else world.authority).epochs.erase(first)
        findings = await opened(world, warrant)
        assert len(contacts(findings)) == 2
        assert findings.set_aside == {"Closed": 1}
        assert (counts(world.operator), counts(world.authority)) == ([3], [2])
        async with new_session() as session:
            for party in (world.operator, world.authority):
                await party.peer.have_log_cosigned(session)

    run(story())
    alive(world)
    assert found(world) == set()


def test_a_pass_that_gets_no_share_is_not_on_record(world: World, door: Door) -> None:
    """The authority signs a pass whose `u` has a component of small order: the operator's count is of its shares."""

    async def story() -> None:
        key = await world.epoch_key()
        r = Scalar.random()
        on_curve = decode(bytes(r * B))
        assert on_curve is not None
        u, v = bytes(on_curve + TORSION), bytes(B)
        pass_key = world.authority.epochs.secret(key.epoch).pass_signing_key
        owned = OwnedPass(Pass(u, v, pass_key.sign(pass_signing_input(key, u, v)).signature), r)

        def without_invalid(release: VerifiedRelease, _passes: object) -> VerifiedRelease:
            (visit, *_) = release.visits[key.epoch].values()
            more = {key.epoch: {**release.visits[key.epoch], owned.public.u: visit}}
            shown = replace(release, visits=more)
            return protocol.opening.without_invalid_passes(shown, protocol.opening.valid_passes(shown))

        warrant = await released(world, door)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("escrow.shares.without_invalid_passes", without_invalid)
            assert len(contacts(await opened(world, warrant))) == 2
        assert counts(world.operator) == counts(world.authority) == [2]

    run(story())


def test_the_officer_is_told_that_a_commitment_may_be_on_its_way(world: World, door: Door) -> None:
    async def drawn() -> Warrant:
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant)
        return warrant

    for age, told in ((REQUEST_TOLERANCE + 60, False), (0, True)):
        world.now = int(time.time()) - age
        warrant = run(drawn())
        world.now = int(time.time())  # the commands' clock
        result = world.officer(Role.AUTHORITY, "warrants", "release", warrant.warrant_id.hex())
        assert result.exit_code == 0, result.output
        assert ("may be on its way" in result.stderr) is told


def test_the_officer_is_told_of_passes_that_were_used_elsewhere(world: World, door: Door) -> None:
    with open_door(world) as other:

        async def story() -> Warrant:
            (_, passes), _ = await world.visitors_with_passes(2)
            key = await world.epoch_key()
            for place in (other, door):
                place.add(sign_check_in(key, passes[0], world.now, Direction.ENTRY, place.record.venue_id))
            for place in (other, door):
                warrant = warrant_for(place, world.now - 600, world.now + 600)
                await carry_out(world, warrant)
                async with new_session() as session:
                    await Investigation(world.authority, session).request_release(warrant.warrant_id)
                findings = await opened(world, warrant)
            assert findings.reused == 1
            return warrant

        warrant = run(story())
        result = world.officer(Role.AUTHORITY, "warrants", "open", warrant.warrant_id.hex())
    assert "1 of them with a pass that was opened for another venue too" in result.output


def test_what_was_judged_and_received_goes_with_its_window(world: World, door: Door) -> None:
    async def story() -> bytes:
        warrant = await released(world, door)
        await opened(world, warrant)
        return warrant.warrant_id

    warrant_id = run(story())
    digest = only_part(world, warrant_id).digest
    warrants = world.authority.warrants
    assert world.operator.judgements.get(warrant_id, digest)
    assert warrants.received(warrant_id, digest)
    assert warrants.asked(warrant_id, digest)
    world.now += 27 * EPOCH_SECONDS
    world.keep_houses()
    assert world.operator.judgements.get(warrant_id, digest)
    world.now += 2 * EPOCH_SECONDS
    world.keep_houses()
    assert world.operator.judgements.get(warrant_id, digest) is None
    assert (warrants.received(warrant_id, digest), warrants.asked(warrant_id, digest)) == ([], None)


def test_what_is_named_does_not_change_the_first_judgement(world: World, door: Door) -> None:
    """Whoever asks again and names fewer commitments is answered with those that were named first."""

    async def story() -> None:
        warrant = await released(world, door)
        await opened(world, warrant)
        drawn = world.authority.warrants.get(warrant.warrant_id)
        assert drawn.countersigned is not None
        venue, release = stored_venue(world, warrant.warrant_id), stored_release(world, warrant.warrant_id)
        request = SharesRequest(drawn.countersigned, venue, release, ())
        statement = await world.as_party(Role.AUTHORITY, "/v1/shares", request.to_bytes())
        shares = verify_statement(Shares, statement, world.settings.domain.operator_key)
        assert shares.judgement.authority == named(world, door.record.venue_id)
        assert isinstance(shares.epochs[0].passes[0], Point)

    run(story())
