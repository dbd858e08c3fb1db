"""The officers' part of the demonstration: a notice, an outbreak, what is published, an erasure, an audit."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import ClientSession

from client.descriptions import describe_notice, describe_opening
from client.list_search import search_lists
from client.list_sources import Source, disclosures_source, notices_source
from client.visitor import Visitor
from escrow.authority.authority import Authority
from escrow.authority.investigation import Investigation
from escrow.authority.notices import NoticePublisher
from escrow.operator.operator import Operator
from lab.contacts import contacts_table, read_contacts
from lab.processes import command_output
from lab.story import Story
from lab.tampering import Tampering, Window, inserted, left_out, moved_in
from lab.town import Person, Place, Town
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.primitives.errors import CommitmentMismatch
from protocol.warrants import Purpose, Warrant
from service.cli import local_time
from service.clock import unix_time

LAW = "감염병예방법 제76조의2"
OPENINGS = 3
"""Of the first operator's visitors: under a warrant alone, and in two cases."""
ADVICE = "get tested / 검사를 받으세요"
AUDITED = (
    "entries",
    "epochs_published",
    "epochs_erased",
    "warrants_decided",
    "releases_of_shares",
    "notices",
    "disclosures",
)


@dataclass(frozen=True)
class Day:
    """What happened at the doors: who was where, as telephone numbers.

    `at_club` and `at_cafe` are whom a warrant for the window covers, `left_before` who had left the club by then.
    `asserted` is whom the club's staff took down, name and number. A group of `family_size` came with the phone
    `family`; `companions` counts all visits with the passes of somebody who was there anyway.
    """

    club: Place
    cafe: Place
    window: Window
    at_club: frozenset[str]
    at_cafe: frozenset[str]
    asserted: tuple[str, str]
    family: str
    family_size: int
    companions: int
    left_before: frozenset[str]


class Outbreak:
    """The steps, in the order of the story."""

    def __init__(self, story: Story, town: Town, day: Day, session: ClientSession, directory: Path) -> None:
        self._story, self._town, self._day, self._session = story, town, day, session
        self._directory, self._result = directory, story.result
        self._authority = Authority(town.authority)
        self._investigation = Investigation(self._authority, session)

    async def warn(self) -> None:
        """A notice, and what every visitor's client makes of it at home."""
        await asyncio.to_thread(self._commit, self._day.cafe)
        warrant = await self._agree(Purpose.NOTICE, self._day.cafe)
        released = await self._investigation.request_release(warrant)
        count = (await NoticePublisher(self._authority, self._session).publish([warrant])).passes
        self._story.say(
            "both parties",
            f"signed a notice for {count} passes, among others that belong to nobody; nobody's name was opened",
        )
        await self._look("looked into the same list", notices_source)
        findings = {person.phone: (person, person.visitor.findings()) for person in self._town.people}
        warned = {phone for phone, (_, found) in findings.items() if found.notices}
        self._result.warned = len(warned)
        person, its = findings[min(warned)]
        (notice,) = its.notices
        used = person.visitor.wallet().used[notice.u]
        self._story.say(f"{person.name}'s phone", describe_notice(person.visitor, notice, used))
        self._story.say(
            "the others", f"{len(findings) - len(warned)} find nothing; no phone told anybody what it found"
        )
        self._result.expect(
            "exactly the cafe's guests are warned", holds=warned == self._day.at_cafe and count == released.visits
        )

    async def cheat(self, warrant_id: bytes) -> None:
        """The club's owner changes its database now that the warrant is there; the authority asks for the release."""
        tricks: dict[str, tuple[str, Tampering]] = {
            "moved_in": ("a check-in of the cafe takes another's place", moved_in),
            "inserted": ("a check-in of the cafe is added", inserted),
            "left_out": ("a check-in is deleted", left_out),
        }
        for trick, (told, tampering) in tricks.items():
            with tampering(self._day.club, self._day.cafe, self._day.window):
                try:
                    release = await self._investigation.request_release(warrant_id)
                except CommitmentMismatch:
                    caught, how = trick != "left_out", "[green]refused[/], it is not what the venue had committed to"
                else:
                    caught = trick == "left_out" and release.set_aside["Withheld"] == 1
                    how = f"[green]counted[/], {release.set_aside['Withheld']} check-in is missing"
            self._result.venue_tricks_caught[trick] += caught
            self._story.tell(f"{told}: {how}")
            self._result.expect(f"it is found out that a venue has {trick.replace('_', ' ')} somebody", holds=caught)

    def draw_and_countersign(self) -> str:
        """The officers' commands for a warrant whose embargo is over at once."""
        self._commit(self._day.club)
        town, offset = self._town, self._town.settings.utc_offset
        begins, ends = (local_time(moment, offset) for moment in self._day.window)
        venue = self._day.club.id.hex()
        window = ("--venue", venue, "--from", begins, "--until", ends, "--embargo-days", "0")
        warrant = town.officer("authority", "warrants", "draw", "--yes", *window, "--legal-reference", LAW)
        self._story.say("authority", f"warrant {warrant[:8]}… for {self._day.club.name}, {begins} to {ends}")
        self._story.say("operator", town.officer("operator", "warrants", "countersign", warrant))
        return warrant

    def open(self, warrant: str) -> None:
        """The officers' commands, from the release to the contact list."""
        town = self._town
        self._story.say("venue", town.officer("authority", "warrants", "release", warrant))
        opened = town.officer("authority", "warrants", "open", warrant)
        self._result.opened = int(opened.split(" ", 1)[0])
        file = self._directory / "contacts.csv"
        town.officer("authority", "warrants", "export", warrant, "--output", str(file))
        contacts = read_contacts(file)
        self._story.show(contacts_table(contacts, f"The authority's contact list for {self._day.club.name}"))
        verified = [contact for contact in contacts if contact.is_verified]
        others = len(contacts) - len(verified)
        companions = self._result.opened - len(contacts)
        self._story.say(
            "authority",
            f"{self._result.opened} visits = {len(verified)} people with a phone + {companions} who came with one of "
            f"them (children, and a paper) + {others} that staff took down, not verified",
        )
        spared = self._day.left_before - {contact.phone for contact in contacts}
        self._result.spared_by_their_exits = len(spared)
        self._story.say(
            "not listed",
            f"{len(spared)} who had checked out of the club before; who comes and shows no exit counts for two hours",
        )
        expected = {(person.name, person.phone) for person in town.people if person.phone in self._day.at_club} | {
            self._day.asserted
        }
        found = {(contact.name, contact.phone) for contact in contacts}
        unverified = [(contact.name, contact.phone) for contact in contacts if not contact.is_verified]
        self._result.contacts_correct = (
            found == expected and len(contacts) == len(expected) and unverified == [self._day.asserted]
        )
        (family,) = (contact for contact in contacts if contact.phone == self._day.family)
        self._result.expect(
            "the family's visits all end",
            holds=len(family.visits) == self._day.family_size and all(all(visit) for visit in family.visits),
        )
        self._result.expect("the contacts are exactly who was there", holds=self._result.contacts_correct)
        self._result.expect("as many visits open as people were there", holds=companions == self._day.companions)

    async def disclose(self) -> None:
        """What the servers do every ten minutes, done now; and what every visitor's client makes of it."""
        town = self._town
        for party in (Operator(town.operator), Authority(town.authority)):
            await asyncio.to_thread(party.publish_lists)
            await party.peer.have_log_cosigned(self._session)
        await self._look("looked into both lists", *(partial(disclosures_source, role=role) for role in Role))
        findings = {person.phone: (person, person.visitor.findings()) for person in town.people}
        told = {phone for phone, (_, found) in findings.items() if found.openings}
        self._result.told_of_opening = len(told)
        person, its = findings[min(told)]
        opened = its.openings[0]
        used = person.visitor.wallet().used[opened.u]
        self._story.say(f"{person.name}'s phone", describe_opening(person.visitor, opened, used))
        self._story.say("the others", f"{len(findings) - len(told)} find that nothing of theirs was opened")
        self._result.expect("exactly those who were opened are told so", holds=told == self._day.at_club)

    async def ask_after_erasure(self) -> None:
        """Another warrant for the same window, once the operator's share is gone."""
        town = self._town
        warrant = await self._agree(Purpose.OPENING, self._day.club)
        await asyncio.to_thread(town.officer, "operator", "erase", str(town.today), "--yes")
        day = town.people[0].visitor.day_name(town.today)
        self._story.say("operator", f"its share of {day} is erased")
        await self._investigation.request_release(warrant)
        findings = await self._investigation.open(warrant)
        closed = findings.set_aside["Closed"]
        self._story.say("operator", f"no share of {day}: its {closed} visits can never be opened again")
        self._result.opened_after_erasure = findings.opened
        self._result.expect("nothing opens after erasure", holds=closed == findings.visits > 0)

    def audit(self) -> None:
        """`python -m escrow audit`, with what one visitor was shown: keys, checkpoints and lists."""
        domain, home = self._town.operator / "domain.toml", self._town.people[0].home
        seen = (option for name in ("epochs", "lists") for option in ("--seen", str(home / name)))
        places = ("--domain", str(domain), "--state", str(self._directory / "audit"), *seen)
        report = json.loads(command_output("escrow", "audit", *places, "--json", accept=(0, 2)))
        for log in report["logs"]:
            told = ", ".join(f"{what.replace('_', ' ')} {log[what]}" for what in AUDITED if log[what])
            self._story.say(f"the {log['party']}'s log", told)
        for finding in report["findings"]:
            self._story.say("found", f"{finding['party']}, {finding['fault']}: {finding['detail']}")
        if not report["findings"]:
            self._story.say("the audit", "found nothing wrong")
        figures = [[log["releases_of_shares"], log["disclosures"] > 1] for log in report["logs"]]
        self._result.audit_findings = len(report["findings"])
        all_told = figures == [[OPENINGS, True]] * 2
        self._result.expect("both logs tell of each opening and of a disclosure", holds=all_told)
        self._result.expect("the audit finds nothing wrong", holds=not report["findings"])

    async def _look(self, what: str, *sources: Callable[[Visitor], Source]) -> None:
        """Every visitor's client fetches lists and searches them for its own passes."""

        async def search(person: Person) -> None:
            for source in sources:
                faults = await search_lists(person.visitor, self._session, source(person.visitor))
                self._result.expect("nothing is wrong with the published lists", holds=not faults)

        await self._story.each(self._town.people, search, what)

    def _commit(self, place: Place) -> None:
        said = command_output("venue", "--home", str(place.home), "commit", "--venue", place.id.hex())
        self._story.say("venue", said)

    async def _agree(self, purpose: Purpose, place: Place) -> bytes:
        """The id of another warrant for the same window, which both officers signed."""
        (begins, ends), issued = self._day.window, unix_time()
        warrant = Warrant(
            domain=self._town.settings.number,
            warrant_id=secrets.token_bytes(16),
            venue_id=place.id,
            purpose=purpose,
            begins=begins,
            ends=ends,
            assumed_stay=7200,
            legal_reference=LAW,
            max_records=500,
            issued=issued,
            expires=issued + EPOCH_SECONDS,
            discloses=issued + EPOCH_SECONDS,
            advice=ADVICE if purpose is Purpose.NOTICE else "",
        )
        self._investigation.draw_warrant(warrant)
        await self._investigation.propose_warrant(warrant.warrant_id)
        operator = Operator(self._town.operator)
        await asyncio.to_thread(operator.warrants.countersign, warrant.warrant_id, operator.identity)
        return warrant.warrant_id
