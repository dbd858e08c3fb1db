"""A warrant that was drawn by mistake is taken back, on record at both parties, and nothing is done under it. §3.9."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from escrow.authority.investigation import Investigation
from escrow.authority.warrants import Step
from escrow.errors import AlreadyOpened, WarrantWithdrawn
from escrow.operator import notices, warrants
from escrow.operator.errors import AlreadyDecided
from escrow.shares import judge_request
from protocol.epochs import Role
from protocol.party_requests import PartyRequest
from protocol.primitives.statements import verify_statement
from protocol.releases import VerifiedRelease
from protocol.transparency.log_entries import WarrantDecided, WarrantDecision, commit_to_warrant
from protocol.warrants import Warrant
from service.problems import Problem, Unreachable
from tests.support.databases import FOR_SERVERS
from tests.support.investigations import trace
from tests.support.running import online, run
from tests.support.servers import Door, World, carry_out, notice_for, open_door, publish_notice, run_world, warrant_for


@pytest.fixture(scope="module", params=FOR_SERVERS)
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    with run_world(tmp_path_factory.mktemp("withdrawals"), request.param) as world:
        yield world


@pytest.fixture(scope="module")
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        _, (_, passes) = run(world.visitors_with_passes(2))
        run(door.admit(passes[0]))
        yield door


@pytest.fixture
def warrant(world: World, door: Door) -> Warrant:
    world.now += 1  # a door commits once in a second
    return warrant_for(door, world.now - 600, world.now + 600)


def investigating(world: World, step: Callable[[Investigation], Awaitable[Any]]) -> Any:
    return online(lambda session: step(Investigation(world.authority, session)))


def withdraw(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: it.withdraw_warrant(warrant.warrant_id))


def on_record(world: World, warrant: Warrant) -> list[WarrantDecision]:
    """What the operator's log says of a warrant."""
    log, (row,) = world.operator.log, world.operator.warrants._rows(_is(warrant))
    commitment = commit_to_warrant(warrant.to_bytes(), row.salt)
    return [one for one in WarrantDecision if log.index_of(WarrantDecided(one, commitment)) is not None]


def _is(warrant: Warrant) -> Any:
    return warrants.metadata.tables["warrants"].c.warrant == warrant.warrant_id


def test_what_the_operator_has_not_signed_it_signs_no_more(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: propose(it, warrant))
    withdraw(world, warrant)
    withdraw(world, warrant)
    party = world.operator.warrants
    with pytest.raises(AlreadyDecided, match="withdrawn already"):
        party.countersign(warrant.warrant_id, world.operator.identity)
    with pytest.raises(AlreadyDecided, match="withdrawn already"):
        party.refuse(warrant.warrant_id, "no")
    assert party.get(warrant.warrant_id).state == "withdrawn"
    assert on_record(world, warrant) == [WarrantDecision.WITHDRAWN]
    path = f"/v1/warrants/{warrant.warrant_id.hex()}/countersignature"
    with pytest.raises(Problem) as refusal:
        run(world.as_party(Role.AUTHORITY, path, b""))
    assert refusal.value.name == "warrant-withdrawn"


async def propose(investigation: Investigation, warrant: Warrant) -> None:
    investigation.draw_warrant(warrant)
    await investigation.propose_warrant(warrant.warrant_id)


def test_what_both_signed_gives_no_share(world: World, door: Door, warrant: Warrant) -> None:
    """Neither does the operator give any, nor does the authority ask."""
    run(carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id)))
    path = f"/v1/warrants/{warrant.warrant_id.hex()}/withdrawal"
    run(world.as_party(Role.AUTHORITY, path, b""))  # the authority itself does not know of it
    with pytest.raises(Problem) as refusal:
        investigating(world, lambda it: it.open(warrant.warrant_id))
    assert refusal.value.name == "warrant-withdrawn"
    withdraw(world, warrant)
    assert on_record(world, warrant) == [WarrantDecision.COUNTERSIGNED, WarrantDecision.WITHDRAWN]
    steps: list[Callable[[Investigation], Awaitable[object]]] = [
        lambda it: it.propose_warrant(warrant.warrant_id),
        lambda it: it.countersigned(warrant.warrant_id),
        lambda it: it.request_release(warrant.warrant_id),
        lambda it: it.open(warrant.warrant_id),
    ]
    for step in steps:
        with pytest.raises(WarrantWithdrawn):
            investigating(world, step)
    assert world.operator.releases.totals().get(warrant.warrant_id) is None


def test_nobody_is_warned_under_it(world: World, warrant: Warrant) -> None:
    notice = notice_for(warrant)
    run(carry_out(world, notice, lambda it: it.request_release(notice.warrant_id)))
    run(world.as_party(Role.AUTHORITY, f"/v1/warrants/{notice.warrant_id.hex()}/withdrawal", b""))
    with pytest.raises(Problem) as refusal:
        run(publish_notice(world, [notice.warrant_id]))
    assert refusal.value.name == "warrant-withdrawn"
    withdraw(world, notice)
    with pytest.raises(WarrantWithdrawn):
        run(publish_notice(world, [notice.warrant_id]))


def test_a_withdrawal_that_comes_while_a_notice_is_made_is_not_overtaken(world: World, warrant: Warrant) -> None:
    """It comes while the operator judges the release."""
    notice = notice_for(warrant)
    run(carry_out(world, notice, lambda it: it.request_release(notice.warrant_id)))

    async def judge(*arguments: Any) -> VerifiedRelease:
        judged = await judge_request(*arguments)
        await world.as_party(Role.AUTHORITY, f"/v1/warrants/{notice.warrant_id.hex()}/withdrawal", b"")
        return judged

    newest = world.operator.log.newest_notice()
    with patch.object(notices, "judge_request", judge), pytest.raises(Problem) as refusal:
        run(publish_notice(world, [notice.warrant_id]))
    assert refusal.value.name == "warrant-withdrawn"
    assert world.operator.log.newest_notice() == newest


def test_a_warrant_under_which_a_notice_is_signed_is_not_taken_back(world: World, warrant: Warrant) -> None:
    """The authority is killed before it has the operator's answer, and its officer takes the warrant back."""
    notice = notice_for(warrant)
    run(carry_out(world, notice, lambda it: it.request_release(notice.warrant_id)))
    killed = patch.object(world.authority.notices, "add", side_effect=OSError("killed"))
    with killed, pytest.raises(OSError, match="killed"):
        run(publish_notice(world, [notice.warrant_id]))
    with pytest.raises(AlreadyOpened, match="a notice was signed"):
        withdraw(world, notice)
    assert world.operator.warrants.get(notice.warrant_id).state == "countersigned"
    shown = ("warrants", "show", notice.warrant_id.hex())
    assert "published " not in world.officer(Role.AUTHORITY, *shown).output
    assert run(publish_notice(world, [notice.warrant_id])).passes == 1
    newest = max(published.number for published in world.authority.notices.all())
    assert f"published        notice {newest}\n" in world.officer(Role.AUTHORITY, *shown).output
    with (
        patch.object(type(world.authority.peer), "ask", side_effect=AssertionError("the operator is not asked")),
        pytest.raises(AlreadyOpened),
    ):
        withdraw(world, notice)


def test_the_operator_keeps_the_signed_request(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: propose(it, warrant))
    withdraw(world, warrant)
    table = warrants.metadata.tables["withdrawn_warrants"]
    with world.operator.engine.begin() as connection:
        (row,) = connection.execute(table.select().where(table.c.warrant == warrant.warrant_id)).all()
    request = verify_statement(PartyRequest, row.request, world.operator.domain.authority_key)
    assert request.path == f"/v1/warrants/{warrant.warrant_id.hex()}/withdrawal"


def test_a_warrant_that_never_left_is_told_to_nobody(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: drawn(it, warrant))
    with patch.object(type(world.authority.peer), "ask", side_effect=AssertionError):
        withdraw(world, warrant)
    assert world.authority.warrants.listed_one(warrant.warrant_id).state == "withdrawn"
    with pytest.raises(WarrantWithdrawn):
        investigating(world, lambda it: it.propose_warrant(warrant.warrant_id))


def test_a_proposal_that_never_arrived_is_withdrawn(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: drawn(it, warrant))
    world.authority.warrants.note(warrant.warrant_id, Step.PROPOSED)  # and then the program was killed
    withdraw(world, warrant)
    assert not world.authority.warrants.listed_one(warrant.warrant_id).is_to_withdraw


async def drawn(investigation: Investigation, warrant: Warrant) -> None:
    investigation.draw_warrant(warrant)


def test_an_operator_out_of_reach_is_told_later(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: propose(it, warrant))
    with patch.object(world.authority.peer, "url", "http://127.0.0.1:1"), pytest.raises(Unreachable):
        withdraw(world, warrant)
    listed = world.authority.warrants.listed_one(warrant.warrant_id)
    assert (listed.state, listed.is_to_withdraw) == ("withdrawn", True)
    with pytest.raises(WarrantWithdrawn):
        investigating(world, lambda it: it.countersigned(warrant.warrant_id))
    withdraw(world, warrant)
    assert not world.authority.warrants.listed_one(warrant.warrant_id).is_to_withdraw
    assert world.operator.warrants.get(warrant.warrant_id).state == "withdrawn"


def test_a_withdrawal_that_was_interrupted_is_on_record_when_it_is_repeated(world: World, warrant: Warrant) -> None:
    investigating(world, lambda it: propose(it, warrant))
    failing = patch.object(world.operator.log, "append", side_effect=OSError("no room"))
    with failing, pytest.raises(OSError, match="no room"):
        world.operator.warrants.withdraw(warrant.warrant_id, b"request")
    assert on_record(world, warrant) == []
    with pytest.raises(WarrantWithdrawn):
        world.operator.warrants.demand_standing(warrant.warrant_id)
    world.operator.warrants.withdraw(warrant.warrant_id, b"request")
    assert on_record(world, warrant) == [WarrantDecision.WITHDRAWN]


def test_what_was_opened_is_not_taken_back(world: World, door: Door) -> None:
    warrant_id, _ = run(trace(world, door.record.venue_id))
    with pytest.raises(AlreadyOpened):
        investigating(world, lambda it: it.withdraw_warrant(warrant_id))


def test_what_the_operator_gave_shares_for_is_opened_to_the_end(world: World, door: Door, warrant: Warrant) -> None:
    """The authority is killed before it has the operator's answer, and its officer takes the warrant back."""
    run(carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id)))
    killed = patch.object(world.authority.warrants, "store_received", side_effect=OSError("killed"))
    with killed, pytest.raises(OSError, match="killed"):
        investigating(world, lambda it: it.open(warrant.warrant_id))
    assert world.authority.releases.totals().get(warrant.warrant_id) is None
    for _ in range(2):
        with pytest.raises(AlreadyOpened):
            withdraw(world, warrant)
    assert world.operator.warrants.get(warrant.warrant_id).state == "countersigned"
    assert on_record(world, warrant) == [WarrantDecision.COUNTERSIGNED]
    assert investigating(world, lambda it: it.open(warrant.warrant_id)).opened == 1
    assert world.authority.releases.totals() == world.operator.releases.totals()


def test_a_withdrawal_that_comes_while_shares_are_made_is_not_overtaken(
    world: World, door: Door, warrant: Warrant
) -> None:
    """It comes after the operator has looked, and before it has recorded what it gives."""
    run(carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id)))
    run(world.as_party(Role.AUTHORITY, f"/v1/warrants/{warrant.warrant_id.hex()}/withdrawal", b""))
    looked = patch.object(world.operator.warrants, "demand_standing")
    with looked, pytest.raises(Problem) as refusal:
        investigating(world, lambda it: it.open(warrant.warrant_id))
    assert refusal.value.name == "warrant-withdrawn"
    assert world.operator.releases.totals().get(warrant.warrant_id) is None


@pytest.mark.parametrize("after", ["store_received", "record"])
def test_what_was_opened_half_is_not_taken_back(world: World, door: Door, warrant: Warrant, after: str) -> None:
    """Neither while it is cut off after the operator's answer, nor after the authority's own record."""
    run(carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id)))
    if after == "store_received":
        killed = patch.object(world.authority.releases, "record", side_effect=OSError("killed"))
    else:
        killed = patch.object(world.authority.warrants.parts, "store_transcript", side_effect=OSError("killed"))
    with killed, pytest.raises(OSError, match="killed"):
        investigating(world, lambda it: it.open(warrant.warrant_id))
    assert not world.authority.warrants.listed_one(warrant.warrant_id).is_to_withdraw
    with (
        patch.object(type(world.authority.peer), "ask", side_effect=AssertionError("the operator is not asked")),
        pytest.raises(AlreadyOpened),
    ):
        withdraw(world, warrant)


def test_both_officers_see_it(world: World, door: Door, warrant: Warrant) -> None:
    world.now = int(time.time())  # the commands' clock
    investigating(world, lambda it: propose(it, warrant))
    its = warrant.warrant_id.hex()
    assert world.officer(Role.AUTHORITY, "warrants", "withdraw", its).output == "withdrawn\n"
    for role in Role:
        assert f"{its}  opening  withdrawn\n" in world.officer(role, "warrants", "list", "--state", "withdrawn").output
        assert "withdrawn  " in world.officer(role, "warrants", "show", its).output
    assert f"withdraw {its}" in world.officer(Role.AUTHORITY, "journal").output
