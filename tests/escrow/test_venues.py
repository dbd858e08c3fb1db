"""The register of venues: a key changes when the officer says so, and then the one before counts no more (A10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.errors import UnknownVenue
from protocol.epochs import Role
from protocol.http_messages import SharesRequest
from protocol.primitives.errors import ConflictingStatements, InvalidSignature
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import verify_statement
from protocol.warrants import Venue, sign_application, verify_venue
from service.clock import DAY
from service.http_client import new_session
from service.keys import fingerprint
from service.problems import Problem
from tests.support.contacts import contacts
from tests.support.databases import KINDS
from tests.support.investigations import stored_release, stored_venue
from tests.support.officers import decide, establish, venue_subject
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, open_door, warrant_for


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


def changed(door: Door, key: SigningKey) -> Venue:
    return replace(door.record, key=public_key(key))


def apply_at(role: Role, world: World, application: bytes) -> None:
    run(world.post(role, "/v1/venues", application))


def registered(world: World, role: Role, venue_id: bytes) -> Venue:
    """What a party says of a venue to everybody."""
    statement = run(world.get(role, f"/v1/venues/{venue_id.hex()}"))
    return verify_statement(Venue, statement, world.settings.domain.identity_key(role))


def approve(world: World, role: Role, venue_id: bytes, *options: str, typed: str = "") -> tuple[int, str]:
    """Status and text of the officer's command."""
    result = world.officer(role, "venues", "approve", venue_id.hex(), *options, typed=typed)
    return result.exit_code, result.output


@pytest.mark.parametrize("role", Role)
def test_a_change_that_the_known_key_signed_counts_when_the_officer_says_so(
    world: World, door: Door, role: Role
) -> None:
    key, venue = SigningKey.generate(), door.record.venue_id
    for _ in range(2):
        apply_at(role, world, sign_application(changed(door, key), key, door.key))
    assert registered(world, role, venue) == door.record
    listed = world.officer(role, "venues", "list").stdout
    assert "NOT" not in listed
    assert approve(world, role, venue, "--key", fingerprint(public_key(SigningKey.generate())))[0] == 1
    assert registered(world, role, venue) == door.record
    assert approve(world, role, venue, "--key", fingerprint(public_key(key)))[0] == 0
    assert registered(world, role, venue) == changed(door, key)
    apply_at(role, world, sign_application(changed(door, key), key, door.key))  # a late repetition changes nothing
    assert approve(world, role, venue, "--key", fingerprint(public_key(key)))[0] == 0
    assert registered(world, role, venue) == changed(door, key)


@pytest.mark.parametrize("role", Role)
def test_a_strangers_change_does_nothing_and_the_officer_sees_it(world: World, door: Door, role: Role) -> None:
    stranger, own, venue = SigningKey.generate(), SigningKey.generate(), door.record.venue_id
    apply_at(role, world, sign_application(changed(door, stranger), stranger))
    with pytest.raises(Problem, match="signature"):
        apply_at(role, world, sign_application(changed(door, stranger), stranger, SigningKey.generate()))
    assert registered(world, role, venue) == door.record
    listed = world.officer(role, "venues", "list").stdout.replace("\n", " ")
    assert "NOT" in listed
    status, output = approve(world, role, venue, "--key", fingerprint(public_key(stranger)), typed="n\n")
    assert status == 1
    assert "a stranger asks" in output
    assert registered(world, role, venue) == door.record
    # The venue's own change stands beside it, whichever came first.
    apply_at(role, world, sign_application(changed(door, own), own))
    refused = world.officer(role, "venues", "refuse", venue.hex(), "--key", fingerprint(public_key(stranger)))
    assert refused.exit_code == 0
    assert approve(world, role, venue, "--key", fingerprint(public_key(stranger)))[0] == 1
    assert approve(world, role, venue, "--key", fingerprint(public_key(own)), typed="y\n")[0] == 0
    assert registered(world, role, venue) == changed(door, own)


def test_the_key_before_gives_no_release_and_what_was_opened_can_still_be_read(world: World, door: Door) -> None:
    key, venue = SigningKey.generate(), door.record.venue_id
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    steps = (lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id))

    async def open_first() -> OpeningResult:
        (visitor, passes), _ = await world.visitors_with_passes(2)
        await door.admit(passes[0])
        _, findings = await carry_out(world, warrant, *steps)
        assert isinstance(findings, OpeningResult)
        assert [one.record.phone for one in contacts(findings)] == [visitor.phone]
        return findings

    before = run(open_first())
    stored = world.authority.warrants.get(warrant.warrant_id)
    old_venue = stored_venue(world, warrant.warrant_id)

    def change(role: Role) -> None:
        apply_at(role, world, sign_application(changed(door, key), key, door.key))
        assert approve(world, role, venue, "--key", fingerprint(public_key(key)))[0] == 0

    async def read() -> OpeningResult:
        async with new_session() as session:
            return await Investigation(world.authority, session).read(warrant.warrant_id)

    async def ask_again() -> None:
        again = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, again, lambda it: it.request_release(again.warrant_id))

    del world.committing[venue]  # its key before does not count any more
    change(Role.OPERATOR)
    with pytest.raises(ConflictingStatements):  # until both have approved
        run(ask_again())
    change(Role.AUTHORITY)
    with pytest.raises(InvalidSignature):
        run(ask_again())

    # Both signatures of the record before still hold, but it is not the one that counts.
    assert verify_venue(world.settings.domain, old_venue).record == door.record
    assert stored.countersigned is not None
    release = stored_release(world, warrant.warrant_id)
    request = SharesRequest(stored.countersigned, old_venue, release, ()).to_bytes()
    with pytest.raises(Problem, match="present record"):
        run(world.as_party(Role.AUTHORITY, "/v1/shares", request))

    assert run(read()) == before
    door.log.key = key
    run(ask_again())


@pytest.mark.parametrize("role", Role)
def test_no_venue_is_approved_but_by_the_fingerprint_that_it_told(world: World, role: Role) -> None:
    """An id that is published can be applied for by anybody, who may come first."""
    squatter, own, venue = SigningKey.generate(), SigningKey.generate(), bytes(16)
    record = Venue(world.settings.number, venue, "카페", "", public_key(squatter))
    apply_at(role, world, sign_application(record, squatter))
    for options, status in (((), 2), (("--key", fingerprint(public_key(own))), 1), (("--key", ""), 1)):
        assert approve(world, role, venue, *options)[0] == status
        with pytest.raises(Problem) as pending:
            registered(world, role, venue)
        assert pending.value.name == "venue-pending"
    apply_at(role, world, sign_application(replace(record, key=public_key(own)), own))
    assert approve(world, role, venue, "--key", fingerprint(public_key(own)), typed="y\n")[0] == 0
    assert registered(world, role, venue).key == public_key(own)


def test_two_keys_for_a_venue_that_nobody_has_approved_yet(world: World, door: Door) -> None:
    first, second = SigningKey.generate(), SigningKey.generate()
    record = Venue(world.settings.number, bytes(16), "카페", "", public_key(first))
    other = replace(record, key=public_key(second))
    for application in (sign_application(record, first), sign_application(other, second)):
        apply_at(Role.OPERATOR, world, application)
    assert approve(world, Role.OPERATOR, bytes(16), "--key", fingerprint(record.key))[0] == 0
    assert registered(world, Role.OPERATOR, bytes(16)) == record
    with pytest.raises(Problem, match="another record has this venue id and key"):
        apply_at(Role.OPERATOR, world, sign_application(replace(record, name="다른 카페"), first))


@pytest.mark.parametrize("role", Role)
def test_a_first_application_is_refused_and_the_next_one_under_its_id_takes_its_place(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    keys = [SigningKey.generate() for _ in range(2)]
    squatter, own = (Venue(world.settings.number, bytes(16), "카페", "", public_key(key)) for key in keys)
    for record, key in ((squatter, keys[0]), (own, keys[1])):
        party.venues.apply(sign_application(record, key))

    def refuse(record: Venue) -> int:
        return world.officer(role, "venues", "refuse", bytes(16).hex(), "--key", fingerprint(record.key)).exit_code

    assert refuse(squatter) == 0
    assert (party.venues.get(bytes(16)).record, party.venues.changes(bytes(16))) == (own, [])
    assert refuse(squatter) == 1, "it is gone"
    assert refuse(own) == 0
    with pytest.raises(UnknownVenue):
        party.venues.get(bytes(16))
    party.venues.apply(sign_application(own, keys[1]))
    assert approve(world, role, bytes(16), "--key", fingerprint(own.key))[0] == 0
    party.venues.refuse(own)
    assert refuse(own) == 1
    assert registered(world, role, bytes(16)) == own, "what is approved stays"


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_officer_decides_on_goes_after_a_month(tmp_path: Path, kind: str) -> None:
    """A venue that goes on applying stays, as does what is approved. Votes on what goes do not count later."""
    world = World(tmp_path, kind)
    party, keys = world.authority, [SigningKey.generate() for _ in range(5)]
    records = [
        Venue(world.settings.number, bytes([number]) * 16, "카페", "", public_key(key))
        for number, key in enumerate(keys)
    ]
    approved, asking, silent, other, changed = records
    other, changed = replace(other, venue_id=silent.venue_id), replace(changed, venue_id=approved.venue_id)
    records = [approved, asking, silent, other, changed]
    for record, key in list(zip(records, keys, strict=True))[:3]:
        party.venues.apply(sign_application(record, key))
    party.venues.approve(approved, party.identity)
    party.venues.apply(sign_application(changed, keys[4]))
    officers = establish(party, "Kim", "Lee")
    decide(party, officers, venue_subject(party, silent), "Kim")
    world.now += DAY
    for record, key in ((asking, keys[1]), (other, keys[3])):
        party.venues.apply(sign_application(record, key))
    party.forget_old(world.now + 29 * DAY)
    assert len(party.venues.waiting()) == 4
    party.forget_old(world.now + 29 * DAY + 1)
    assert [one.record for one in party.venues.waiting()] == [asking, other]
    assert party.venues.changes(approved.venue_id) == []
    party.forget_old(world.now + 30 * DAY + 1)
    assert [listed.record for listed in party.venues.all()] == [approved]
    party.venues.apply(sign_application(silent, keys[2]))
    assert party.approvals.tally(venue_subject(party, silent)).approvals == 0
