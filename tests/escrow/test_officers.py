"""With a set of officers the command line does only what enough of them have approved. Spec: §6.9."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from escrow.authority.investigation import Investigation
from escrow.authority.notices import NoticePublisher
from escrow.authority.warrants import Step
from escrow.desk.errors import NotApproved, UnknownInvitation
from escrow.desk.evidence import check_evidence, evidence
from escrow.desk.records import ACTIONS, Action, Decision, Subject, of_notice, of_officers, of_warrant
from escrow.party import Party
from protocol.epochs import Role
from protocol.primitives.errors import Malformed
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import Venue, Warrant, sign_application
from service.clock import DAY
from service.errors import ConfigurationError
from service.keys import fingerprint
from tests.support.authenticator import Authenticator
from tests.support.databases import FOR_SERVERS, KINDS
from tests.support.domain import opening_warrant
from tests.support.officers import custodians_shares, decide, enrol, establish, present, venue_subject
from tests.support.running import online, run
from tests.support.servers import Door, World, carry_out, notice_for, open_door, run_world, warrant_for


@pytest.fixture(params=FOR_SERVERS)
def door(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Door]:
    with run_world(tmp_path, request.param) as world, open_door(world) as door:
        yield door


def party_of(world: World, role: Role) -> Party:
    return world.operator if role is Role.OPERATOR else world.authority


def test_a_warrant_goes_from_its_draft_to_the_contacts_by_approvals_alone(door: Door) -> None:
    world = door.world
    authority, operator = establish(world.authority, "Kim", "Lee"), establish(world.operator, "Choi", "Jung")

    async def arrive() -> None:
        for _, passes in await world.visitors_with_passes(2):
            await door.admit(passes[0])
        world.now += 1
        await door.commit()

    run(arrive())
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    warrant_id, subject = warrant.warrant_id, of_warrant(warrant)

    async def story(session: ClientSession) -> None:
        investigation = Investigation(world.authority, session)
        investigation.draw_warrant(warrant)
        assert world.authority.warrants.get(warrant_id).statement == b"", "nothing is signed"
        for step in (investigation.propose_warrant, investigation.request_release, investigation.open):
            with pytest.raises(
                NotApproved, match=rf"2 of the officers \(Kim, Lee\) .* {world.authority.settings.desk_url}/desk/"
            ):
                await step(warrant_id)
        decide(world.authority, authority, subject, "Kim")
        with pytest.raises(NotApproved):
            await investigation.propose_warrant(warrant_id)
        assert world.operator.warrants.all() == []
        decide(world.authority, authority, subject, "Lee")
        await investigation.propose_warrant(warrant_id)
        with pytest.raises(NotApproved):
            world.operator.warrants.countersign(warrant_id, world.operator.identity)
        decide(world.operator, operator, subject, "Choi", "Jung")
        with pytest.raises(NotApproved):
            world.operator.warrants.refuse(warrant_id, "no")
        world.operator.warrants.countersign(warrant_id, world.operator.identity)
        await investigation.request_release(warrant_id)
        assert (await investigation.open(warrant_id)).opened == 2

    online(story)
    assert world.authority.warrants.listed_one(warrant_id).state == Step.OPENED


def test_a_refusal_takes_officers_who_give_the_same_reason(door: Door) -> None:
    world = door.world
    warrant = warrant_for(door, world.now - 600, world.now + 600)

    async def propose(session: ClientSession) -> None:
        investigation = Investigation(world.authority, session)
        investigation.draw_warrant(warrant)
        await investigation.propose_warrant(warrant.warrant_id)

    online(propose)
    officers, subject = establish(world.operator, "Choi", "Jung"), of_warrant(warrant)
    refuse = ("warrants", "refuse", warrant.warrant_id.hex(), "--reason", "too wide")
    decide(world.operator, officers, subject, "Choi", decision=Decision.REFUSE, reason="too wide")
    decide(world.operator, officers, subject, "Jung", decision=Decision.REFUSE, reason="too long")
    refused = world.officer(Role.OPERATOR, *refuse)
    assert (refused.exit_code, "(not-approved)" in refused.stderr) == (1, True)
    decide(world.operator, officers, subject, "Jung", decision=Decision.REFUSE, reason="too wide")
    assert world.officer(Role.OPERATOR, *refuse).output == "refused\n"


@pytest.mark.parametrize("role", Role)
def test_a_venues_record_is_signed_in_the_place_that_was_approved(door: Door, role: Role) -> None:
    world, party = door.world, party_of(door.world, role)
    officers = establish(party, "Kim", "Lee")
    keys = [SigningKey.generate() for _ in range(2)]
    records = [replace(door.record, key=public_key(key)) for key in keys]
    for record, key in zip(records, keys, strict=True):
        run(world.post(role, "/v1/venues", sign_application(record, key, door.key)))
    subjects = [venue_subject(party, record) for record in records]
    decide(party, officers, subjects[0], "Kim", "Lee")
    venue = door.record.venue_id.hex()
    refused = world.officer(role, "venues", "approve", venue, "--key", fingerprint(public_key(keys[1])))
    assert "(not-approved)" in refused.stderr
    assert party.venues.get(door.record.venue_id).record == door.record
    assert world.officer(role, "venues", "approve", venue, "--key", fingerprint(public_key(keys[0]))).exit_code == 0
    assert party.venues.get(door.record.venue_id).record == records[0]
    assert venue_subject(party, records[1]) != subjects[1], "another record would be replaced than was approved"


def test_a_record_that_was_approved_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes are approved for one record, and both are signed in the same moment."""
    with run_world(tmp_path) as world, open_door(world) as door:
        party, keys = world.authority, [SigningKey.generate() for _ in range(2)]
        officers = establish(party, "Kim", "Lee")
        for key in keys:
            run(world.post(Role.AUTHORITY, "/v1/venues", sign_application(changed(door, key), key, door.key)))
        changes = {change.record.key: change for change in party.venues.changes(door.record.venue_id)}
        first, second = (changes[public_key(key)] for key in keys)
        for change in (first, second):
            decide(party, officers, venue_subject(party, change.record), "Kim", "Lee")
        demand, others = party.approvals.demand, [first]

        def meanwhile(subject: Subject) -> None:
            demand(subject)
            if others:
                party.venues.approve(others.pop().record, party.identity)

        monkeypatch.setattr(party.approvals, "demand", meanwhile)
        with pytest.raises(NotApproved):
            party.venues.approve(second.record, party.identity)
        assert party.venues.get(door.record.venue_id).record == first.record


@pytest.mark.parametrize("kind", KINDS)
def test_approvals_of_a_key_are_good_once(tmp_path: Path, kind: str) -> None:
    """A venue goes from A to B and back. Whoever holds B then needs other approvals; the first ones are evidence."""
    world = World(tmp_path, kind)
    party, keys, venue = world.authority, [SigningKey.generate() for _ in range(2)], b"v" * 16
    officers = establish(party, "Kim", "Lee")
    first, second = (Venue(party.domain.number, venue, "카페", "", public_key(key)) for key in keys)
    party.venues.apply(sign_application(first, keys[0]))
    decide(party, officers, venue_subject(party, first), "Kim", "Lee")
    party.venues.approve(first, party.identity)
    party.venues.apply(sign_application(second, keys[1], keys[0]))
    subject = venue_subject(party, second)
    approve(party, officers, second, "Kim", "Lee")
    party.venues.apply(sign_application(first, keys[0], keys[1]))
    approve(party, officers, first, "Kim", "Lee")
    party.venues.apply(sign_application(second, keys[1]))
    assert venue_subject(party, second) == subject
    tally = party.approvals.tally(subject)
    assert (tally.approvals, tally.is_approved, len(tally.votes)) == (0, False, 2)
    with pytest.raises(NotApproved, match="so far Kim"):
        approve(party, officers, second, "Kim")
    assert party.venues.get(venue).record == first
    text = evidence(Role.AUTHORITY, party.officers.sets(), party.approvals.of(subject))
    assert [vote.officer for vote in check_evidence(party.domain, Role.AUTHORITY, text)[1]] == ["Kim", "Lee", "Kim"]
    approve(party, officers, second, "Lee")
    assert party.venues.get(venue).record == second


@pytest.mark.parametrize("ending", ["refused", "another", "overwritten"])
def test_a_change_that_was_not_made_takes_its_votes_along(tmp_path: Path, ending: str) -> None:
    """It may be applied for again: refused, or another one was approved, or its key applied with another name."""
    party, keys, venue = World(tmp_path).authority, [SigningKey.generate() for _ in range(3)], b"v" * 16
    officers = establish(party, "Kim", "Lee")
    first, second, third = (Venue(party.domain.number, venue, "카페", "", public_key(key)) for key in keys)
    party.venues.apply(sign_application(first, keys[0]))
    approve(party, officers, first, "Kim", "Lee")
    for record, key in ((second, keys[1]), (third, keys[2])):
        party.venues.apply(sign_application(record, key, keys[0]))
    decide(party, officers, venue_subject(party, second), "Kim")
    party.venues.apply(sign_application(second, keys[1], keys[0]))
    assert party.approvals.tally(venue_subject(party, second)).approvals == 1, "the same application again"
    if ending == "refused":
        party.venues.refuse(second)
    elif ending == "another":
        approve(party, officers, third, "Kim", "Lee")
        party.venues.apply(sign_application(first, keys[0], keys[2]))
        approve(party, officers, first, "Kim", "Lee")
    else:
        party.venues.apply(sign_application(replace(second, name="술집"), keys[1], keys[0]))
    party.venues.apply(sign_application(second, keys[1], keys[0]))
    assert party.approvals.tally(venue_subject(party, second)).approvals == 0


def approve(party: Party, officers: dict[str, Authenticator], record: Venue, *names: str) -> None:
    decide(party, officers, venue_subject(party, record), *names)
    party.venues.approve(record, party.identity)


def changed(door: Door, key: SigningKey) -> Venue:
    return replace(door.record, key=public_key(key))


def test_a_notice_is_published_once_it_is_approved(door: Door) -> None:
    world = door.world

    async def arrive() -> None:
        for _, passes in await world.visitors_with_passes(2):
            await door.admit(passes[0])
        world.now += 1
        await door.commit()

    run(arrive())
    warrant = notice_for(warrant_for(door, world.now - 600, world.now + 600))
    run(carry_out(world, warrant, lambda investigation: investigation.request_release(warrant.warrant_id)))
    officers = establish(world.authority, "Kim", "Lee")
    decide(world.authority, officers, of_warrant(warrant), "Kim", "Lee")

    async def publish(session: ClientSession) -> int:
        return (await NoticePublisher(world.authority, session).publish([warrant.warrant_id])).passes

    with pytest.raises(NotApproved):
        online(publish)
    (asked,) = world.authority.approvals.asked()
    assert (asked.subject, asked.done) == (of_notice([warrant]), None)
    decide(world.authority, officers, asked.subject, "Kim", "Lee")
    assert online(publish) == 2
    (asked,) = world.authority.approvals.asked()
    assert asked.done == world.now
    world.warn_daily()  # for nobody: no officer is asked


@pytest.mark.parametrize("role", Role)
def test_the_first_set_takes_the_custodians_and_another_one_the_officers(tmp_path: Path, role: Role) -> None:
    world = World(tmp_path)
    party, shares = party_of(world, role), custodians_shares(party_of(world, role), tmp_path)
    devices = {name: enrol(party, name) for name in ("Kim", "Lee")}
    nobody = world.officer(role, "officers", "list").output
    assert "there is no set of officers" in nobody
    assert "not in the set: Kim, " in nobody
    few = world.officer(role, "officers", "establish", "--yes", shares[0])
    assert (few.exit_code, present_version(party)) == (1, 0)
    strangers = custodians_shares(party_of(world, Role(3 - role)), tmp_path)
    assert world.officer(role, "officers", "establish", "--yes", *strangers).exit_code == 1
    made = world.officer(role, "officers", "establish", "--yes", "--approvals", "venue=1", *shares)
    assert (made.exit_code, present_version(party)) == (0, 1), made.output
    assert {one.action: one.approvals for one in present(party).thresholds}[Action.VENUE] == 1
    assert present(party).needed(Action.WARRANT) == 2
    devices["Park"] = enrol(party, "Park")
    change = ("officers", "change", "--add", "Park", "--remove", "Kim")
    asked = world.officer(role, *change)
    assert "(not-approved)" in asked.stderr
    (subject,) = (one.subject for one in party.approvals.asked())
    decide(party, devices, subject, "Kim", "Lee")
    assert world.officer(role, *change).exit_code == 0
    assert (present(party).version, present(party).names) == (2, ["Lee", "Park"])
    lost = world.officer(role, "officers", "establish", "--yes", "--officer", "Kim", *shares)
    assert (lost.exit_code, present(party).names, present_version(party)) == (0, ["Kim"], 3)
    journal = world.officer(role, "journal").output
    assert journal.count("of officers with custodians") == 2
    assert "by custodians" in world.officer(role, "officers", "list").output


def present_version(party: Party) -> int:
    officers = party.officers.present()
    return 0 if officers is None else officers.version


def test_a_link_enrols_one_passkey_within_a_day(tmp_path: Path) -> None:
    world = World(tmp_path, now=int(time.time()))
    link = world.officer(Role.AUTHORITY, "officers", "add", "Kim").output.strip()
    origin, secret = link.split("/desk/#enrol=")
    assert origin == world.authority.settings.desk_url
    register = world.authority.officers
    with pytest.raises(UnknownInvitation):
        register.invited(bytes(32))
    assert register.invited(bytes.fromhex(secret)) == "Kim"
    with world.authority.engine.begin() as connection:
        (row,) = connection.execute(sql.text("SELECT * FROM officer_invitations"))
    assert bytes.fromhex(secret) not in row, "a digest is kept, and no secret"
    world.now += DAY + 60
    with pytest.raises(UnknownInvitation):
        register.invited(bytes.fromhex(secret))


def test_a_name_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    forgotten = World(tmp_path).officer(Role.AUTHORITY, "officers", "forget", "\udcff")
    assert forgotten.exit_code == 2
    assert "an officer's name has at most 64 bytes, all printable" in forgotten.stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", Role)
def test_a_name_of_an_officer_has_one_limit_and_is_in_the_journal_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role, kind: str
) -> None:
    world, names = World(tmp_path, kind), ["k" * 63 + last for last in "mn"]
    for name in names:
        assert world.officer(role, "officers", "add", name).exit_code == 0
        assert world.officer(role, "--officer", name, "officers", "forget", name).exit_code == 0
    journal = party_of(world, role).journal.entries()
    assert [one.action for one in journal] == [
        told for name in names for told in (f"invite officer {name}", f"forget passkeys of {name}")
    ]
    assert [one.officer for one in journal[1::2]] == names
    for name in ("담" * 22, "k" * 65, "two\nlines", ""):
        for asked in (("officers", "add", name), ("officers", "forget", name), ("--officer", name, "journal")):
            refused = world.officer(role, *asked)
            assert (refused.exit_code, "an officer's name has at most 64 bytes" in refused.stderr) == (2, True)
    monkeypatch.setenv("LOGNAME", "k" * 65)
    refused = world.officer(role, "officers", "add", "Kim")
    assert (refused.exit_code, "with --officer" in refused.stderr) == (2, True)
    assert len(party_of(world, role).journal.entries()) == len(journal)


def test_evidence_is_checked_with_domain_toml_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    officers = establish(world.authority, "Kim", "Lee")
    warrant = of_warrant(notice_for(warrant_now(world)))
    decide(world.authority, officers, warrant, "Kim")
    decide(world.authority, officers, warrant, "Lee", decision=Decision.REFUSE, reason="no")
    file, domain = tmp_path / "evidence.json", world.settings.domain
    assert world.officer(Role.AUTHORITY, "officers", "evidence", "-o", str(file)).exit_code == 0
    for kept in world.home(Role.AUTHORITY).iterdir():
        if kept.name != "domain.toml":
            kept.rename(tmp_path / kept.name)
    (first,), (kim, lee) = check_evidence(domain, Role.AUTHORITY, file.read_text())
    assert (first.record.version, first.is_approved) == (1, False)
    assert (kim.officer, kim.vote.decision, kim.vote.payload) == ("Kim", Decision.APPROVE, warrant.payload)
    assert (lee.officer, lee.vote.decision, lee.vote.reason) == ("Lee", Decision.REFUSE, "no")
    checked = world.officer(Role.AUTHORITY, "officers", "check", str(file)).output
    assert "Kim (set 1): approve warrant " in checked
    picture = tmp_path / "picture"
    picture.write_bytes(b"\xff\xd8")
    assert "is not UTF-8 text" in world.officer(Role.AUTHORITY, "officers", "check", str(picture)).stderr
    for role in Role:
        changed = json.loads(file.read_text())
        changed["votes"][0]["vote"] = changed["votes"][1]["vote"] if role is Role.AUTHORITY else "00"
        with pytest.raises(ConfigurationError, match="vote 1 does not hold"):
            check_evidence(domain, Role.AUTHORITY, json.dumps(changed))
    with pytest.raises(ConfigurationError):
        check_evidence(domain, Role.OPERATOR, file.read_text())


def test_evidence_shows_by_whose_approvals_a_set_came(tmp_path: Path) -> None:
    """And which one came by nobody's: custodians have to answer for it, or whoever controls the machine."""
    party = World(tmp_path).authority
    officers, origin = establish(party, "Kim", "Lee", "Park"), party.settings.desk_url
    second = party.officers.changed(origin, (), ("Park",), {})
    decide(party, officers, of_officers(second), "Kim", "Park")
    party.change_officers(second)
    third = party.officers.changed(origin, (), ("Kim",), dict.fromkeys(ACTIONS[Role.AUTHORITY], 1))
    decide(party, officers, of_officers(third), "Lee")
    party.officers.install(third, by_custodians=False)  # as a program that does not ask would
    text = evidence(Role.AUTHORITY, party.officers.sets(), party.approvals.all())
    sets, votes = check_evidence(party.domain, Role.AUTHORITY, text)
    assert [(one.record.version, one.approved_by, one.is_approved) for one in sets] == [
        (1, (), False),
        (2, ("Kim", "Park"), True),
        (3, ("Lee",), False),
    ]
    assert [vote.officer for vote in votes] == ["Kim", "Park", "Lee"]


def warrant_now(world: World) -> Warrant:
    return opening_warrant(world.settings.number, bytes(16), world.now - 60, world.now, world.now)


@pytest.mark.parametrize("fault", ["two of one name", "one passkey twice", "too many approvals", "nobody changes it"])
def test_a_set_that_cannot_be_is_malformed(tmp_path: Path, fault: str) -> None:
    party = World(tmp_path).authority
    establish(party, "Kim", "Lee")
    good = present(party)
    kim, lee = good.officers
    changed = {
        "two of one name": {"officers": (kim, replace(lee, name="Kim"))},
        "one passkey twice": {"officers": (kim, replace(lee, passkeys=kim.passkeys))},
        "too many approvals": {"thresholds": tuple(replace(one, approvals=3) for one in good.thresholds)},
        "nobody changes it": {"thresholds": (replace(good.thresholds[0], approvals=0), *good.thresholds[1:])},
    }
    with pytest.raises(Malformed):
        replace(good, **changed[fault])  # type: ignore[arg-type]
