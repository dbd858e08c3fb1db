"""A30: log in with a forged or replayed party signature; a warrant whose window was edited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from protocol.epochs import Role
from protocol.handles import DirectoryBatch
from protocol.http_messages import ReleaseRequest, SharesRequest
from protocol.party_requests import PartyRequest
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload
from service.http_client import new_session
from tests.attacks.refusals import refusal
from tests.support.deposits import any_entry
from tests.support.investigations import warrant_around_now
from tests.support.running import run
from tests.support.servers import World
from tests.support.town import Town
from tests.support.venues import only

PATH = "/v1/directory"


def entry(world: World) -> bytes:
    """Something for the authority's directory."""
    return DirectoryBatch((any_entry(world.today, bytes(32)),)).to_bytes()


def signed(world: World, body: bytes, key: SigningKey | None = None, **changes: Any) -> bytes:
    """The operator's request to store an entry, or one that differs from it."""
    request = PartyRequest(
        world.settings.number, Role.OPERATOR, "authority", PATH, world.now, b"0123456789abcdef", body
    )
    return sign_statement(replace(request, **changes), key or world.operator.identity)


async def deposit(world: World, request: bytes) -> str:
    return await refusal(world.post(Role.AUTHORITY, PATH, request))


def test_a30_a_forged_request_is_refused(world: World) -> None:
    """The attacker speaks to a party as the other one: with no signature, its own, the receiver's, one of something
    else, or under another name.

    Happened: general. Answer: requests are signed for sender, recipient, path and time (§4.4).
    """
    body = entry(world)
    good = signed(world, body)
    application = sign_statement(warrant_around_now(world, bytes(16)), world.operator.identity)
    forged = {
        body: "malformed-encoding",
        statement_payload(good): "malformed-encoding",
        signed(world, body, key=SigningKey.generate()): "invalid-signature",
        signed(world, body, key=world.authority.identity): "invalid-signature",
        good[:-64] + bytes(64): "invalid-signature",
        good.replace(body, body[:-1] + b"\x01"): "invalid-signature",
        application: "invalid-signature",
        signed(world, body, sender=Role.AUTHORITY): "wrong-party",
        signed(world, body, recipient="operator"): "wrong-party",
        signed(world, body, path="/v1/passes"): "wrong-party",
        signed(world, body, domain=8): "wrong-domain",
        signed(world, body, time=world.now - 121): "replayed-request",
        signed(world, body, time=world.now + 121): "replayed-request",
    }

    async def attack() -> list[str]:
        return [await deposit(world, request) for request in forged]

    assert run(attack()) == list(forged.values())
    assert world.authority.directory.find(world.today, bytes(32)) is None
    assert run(deposit(world, good)) == "granted"


def test_a30_a_replayed_request_is_refused(world: World) -> None:
    """The attacker records a request and sends it again: many times at once, later, elsewhere, after a restart.

    Happened: general. Answer: an id counts once and is remembered, on disk, for as long as its time is good (§4.4).
    """
    recorded = signed(world, entry(world))

    async def attack() -> list[str]:
        return list(await asyncio.gather(*(deposit(world, recorded) for _ in range(10))))

    assert sorted(run(attack())) == ["granted", *["replayed-request"] * 9]
    restarted = Authority(world.home(Role.AUTHORITY), lambda: world.now)
    for later in (0, 60, 60, 60, 120, 86_400):
        world.now += later
        assert run(deposit(world, recorded)) == "replayed-request"
        with pytest.raises(Exception, match="request"):
            restarted.peer.receive(PATH, recorded)
    assert run(refusal(world.post(Role.AUTHORITY, "/v1/passes", recorded))) == "wrong-party"
    assert run(refusal(world.post(Role.OPERATOR, "/v1/shares", recorded))) == "invalid-signature"


def test_a30_a_failed_request_cannot_be_replayed_when_it_would_succeed(world: World) -> None:
    """The attacker keeps a request that was refused for what it asked, and sends it when that has changed.

    Happened: general. Answer: the id is stored before the request is carried out (§4.4).
    """
    early = signed(world, DirectoryBatch((any_entry(world.today + 4),)).to_bytes())
    assert run(deposit(world, early)) == "unknown-epoch"
    assert run(deposit(world, early)) == "replayed-request"


EDITS: dict[str, Callable[[int], Any]] = {
    "begins": lambda begins: begins - 86_400,
    "ends": lambda ends: ends + 86_400,
    "max_records": lambda most: most * 10,
    "expires": lambda expires: expires + 365 * 86_400,
}


@pytest.mark.parametrize("field", EDITS)
def test_a30_an_edited_warrant_opens_nothing_more(town: Town, field: str) -> None:
    """The authority's officer edits the warrant that the operator has countersigned, and brings it to the venue and to
    the operator: with the operator's old signature, with its own twice, with the signature put on other bytes.

    Happened: general. Answer: both parties sign the warrant as a whole, and venue and operator compare (§3.9).
    """
    club, world = town.open_venue(), town.world
    warrant = warrant_around_now(world, club.venue.venue_id)
    edited = replace(warrant, **{field: EDITS[field](getattr(warrant, field))})
    mine = sign_statement(edited, world.authority.identity)

    async def attack() -> set[str]:
        outcomes = set()
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
            honest = await investigation.countersigned(warrant.warrant_id)
            release = await world.authority.peer.ask_server(
                session, club.url, club.venue.venue_id.hex(), "/v1/releases", ReleaseRequest(honest).to_bytes()
            )
            venue = only(club.venue).registration
            assert venue is not None
            for joint in (
                JointStatement(mine, honest.operator),
                JointStatement(mine, mine),
                JointStatement(mine, mine[:-64] + honest.operator[-64:]),
                JointStatement(mine[:-64] + honest.authority[-64:], honest.operator),
            ):
                to_venue = world.authority.peer.ask_server(
                    session, club.url, club.venue.venue_id.hex(), "/v1/releases", ReleaseRequest(joint).to_bytes()
                )
                shares = SharesRequest(joint, venue, release, ()).to_bytes()
                outcomes |= {
                    await refusal(to_venue),
                    await refusal(world.authority.peer.ask(session, "/v1/shares", shares)),
                }
            outcomes.add(await refusal(world.authority.peer.ask(session, "/v1/warrants", mine)))
        return outcomes

    assert run(attack()) == {"conflicting-statements", "invalid-signature", "warrant-exists"}
