"""A9: crafted names or records make a whole trace fail at the health office."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from nacl.bindings import sodium_pad

from escrow.authority.investigation import Investigation
from protocol import assisted_check_ins
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, seal_assisted
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EPOCH_SECONDS, EpochKey, Role
from protocol.handles import ENTRY_BYTES, NONCE_BYTES, DirectoryEntry, IdentityRecord
from protocol.http_messages import VerificationAnswer
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue, VenueApplication
from service.http_client import new_session
from tests.attacks.malicious import admit_with_records, invent_request, issued_to_operator
from tests.attacks.refusals import refusal
from tests.support.codes import code_in_force
from tests.support.contacts import asserted, contacts
from tests.support.investigations import export, trace
from tests.support.running import run
from tests.support.servers import World, carry_out, open_door, warrant_for

ODD_RECORDS = [("가" * 42, "+821"), ("\x00\u202e=1+1", "=1+1"), ("a" * 128, "+" + "9" * 15), (" ", "\r\n\t;")]
NO_RECORDS = [
    bytes(256),
    b"\xff" * 256,
    sodium_pad(b"", 256),
    sodium_pad(b"\x81" * 200, 256),
    sodium_pad(b"\x82\x61a", 256),
]
GARBAGE = [b"\0", b"\xff" * 200, b"\x9f\xff", b"\x81" * 200, encode_item([7, 0, 1, None, bytes(192)]), "이름".encode()]


def record(world: World, **changes: Any) -> IdentityRecord:
    """What the operator may sign of an account; the handle is set when it is used."""
    today = world.today
    return replace(IdentityRecord(world.settings.number, today, B, "+821000000000", "나", today), **changes)


def test_a09_bad_check_ins_in_a_release_do_not_stop_the_trace(world: World) -> None:
    """Visitors or a venue put check-ins into the records that do not decode, or whose signatures do not hold.

    Happened: luca, May 2021. Answer: each is opaque until it is looked at, and set aside by itself (§3.9).
    """
    with open_door(world) as door:

        async def attack() -> None:
            (honest, passes), (_, others) = await world.visitors_with_passes(2)
            message = await door.admit(passes[0])
            forged = replace(message, signed_pass=others[0].public.u + message.signed_pass[32:])
            elsewhere = sign_check_in(await world.epoch_key(), others[1], world.now, Direction.ENTRY, bytes(16))
            good, bad = message.to_bytes(), [*GARBAGE, forged.to_bytes(), elsewhere.to_bytes()]
            door.log.leaves.clear()
            door.log.add_all({world.today: [*bad, good, good[:-1]], world.today + 1: bad, world.today - 1: [good]})
            _, findings = await trace(world, door.record.venue_id)
            assert [contact.record.phone for contact in contacts(findings)] == [honest.phone]
            assert findings.visits == 1
            assert sum(findings.set_aside.values()) == 2 * len(bad) + 2

        run(attack())


def test_a09_bad_assisted_check_ins_do_not_stop_the_trace(world: World) -> None:
    """A venue's device seals what is no record, signs for others, or moves what it sealed; its staff type anything.

    Happened: as above. Answer: what does not hold is set aside, what opens to no record is counted, and names that are
    merely strange are shown (§3.9, §3.10).
    """
    with open_door(world) as door:

        async def attack() -> None:
            (honest, passes), _ = await world.visitors_with_passes(2)
            key, venue = await world.epoch_key(), door.record.venue_id
            await door.admit(passes[0])
            strange = [AssertedRecord(name, phone) for name, phone in ODD_RECORDS]
            good = [seal_assisted(key, one, world.now, venue) for one in strange]
            forged = replace(good[0], signature=good[1].signature)
            elsewhere = seal_assisted(key, strange[0], world.now, bytes(16))
            yesterday = seal_assisted(key, strange[0], world.now - 86_400, venue)
            door.add(*(one.to_bytes() for one in (*good, forged, elsewhere, yesterday)))
            door.add(*(sealed_anyhow(key, padded, world.now, venue).to_bytes() for padded in NO_RECORDS))
            _, findings = await trace(world, venue)
            assert [contact.record.phone for contact in contacts(findings)] == [honest.phone]
            assert {contact.record[:2] for contact in asserted(findings)} == {(one.phone, one.name) for one in strange}
            assert findings.set_aside == {"NoIdentity": len(NO_RECORDS), "InvalidSignature": 1, "OutOfScope": 2}

        run(attack())


def test_a09_one_key_on_two_days_does_not_stop_the_trace(world: World) -> None:
    """A venue's device seals assisted check-ins of two days with one `r`, so that both have the same `u`.

    Happened: as above. Answer: whatever records a pass names its epoch with its `u` (§3.10).
    """
    with open_door(world) as door:

        async def attack() -> None:
            venue, yesterday, then = door.record.venue_id, await world.epoch_key(), world.now
            world.now += EPOCH_SECONDS
            for party in (world.operator, world.authority):
                await asyncio.to_thread(party.epochs.publish_ahead)
            (honest, passes), _ = await world.visitors_with_passes(2)
            await door.admit(passes[0])
            record, r = AssertedRecord("나", "+821000000000"), Scalar.random()
            for key, time in ((yesterday, then), (await world.epoch_key(), world.now)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(Scalar, "random", lambda _draws: r)
                    door.log.add(key.epoch, seal_assisted(key, record, time, venue).to_bytes())
            for max_records, refused in ((3, None), (2, "warrant-exhausted")):
                world.now += 1
                warrant = warrant_for(door, then - 600, world.now + 600, max_records=max_records)
                await carry_out(world, warrant)
                async with new_session() as session:
                    investigation = Investigation(world.authority, session)
                    await investigation.request_release(warrant.warrant_id)
                    opening = investigation.open(warrant.warrant_id)
                    if refused:
                        assert await refusal(opening) == refused
                        continue
                    findings = await opening
                assert [contact.record.phone for contact in contacts(findings)] == [honest.phone]
                times = [contact.visits for contact in asserted(findings)]
                assert times == [((then, None),), ((world.now - 1, None),)]
                assert findings.set_aside == {}

        run(attack())


def sealed_anyhow(key: EpochKey, padded: bytes, time: int, venue_id: bytes) -> AssistedCheckIn:
    """What a device makes that seals any 256 bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assisted_check_ins, "sodium_pad", lambda *_: padded)
        return seal_assisted(key, AssertedRecord("나", "+821000000000"), time, venue_id)


def test_a09_bad_passes_and_entries_do_not_stop_the_trace(world: World) -> None:
    """The authority signs passes that are no points; the operator deposits entries that nobody can open.

    Happened: as above. Answer: they open to nobody and are counted (§3.10).
    """
    with open_door(world) as door:

        async def attack() -> None:
            (honest, passes), _ = await world.visitors_with_passes(2)
            key = await world.epoch_key()
            await door.admit(passes[0])
            sealed = DirectoryEntry(key.epoch, bytes(32), bytes(NONCE_BYTES), bytes(ENTRY_BYTES))
            for entry in (sealed, replace(sealed, nonce=token_bytes(NONCE_BYTES), sealed=token_bytes(ENTRY_BYTES))):
                await admit_with_records(world, door, record(world), entry=entry)
            for changes in ({"domain": 9}, {"epoch": key.epoch + 1}):
                await admit_with_records(world, door, record(world, **changes))
            pass_key = world.authority.epochs.secret(key.epoch).pass_signing_key
            r = Scalar.random()
            for v in (bytes(32), b"\xff" * 32, bytes([1]) + bytes(31), bytes(r * key.X)):
                u = bytes(r * B)
                signed = Pass(u, v, pass_key.sign(pass_signing_input(key, u, v)).signature)
                await door.admit(OwnedPass(signed, r))
                r = r + r
            _, findings = await trace(world, door.record.venue_id)
            assert [contact.record.phone for contact in contacts(findings)] == [honest.phone]
            assert findings.visits == 9
            assert sum(findings.set_aside.values()) == 8

        run(attack())


def test_a09_names_as_long_as_they_may_be_are_traced(world: World, tmp_path: Path) -> None:
    """Visitors enrol under the longest names in any script, which must fit the sealed record's fixed size.

    Happened: as above. Answer: the record's size has room for the longest name (§3.6).
    """
    names = ["가" * 42, "\N{CJK UNIFIED IDEOGRAPH-20000}" * 32, "a" + "\u0301" * 63, "A" * 128, "나"]
    with open_door(world) as door:

        async def attack() -> bytes:
            people = await world.visitors_with_passes(len(names))
            for (visitor, passes), name in zip(people, names, strict=True):
                del passes[1:]
                await door.admit(passes[0])
                code = code_in_force(world.operator.accounts, visitor.phone, world.now)
                await world.post(Role.OPERATOR, "/v1/sessions", VerificationAnswer(visitor.phone, code, name))
            await admit_with_records(
                world, door, *(record(world, name=name, phone=f"+8211{len(name)}") for name in names)
            )
            warrant, findings = await trace(world, door.record.venue_id)
            assert {contact.record.name for contact in contacts(findings)} >= set(names)
            assert not findings.set_aside
            return warrant

        assert len(export(world, run(attack()), tmp_path / "contacts.csv")) == 2 * len(names)


def test_a09_a_date_that_is_none_does_not_stop_the_export(world: World, tmp_path: Path) -> None:
    """The operator signs a record whose day of verification is as late as the field allows.

    Happened: as above. Answer: the export should write the other contacts, and this one without its date.
    """
    with open_door(world) as door:

        async def attack() -> bytes:
            (_, passes), _ = await world.visitors_with_passes(2)
            await door.admit(passes[0])
            await admit_with_records(world, door, record(world, verified_on=2**32 - 1))
            return (await trace(world, door.record.venue_id))[0]

        rows = export(world, run(attack()), tmp_path / "contacts.csv")
    assert {row["name"] for row in rows} == {"방문객 0", "나"}


def venue_application(world: World, name: str) -> bytes:
    """Anybody's application to be registered as a venue."""
    key = SigningKey.generate()
    venue = Venue(world.settings.number, token_bytes(16), name, "https://door.example", public_key(key))
    return sign_statement(VenueApplication(venue), key)


@pytest.mark.parametrize("role", Role)
def test_a09_a_venues_name_does_not_stop_the_officers_lists(world: World, role: Role) -> None:
    """Anybody applies as a venue whose name is markup, so that no officer can list venues any more.

    Happened: as above, with names of visitors. Answer: the lists show a name as it is.
    """
    run(world.post(role, "/v1/venues", venue_application(world, "[/]")))
    listed = world.officer(role, "venues", "list")
    assert listed.exit_code == 0, repr(listed.exception)
    assert "[/]" in listed.output


@pytest.mark.parametrize("role", Role)
def test_a09_a_venues_name_does_not_command_the_officers_terminal(world: World, role: Role) -> None:
    """Anybody applies as a venue whose name clears the officer's screen, or looks like another.

    Happened: general. Answer: a venue's name has printable characters only.
    """
    for name in ("\x1b[2Jclub", "\x1b]0;title\x07club", "\u202eclub", "club\r", "\x9b31mclub", "club\nclub"):
        assert run(refusal(world.post(role, "/v1/venues", venue_application(world, name)))) == "invalid-name"
    listed = world.officer(role, "venues", "list")
    assert "club" not in listed.output


def test_a09_an_invalid_request_in_a_batch_spoils_itself_alone(world: World) -> None:
    """A visitor's passes come from the same batch as another's bad requests.

    Happened: as above. Answer: one answer for each request, a bad one's looks like any other (§3.7).
    """

    async def attack() -> None:
        key = await world.epoch_key()
        good = [invent_request(key, Scalar.random()) for _ in range(3)]
        pending, request = invent_request(key, Scalar.random())
        bad = [
            (pending, replace(request, u0=request.v0)),
            (pending, replace(request, v0=request.u0)),
            (good[0][0], request),
        ]
        assert len(await issued_to_operator(world, key, [*good, *bad])) == 3

    run(attack())
