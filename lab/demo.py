"""The whole story with real parts: enrolment, passes, doors, an outbreak, a joint opening, erasure."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from aiohttp import ClientSession
from rich.console import Console
from rich.progress import Progress

from client.papers import print_papers
from client.posters import read_poster
from client.visits import check_in, group_to_leave, open_entries, open_entry, open_exits
from escrow.authority.authority import Authority
from escrow.authority.contacts import NOT_VERIFIED
from escrow.authority.investigation import Investigation
from escrow.operator.operator import Operator
from lab.coalition import (
    assisted_opened_by,
    opened_by,
    recognised_by_authority,
    recognised_by_operator,
    stored_assisted,
    stored_check_ins,
    traces_on_disk,
)
from lab.disks import disk_table
from lab.door import Door
from lab.processes import Servers, command_output
from lab.result import Result
from lab.town import Person, Town
from protocol.checkins import TIME_STEP, CheckInMessage
from protocol.exchanges import Decision
from protocol.passes import PASS_BYTES, Pass
from protocol.qrtext import from_qr_text, to_qr_text
from service.cli import local_time
from service.http import Problem, new_session
from venue.poster import poster_text

T = TypeVar("T")
CLUB, CAFE = "클럽 이태원", "카페 무교동"
STRANGER = ("변학도", "+821099990000")
"""What somebody without a phone tells the club's staff."""
COMPANIONS = 3
"""Visits that lead to somebody who is there anyway: two children, and a paper."""
AT_ONCE = 8
PASS_SECONDS = 180


class Demo:
    """One run of the story, in a directory that the caller removes."""

    def __init__(self, directory: Path, visitors: int, console: Console) -> None:
        self._directory, self._visitors, self._console = directory, visitors, console
        self._town = Town(directory, minimum_accounts=min(5, visitors), mixing_seconds=3)
        self._pictures = directory / "pictures"
        self._pictures.mkdir()
        self._club: Door
        self._cafe: Door
        self._window: tuple[int, int]
        self._present: set[str] = set()
        self.result = Result(visitors)

    async def run(self) -> Result:
        """Tell the story; what does not hold is in the result's failures."""
        async with new_session(PASS_SECONDS) as session:
            with Servers(self._directory) as servers:
                await self._tell(servers, session)
        return self.result

    async def _tell(self, servers: Servers, session: ClientSession) -> None:
        town = self._town
        with self._stage("setup", "An operator, an authority and two venues start, each with keys of its own"):
            await town.found(servers, session)
            self._club = Door(await town.open_venue(servers, session, CLUB), session, self._pictures)
            self._cafe = Door(await town.open_venue(servers, session, CAFE), session, self._pictures)
        with self._stage("enrolment", f"{self._visitors} visitors verify their phone numbers"):
            await self._each(range(self._visitors), lambda _: town.enrol(session), "enrolled", at_once=1)
        with self._stage("passes", "Each fetches passes for today; the operator mixes their requests"):
            await self._each(town.people, lambda one: self._fetch(session, one), "with passes", at_once=self._visitors)
        with self._stage("doors", "They show one-time QR codes at the doors, scan a poster, or come without a phone"):
            await self._visits(session)
        with self._stage("refusals", "Somebody tries codes that are not theirs, or not of now"):
            await self._tricks()
        with self._stage("one_party", "One escrow party and all venues try to open all that they hold"):
            await asyncio.to_thread(self._try_alone)
        with self._stage("outbreak", f"An outbreak at {CLUB}: commitment, warrant, countersignature, release, opening"):
            await asyncio.to_thread(self._investigate)
        with self._stage("erasure", "The operator alone erases its share of the day; the authority asks again"):
            await self._ask_after_erasure(session)
        with self._stage("audit", "Somebody who has nothing but domain.toml reads both parties' public logs"):
            await asyncio.to_thread(self._audit)
        self._console.print()
        self._console.print(disk_table(town, town.people[4], self._cafe.place))

    async def _fetch(self, session: ClientSession, person: Person) -> None:
        count = await self._town.fetch_passes(session, person)
        self.result.expect("everyone gets the allowance", holds=count == self._town.settings.allowance)

    async def _visits(self, session: ClientSession) -> None:
        """Come and gone early, in the window, and late at the club; some at the cafe as well."""
        early, by_code, also_by_code, by_poster, late = (self._town.people[start::5] for start in range(5))
        await self._each(early, lambda one: self._enter(one, self._club), "early at the club")
        await self._each(early, lambda one: self._leave(one, self._club), "left before the time of the outbreak")
        begins = await self._next_label_time("the window begins")
        await self._each([*by_code, *also_by_code], lambda one: self._enter(one, self._club), "at the club, by code")
        await self._each(by_poster, lambda one: self._scan(session, one), "at the club, by its poster")
        await self._without_phones(by_poster[0], also_by_code[0])
        await self._each(by_code, lambda one: self._leave(one, self._club), "left the club")
        await self._each([*early, *late], lambda one: self._enter(one, self._cafe), "at the cafe")
        self._window = begins, await self._next_label_time("the window ends")
        await self._each(late, lambda one: self._enter(one, self._club), "late at the club")
        self._present = {person.phone for person in [*by_code, *also_by_code, *by_poster]}

    async def _without_phones(self, parent: Person, grandchild: Person) -> None:
        """Two children come with one phone, somebody with a paper pass, and somebody tells staff a name."""
        for screen in await asyncio.to_thread(open_entries, parent.visitor, 2):
            self._admitted(await self._club.show(screen.text(_now())))
        self._say("club", "two children came in with their parent's phone")
        (paper,) = await asyncio.to_thread(print_papers, grandchild.visitor, self._town.today, 1)
        self._admitted(await self._club.show(paper))
        self._say("club", "somebody came in with a paper pass that a grandchild had printed")
        typed = "\n".join((*STRANGER, "y", ""))
        command = ("venue", "--home", str(self._club.place.home), "admit")
        output = await asyncio.to_thread(command_output, *command, typed=typed)
        self._say("club", output[output.index("ADMITTED") :].splitlines()[0])

    async def _enter(self, person: Person, door: Door) -> None:
        screen = await asyncio.to_thread(open_entry, person.visitor)
        self._admitted(await door.show(screen.text(_now())))

    async def _leave(self, person: Person, door: Door) -> None:
        visitor = person.visitor
        (screen,) = await asyncio.to_thread(lambda: open_exits(visitor, group_to_leave(visitor)))
        self._admitted(await door.show(screen.text(_now())))

    async def _scan(self, session: ClientSession, person: Person) -> None:
        registration = self._club.place.venue.registration
        assert registration is not None
        _, link = poster_text(person.visitor.domain, registration)
        venue = read_poster(person.visitor.domain, link)
        self._admitted(await check_in(person.visitor, session, venue))

    def _admitted(self, decision: Decision) -> None:
        self.result.checkins_accepted += decision is Decision.ADMITTED
        self.result.expect("every honest check-in is admitted", holds=decision is Decision.ADMITTED)

    async def _tricks(self) -> None:
        """What must be refused, each from a code that would have been admitted."""
        person, other = self._town.people[0], self._town.people[1]
        screen = await asyncio.to_thread(open_entry, person.visitor)
        picture = await asyncio.to_thread(self._cafe.photograph, screen.text(_now()))
        self._admitted(await self._cafe.read(picture))
        shown = from_qr_text(screen.text(_now()))
        yesterday = await asyncio.to_thread(open_entry, other.visitor)
        later = replace(shown, time=shown.time + TIME_STEP)
        tricks = {
            "replay": (picture, Decision.ALREADY_SPENT),
            "old code": (self._photograph(yesterday.text(_now() - 600)), Decision.TOO_OLD),
            "forged pass": (self._photograph(to_qr_text(_with_forged_pass(shown))), Decision.FORGED),
            "photo at another time": (self._photograph(to_qr_text(later)), Decision.FORGED),
        }
        for trick, (tried, expected) in tricks.items():
            decision = await self._cafe.read(tried)
            self.result.checkins_refused[decision.name.lower()] += decision is not Decision.ADMITTED
            self.result.expect(f"a {trick} is refused as {expected.name.lower()}", holds=decision is expected)
            self._console.print(f"  {trick}: {_verdict(decision)}")

    def _photograph(self, text: str) -> Path:
        return self._cafe.photograph(text)

    def _try_alone(self) -> None:
        """Each party with all venues' databases; then both, to show that the attempt can succeed."""
        town = self._town
        operator, authority = Operator(town.operator), Authority(town.authority)
        check_ins = stored_check_ins(place.venue.home.engine for place in town.places)
        epoch_key = authority.epochs.key(town.today)
        assert epoch_key is not None
        secrets = {party: party.secret(town.today) for party in (operator, authority)}
        by_operator, by_authority = recognised_by_operator(operator), recognised_by_authority(authority, epoch_key)
        assisted = stored_assisted(place.venue.home.engine for place in town.places)
        attempts = {
            "operator and venues": opened_by([secrets[operator]], check_ins, by_operator)
            + assisted_opened_by([secrets[operator]], epoch_key, assisted)
            + traces_on_disk(town.operator, self._directory / "operator.log", check_ins),
            "authority and venues": opened_by([secrets[authority]], check_ins, by_authority)
            + assisted_opened_by([secrets[authority]], epoch_key, assisted)
            + traces_on_disk(town.authority, self._directory / "authority.log", check_ins),
        }
        for who, opened in attempts.items():
            self._console.print(f"  {who}: {opened} of {len(check_ins) + len(assisted)} opened")
            self.result.opened_by_one_party += opened
        both = opened_by(list(secrets.values()), check_ins, by_authority)
        both += assisted_opened_by(list(secrets.values()), epoch_key, assisted)
        stored = len(check_ins) + len(assisted)
        self._console.print(f"  for comparison, the same attempt with both shares: {both} of {stored}")
        self.result.expect("no party opens anything alone", holds=self.result.opened_by_one_party == 0)
        self.result.expect("both parties together can open everything", holds=both == stored > 0)

    def _investigate(self) -> None:
        """The officers' commands, from the warrant to the contact list."""
        town, place = self._town, self._club.place
        self._say("venue", command_output("venue", "--home", str(place.home), "commit", "--venue", place.id.hex()))
        warrant = self._draw_and_countersign()
        self._say("venue", town.officer("authority", "warrants", "release", warrant))
        opened = town.officer("authority", "warrants", "open", warrant)
        self._say("authority", opened)
        self.result.opened = int(opened.split(" ", 1)[0])
        contacts = self._directory / "contacts.csv"
        self._say("authority", town.officer("authority", "warrants", "export", warrant, "--output", str(contacts)))
        rows = list(csv.DictReader(io.StringIO(contacts.read_text("utf-8-sig"))))
        found = {(row["name"], row["phone"]) for row in rows}
        expected = {(one.name, f"tel:{one.phone}") for one in town.people if one.phone in self._present}
        expected.add((STRANGER[0], f"tel:{STRANGER[1]}"))
        unverified = [row["name"] for row in rows if row["verified on"] == NOT_VERIFIED]
        self.result.contacts_correct = found == expected and len(rows) == len(expected) and unverified == [STRANGER[0]]
        self.result.expect("the contacts are exactly who was there", holds=self.result.contacts_correct)
        visits = len(expected) + COMPANIONS
        self.result.expect("as many visits open as people were there", holds=self.result.opened == visits)

    def _draw_and_countersign(self) -> str:
        town, offset = self._town, self._town.settings.utc_offset
        begins, ends = (local_time(moment, offset) for moment in self._window)
        venue = self._club.place.id.hex()
        window = ("--venue", venue, "--from", begins, "--until", ends)
        law = ("--legal-reference", "감염병예방법 제76조의2")
        warrant = town.officer("authority", "warrants", "draw", *window, *law)
        self._say("authority", f"warrant {warrant[:8]}… for {CLUB}, {begins} to {ends}")
        self._say("operator", town.officer("operator", "warrants", "countersign", warrant))
        return warrant

    async def _ask_after_erasure(self, session: ClientSession) -> None:
        town = self._town
        warrant = await asyncio.to_thread(self._draw_and_countersign)
        erased = await asyncio.to_thread(town.officer, "operator", "erase", str(town.today), "--yes")
        self._say("operator", erased)
        investigation = Investigation(Authority(town.authority), session)
        await investigation.request_release(bytes.fromhex(warrant))
        try:
            findings = await investigation.open(bytes.fromhex(warrant))
        except Problem as problem:
            self._say("operator", f"{problem.status}: {problem.detail}")
            self.result.expect("opening after erasure answers 410", holds=problem.status == 410)
        else:
            self.result.opened_after_erasure = findings.visits
            self.result.expect("nothing opens after erasure", holds=False)

    def _audit(self) -> None:
        """`python -m escrow audit`, with what one visitor was shown."""
        domain, seen = self._town.operator / "domain.toml", self._town.people[0].home / "epochs"
        places = ("--domain", str(domain), "--state", str(self._directory / "audit"), "--seen", str(seen))
        report = json.loads(command_output("escrow", "audit", *places, "--json", accept=(0, 2)))
        for log in report["logs"]:
            told = ", ".join(f"{what.replace('_', ' ')} {log[what]}" for what in ("entries", "releases_of_shares"))
            self._say("anybody", f"the {log['party']}'s log: {told}")
        self._say("anybody", f"{len(report['findings'])} faults found")
        openings = [log["releases_of_shares"] for log in report["logs"]]
        self.result.expect("both logs tell of the one opening", holds=openings == [1, 1])
        self.result.expect("the audit finds nothing wrong", holds=not report["findings"])

    def _say(self, who: str, what: str) -> None:
        self._console.print(f"  [dim]{who}:[/] {what}")

    async def _next_label_time(self, why: str) -> int:
        """Wait until check-ins carry another time than those before; returns it."""
        begins = (_now() // TIME_STEP + 1) * TIME_STEP
        with self._console.status(f"  waiting for the next {TIME_STEP}-second step: {why}"):
            await asyncio.sleep(begins - time.time() + 0.1)
        return begins

    async def _each(
        self, items: Sequence[T], act: Callable[[T], Awaitable[object]], what: str, *, at_once: int = AT_ONCE
    ) -> None:
        """Do something for each item, some at once, with a progress bar."""
        limit = asyncio.Semaphore(at_once)
        with Progress(console=self._console, transient=True) as progress:
            task = progress.add_task(f"  {what}", total=len(items))

            async def one(item: T) -> None:
                async with limit:
                    await act(item)
                progress.advance(task)

            async with asyncio.TaskGroup() as group:
                for item in items:
                    group.create_task(one(item))
        self._console.print(f"  {len(items)} {what}")

    @contextmanager
    def _stage(self, name: str, headline: str) -> Iterator[None]:
        self._console.print(f"\n[bold]{headline}[/]")
        started = time.monotonic()
        yield
        self.result.seconds[name] = time.monotonic() - started


def _now() -> int:
    return int(time.time())


def _verdict(decision: Decision) -> str:
    words = decision.name.lower().replace("_", " ")
    return f"[red]{words}[/]" if decision is Decision.ADMITTED else f"[green]refused[/], {words}"


def _with_forged_pass(message: CheckInMessage) -> CheckInMessage:
    """The same check-in with a pass that the authority never signed: `v` of another."""
    forged = Pass(message.u, bytes(reversed(message.v)), message.pass_signature)
    return replace(message, signed_pass=bytes(forged) + message.signed_pass[PASS_BYTES:])
