"""A6: checking in under a stranger's name and number."""

from __future__ import annotations

import asyncio
from pathlib import Path

from escrow.authority.contacts import NOT_VERIFIED
from protocol.assisted_check_ins import AssertedRecord
from protocol.epochs import Role
from protocol.handles import HandleRegistration
from protocol.http_messages import Decision, VerificationAnswer, VerificationRequest
from protocol.passes import request_allowance
from tests.attacks.refusals import refusal
from tests.support.contacts import asserted, contacts
from tests.support.investigations import export, trace
from tests.support.running import run
from tests.support.servers import World
from tests.support.town import Town
from tests.support.venues import only


def test_a06_a_check_in_leads_to_the_phone_that_was_verified(town: Town) -> None:
    """The attacker types a stranger's name. What is found in an outbreak is still the attacker's own phone.

    Happened: luca, May 2021. Answer: phone and name are in a record that the operator signed after the code (§3.6).
    """
    club = town.open_venue()
    stranger, attacker = town.visitors("성춘향", "성춘향")
    town.scan(attacker, club)
    (contact,) = contacts(town.investigate(club))
    assert contact.record.phone == attacker.phone != stranger.phone
    assert contact.record.name == stranger.name  # what remains: a false name with a true phone


def test_a06_a_strangers_number_or_handle_is_not_to_be_had(world: World) -> None:
    """The attacker answers for the stranger's number with its own code, and presents the stranger's handle as its own.

    Happened: as above. Answer: a code is for one number; a handle needs a proof that its key is known (§3.6, §3.7).
    """

    async def attack() -> None:
        key = await world.epoch_key()
        stranger, attacker, companion = [await world.enrol(number) for number in (1, 2, 3)]
        await world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(attacker.phone))
        answer = VerificationAnswer(stranger.phone, world.last_code(attacker.phone), attacker.name)
        assert await refusal(world.post(Role.OPERATOR, "/v1/sessions", answer)) == "code-expired"

        h, registration, _ = await world.register(stranger, key)
        token = attacker.session.token
        copied = HandleRegistration(key.epoch, registration.handle, registration.knowledge)
        assert await refusal(world.post(Role.OPERATOR, "/v1/handles", copied, token)) == "invalid-proof"

        await world.register(attacker, key)
        _, of_stranger = request_allowance(key, h)  # even with the stranger's own, well-formed request
        assert await refusal(world.post(Role.OPERATOR, "/v1/passes", of_stranger, token)) == "invalid-proof"
        h_companion, _, _ = await world.register(companion, key)
        await asyncio.gather(world.fetch(stranger, key, h), world.fetch(companion, key, h_companion))

    run(attack())


def test_a06_what_staff_typed_is_no_verified_person(town: Town, tmp_path: Path) -> None:
    """The attacker tells door staff a stranger's name and number, those of a visitor who is there by the way.

    Happened: luca, May 2021. Answer: what venues assert is counted and shown apart, and marked as not verified (§3.8,
    §3.10). What remains: anybody can be named to door staff (§2.4, 18).
    """
    club = town.open_venue()
    stranger, here = town.visitors("성춘향", "홍길동")
    assert town.scan(here, club) is Decision.ADMITTED
    for person in (stranger, here):
        record = AssertedRecord(person.name, person.phone)
        assert club.venue.gate.admit(only(club.venue).door, record, town.now) is not None

    warrant, findings = run(trace(town.world, club.id))
    (contact,) = contacts(findings)
    assert (contact.record.name, contact.record.phone) == (here.name, here.phone)
    assert {one.record[:2] for one in asserted(findings)} == {(one.phone, one.name) for one in (stranger, here)}
    rows = export(town.world, warrant, tmp_path / "contacts.csv")
    assert [row["verified"] == NOT_VERIFIED for row in rows] == [False, True, True]
    again = str(tmp_path / "again.csv")
    shown = town.world.officer(Role.AUTHORITY, "warrants", "export", warrant.hex(), "-o", again).output
    assert "1 contacts, 2 asserted by the venue, not verified\n" in shown
