"""Another operator at the club's door, which keeps its share for three days, and an outbreak of both as one case."""

from __future__ import annotations

import asyncio
import csv
import itertools
from functools import partial
from pathlib import Path

from aiohttp import ClientSession

from client.visits import open_entry
from escrow.operator.operator import Operator
from lab.contacts import contacts_table, read_contacts
from lab.door import Door
from lab.outbreak import LAW, Day
from lab.processes import ProcessFailed, Servers
from lab.story import Story
from lab.town import DOMAIN, Person, Place, Town
from protocol.http_messages import Decision
from service.cli import local_time
from service.clock import unix_time
from service.keys import fingerprint

NAME, NUMBER, DAYS = "strict", 2, 3
"""What the venue calls the domain, its number, and for how many days its operator keeps its share."""
VISITORS = 3
OPENED, CLOSED = "before", "after"
"""The cases that are opened before this operator erases its share, and after."""


class SecondOperator:
    """A domain of the same authority, and its visitors, one of whom has an account with the first operator too.

    `shared` is that person's place among the first operator's visitors, of whom there are `others`.
    """

    def __init__(self, story: Story, town: Town, directory: Path, session: ClientSession, shared: int, others: int):
        self._story, self._first, self._session = story, town, session
        self._directory, self._result = directory, story.result
        self._town = Town(
            directory / "second",
            minimum_accounts=VISITORS,
            mixing_seconds=3,
            number=NUMBER,
            numbers=itertools.chain([shared], itertools.count(others)),
            operator_settings=f"retention_days = {DAYS}\n",
        )

    async def settle(self, servers: Servers, place: Place) -> None:
        """Start both parties of the domain, and have the place take its visitors."""
        await self._town.found(servers, self._session)
        with (self._first.authority / "settings.toml").open("a") as settings:
            settings.write(f'other_domains = ["{self._town.authority}"]\n')
        with (place.home / "settings.toml").open("a") as settings:
            settings.write(f'assisted_domain = "{DOMAIN}"\n')
        await asyncio.to_thread(self._join, place)
        self._result.operators = len({DOMAIN, NAME})

    async def supply(self) -> None:
        """Its visitors verify their numbers, and fetch passes at once."""
        for _ in range(VISITORS):
            await self._town.enrol(self._session)
        counts = await asyncio.gather(*(self._town.fetch_passes(self._session, one) for one in self._town.people))
        if set(counts) != {self._town.settings.allowance}:
            raise ProcessFailed("this machine is too busy to mix the second operator's visitors; try again")
        self._story.say("the second operator", f"{VISITORS} visitors have passes; it keeps its share for {DAYS} days")

    async def come(self, door: Door) -> None:
        """All of them come in by the same reader as the others."""

        async def enter(person: Person) -> None:
            screen = await asyncio.to_thread(open_entry, person.visitor)
            decision = await door.show(screen.text(unix_time()))
            self._result.checkins_accepted += decision is Decision.ADMITTED
            self._result.expect("every honest check-in is admitted", holds=decision is Decision.ADMITTED)

        await self._story.each(self._town.people, enter, "at the club, with codes of the second operator")

    def investigate(self, day: Day) -> None:
        """One case and one list; and another, opened once the second operator has erased its share."""
        for case in (OPENED, CLOSED):
            self._release(case, day)
        first = {(one.name, one.phone) for one in self._first.people if one.phone in day.at_club} | {day.asserted}
        everyone = first | {(one.name, one.phone) for one in self._town.people}
        self._case("open", OPENED)
        correct = self._list_of(OPENED) == everyone
        self._result.case_contacts_correct = correct
        self._result.expect("the case's list has the visitors of both operators", holds=correct)
        self._town.officer("operator", "erase", str(self._town.today), "--yes")
        self._story.say("the second operator", f"its share of the day is erased, as it would be {DAYS} days later")
        self._case("open", CLOSED)
        left = self._list_of(CLOSED)
        self._result.visits_closed_by_short_retention = self._closed()
        self._result.expect("what one operator has erased is closed, and the rest is not", holds=left == first)
        self._story.say(
            "authority",
            f"{self._result.visits_closed_by_short_retention} visits of the second operator's visitors are closed",
        )

    def _release(self, case: str, day: Day) -> None:
        """From the start of a case to the releases of both domains."""
        offset = self._first.settings.utc_offset
        begins, ends = (local_time(moment, offset) for moment in day.window)
        self._case("start", case, "--legal-reference", LAW)
        self._case("add", case, "--venue", day.club.id.hex(), "--from", begins, "--until", ends)
        self._case("draw", case, "--yes")
        self._case("propose", case)
        for town in (self._first, self._town):
            for proposed in Operator(town.operator).warrants.all():
                if proposed.state == "pending":
                    town.officer("operator", "warrants", "countersign", proposed.record.warrant_id.hex())
        self._story.say("both domains", self._case("release", case))

    def _list_of(self, case: str) -> set[tuple[str, str]]:
        """Whom the case's list names, each once."""
        directory = self._exported(case)
        self._case("export", case, "--output", str(directory))
        contacts = read_contacts(directory / "visits.csv")
        self._story.show(contacts_table(contacts, f"The contact list of the case that is opened {case} the erasure"))
        found = {(contact.name, contact.phone) for contact in contacts}
        self._result.expect("everybody is listed once", holds=len(found) == len(contacts))
        return found

    def _closed(self) -> int:
        """How many visits of the second operator's visitors the summary of the list says are closed."""
        with (self._exported(CLOSED) / "summary.csv").open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return sum(
            int(row["count"])
            for row in rows
            if row["domain"].split()[0] == str(NUMBER) and "closed" in row["what"].lower()
        )

    def _exported(self, case: str) -> Path:
        return self._directory / f"case-{case}"

    def _case(self, *command: str) -> str:
        return self._first.officer("authority", "case", *command)

    def _join(self, place: Place) -> None:
        venue = partial(self._first.run, "venue", "--home", str(place.home))
        venue("domains", "add", str(self._town.operator / "domain.toml"), "--name", NAME)
        venue("register", "--domain", NAME)
        membership = place.venue.membership(NUMBER)
        assert membership is not None
        key = fingerprint(membership.record.key)
        for role in ("operator", "authority"):
            self._town.officer(role, "venues", "approve", place.id.hex(), "--key", key)
        venue("confirm", "--domain", NAME)
        venue("fetch")
