"""A22: police get visitor data from the authority or the venue, outside disease control."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from client.visits import open_entry
from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from escrow.operator.operator import Operator
from lab.coalition import opened_by, recognised_by_authority, recognised_by_operator, stored_check_ins
from protocol.epochs import Role
from protocol.http_messages import Decision, ReleaseRequest, SharesRequest
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.transparency.log_entries import SharesReleased, WarrantDecided
from protocol.warrants import ValidWarrant
from service.http_client import call
from service.problems import Problem
from tests.attacks.auditing import audit
from tests.attacks.refusals import refusal
from tests.support.contacts import contacts
from tests.support.investigations import warrant_around_now
from tests.support.running import online
from tests.support.town import Town
from tests.support.venues import only
from venue.home import VenueHome
from venue.release import open_log


@pytest.mark.parametrize("role", Role)
def test_a22_seized_disks_name_nobody(town: Town, role: Role) -> None:
    """The police take the disks of a venue and of one party, and look for who was there.

    Happened: luca, Mainz, January 2022; TraceTogether, 2021. Answer: neither has it (§1.1, §3.10).
    """
    club = town.open_venue()
    person, other = town.visitors("홍길동", "성춘향")
    assert town.scan(person, club) is Decision.ADMITTED
    assert town.show(open_entry(other.visitor).text(town.now), club) is Decision.ADMITTED
    venue, home = town.steal(club.home), town.steal(town.world.home(role))

    seized = [venue, home] if role is Role.AUTHORITY else [venue]  # the operator has the accounts: that is its part
    contents = [path.read_bytes() for directory in seized for path in directory.rglob("*") if path.is_file()]
    names = [text.encode() for one in (person, other) for text in (one.phone, one.phone[3:], one.name)]
    assert not [name for name in names if any(name in content for content in contents)]

    check_ins = stored_check_ins([VenueHome(venue).engine])
    assert len(check_ins) == 2
    if role is Role.AUTHORITY:
        authority = Authority(home)
        key = authority.epochs.cache.key(town.world.today)
        assert key is not None
        assert (
            opened_by([authority.epochs.secret(town.world.today)], check_ins, recognised_by_authority(authority, key))
            == 0
        )
    else:
        operator = Operator(home)
        assert opened_by([operator.epochs.secret(town.world.today)], check_ins, recognised_by_operator(operator)) == 0


def test_a22_one_officer_alone_gets_nothing(town: Town) -> None:
    """The police have the authority's officer draw a warrant, and go without the operator's: to the venue for the
    check-ins, to the operator's server for shares, and again after the operator has refused.

    Happened: as above. Answer: two officers of two organisations sign one warrant, and venue and operator each verify
    both signatures (§3.9).
    """
    club, world = town.open_venue(), town.world
    person, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(person, club) is Decision.ADMITTED
    warrant = warrant_around_now(world, club.venue.venue_id)
    signed = sign_statement(warrant, world.authority.identity)
    forged = JointStatement(signed, signed)

    async def attack(session: ClientSession) -> list[str]:
        investigation = Investigation(world.authority, session)
        investigation.draw_warrant(warrant)
        await investigation.propose_warrant(warrant.warrant_id)
        venue = only(club.venue).registration
        assert venue is not None
        release = open_log(only(club.venue), ValidWarrant(warrant))
        shares = SharesRequest(forged, venue, release, ()).to_bytes()
        outcomes = [
            await refusal(investigation.request_release(warrant.warrant_id)),
            await refusal(
                world.authority.peer.ask_server(
                    session, club.url, club.venue.venue_id.hex(), "/v1/releases", ReleaseRequest(forged).to_bytes()
                )
            ),
            await refusal(world.authority.peer.ask(session, "/v1/shares", shares)),
            await refusal(investigation.open(warrant.warrant_id)),
        ]
        world.operator.warrants.refuse(warrant.warrant_id, "not for disease control")
        return [*outcomes, await refusal(investigation.request_release(warrant.warrant_id))]

    assert online(attack) == [
        "warrant-pending",
        "invalid-signature",
        "invalid-signature",
        "no-release",
        "warrant-refused",
    ]


DISGUISED = "감염병예방법 제76조의2\x1b[2J\x1b[H\nat most          1 records\u202e\r"
"""A legal reference that clears the screen and writes a line of its own."""


def test_a22_a_legal_reference_does_not_command_the_officers_terminal(town: Town) -> None:
    """The authority has the operator's officer see another warrant than the one to be countersigned.

    Happened: general. Answer: a legal reference has printable characters only, and what a terminal is shown is made
    printable in any case; the officer's reading is the only check on the authority's purpose (§3.9).
    """
    world, club = town.world, town.open_venue()
    warrant = replace(warrant_around_now(world, club.venue.venue_id), legal_reference=DISGUISED)
    statement = sign_statement(warrant, world.authority.identity)
    assert online(lambda _: refusal(world.as_party(Role.AUTHORITY, "/v1/warrants", statement))) == "invalid-name"
    options = ("--venue", club.venue.venue_id.hex(), "--from", "2023-11-15 11:00:00", "--until", "2023-11-15 12:00:00")
    drawn = world.officer(Role.AUTHORITY, "warrants", "draw", *options, "--legal-reference", DISGUISED)
    assert (drawn.exit_code, world.authority.warrants.all()) == (2, [])

    with world.operator.engine.begin() as connection:  # a register that an earlier program filled
        row = {"warrant": warrant.warrant_id, "statement": statement}
        connection.execute(sql.text("INSERT INTO warrants (warrant, statement) VALUES (:warrant, :statement)"), row)
    shown = on_terminal(
        "escrow", "operator", "--home", str(world.home(Role.OPERATOR)), "warrants", "show", row["warrant"].hex()
    )
    assert [line for line in shown.splitlines() if line.startswith("at most")] == ["at most          100 records"]
    assert all(line.isprintable() for line in shown.splitlines())
    assert "legal reference  감염병예방법 제76조의2?[2J?[H?at most          1 records??" in shown


def on_terminal(*command: str) -> str:
    """What `python -m COMMAND` writes on a terminal."""
    terminal, inside = os.openpty()
    done = subprocess.run([sys.executable, "-m", *command], stdin=inside, stdout=inside, stderr=inside, check=True)
    os.close(inside)
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        assert done.returncode == 0
        return screen.read(65536).decode().replace("\r\n", "\n")


def test_a22_the_person_concerned_learns_of_the_opening(town: Town) -> None:
    """The police have both officers sign a warrant in secret. Those who were opened are told by their own phones.

    Happened: as above; those concerned learned it from the press. Answer: both parties put every opening on record and
    disclose it when the embargo is over, at the latest 90 days after the warrant (§3.13).
    """
    club, bar = town.open_venue(), town.open_venue("술집")
    suspect, other = town.visitors("홍길동", "성춘향")
    assert (town.scan(suspect, club), town.scan(other, bar)) == (Decision.ADMITTED, Decision.ADMITTED)
    assert len(contacts(town.investigate(club))) == 1
    assert town.search(suspect) == set()
    assert suspect.visitor.findings().openings == ()
    town.world.now += 86_400
    town.world.keep_houses()
    assert town.search(suspect) | town.search(other) == set()
    (found,) = suspect.visitor.findings().openings
    assert (found.u, found.legal_reference) == (suspect.visitor.wallet().visits[0].u, "감염병예방법 제76조의2")
    assert other.visitor.findings().openings == ()


def test_a22_the_police_themselves_are_nobody(town: Town) -> None:
    """The police ask the servers directly: venues, the directory, the shares, the warrants.

    Happened: as above. Answer: these routes are for the other party, with its signature (§4.4).
    """
    club, world = town.open_venue(), town.world
    asked = [
        (club.url, "/v1/releases"),
        (world.urls[Role.OPERATOR], "/v1/shares"),
        (world.urls[Role.OPERATOR], "/v1/warrants"),
        (world.urls[Role.AUTHORITY], "/v1/directory"),
        (world.urls[Role.AUTHORITY], "/v1/passes"),
    ]

    async def attack(session: ClientSession) -> set[int]:
        statuses = set()
        for url, path in asked:
            for method in ("GET", "POST"):
                with pytest.raises(Problem) as refused:
                    await call(session, method, url + path)
                statuses.add(refused.value.status)
        return statuses

    assert online(attack) == {400, 405}


def test_a22_a_warrant_for_the_police_leaves_a_public_trace(town: Town) -> None:
    """Both officers give in and sign. They would like nobody to hear that there was a warrant, or an opening.

    Happened: as above; the police's question in Mainz came out by chance. Answer: neither counts before it is on record
    in a log that anybody can read (§3.11). It tells how many passes were opened, and not where.
    """
    club, world = town.open_venue(), town.world
    for person in town.visitors("홍길동", "성춘향"):
        assert town.scan(person, club) is Decision.ADMITTED
    before = audit(town)
    assert len(contacts(town.investigate(club))) == 2
    online(world.operator.peer.have_log_cosigned)
    online(world.authority.peer.have_log_cosigned)

    after = audit(town)
    assert after.findings == before.findings == []
    traces = {role: [one.contents for one in after.logs[role].records if one.is_new] for role in Role}
    assert [type(trace) for trace in traces[Role.OPERATOR]] == [WarrantDecided, SharesReleased]
    (opened,) = traces[Role.AUTHORITY]
    assert isinstance(opened, SharesReleased)
    assert opened.count == 2
    public = b"".join(entry for role in Role for entry in after.logs[role].log.entries)
    assert club.venue.venue_id not in public
